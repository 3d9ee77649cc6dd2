// Which layers are mounted: Podman counts mounts by layer, over all processes, in a file of its own.
import { readFile } from 'node:fs/promises';
import { StoreUnreadableError } from './errors.js';

export interface MountedLayer {
  readonly id: string;
  readonly path?: string;
  /** How often; what is not more than 0 is not mounted any more. */
  readonly count?: number;
}

/** The mounted layers, by the file at `path`; none if there is no file. Throws {@link StoreUnreadableError}. */
export async function readMounts(path: string): Promise<readonly MountedLayer[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text === '') return [];
  try {
    const mounts = JSON.parse(text) as readonly MountedLayer[] | null;
    return (mounts ?? []).filter(({ count = 0 }) => count > 0);
  } catch (error) {
    throw new StoreUnreadableError(path, `not valid JSON (${(error as Error).message})`, { cause: error });
  }
}

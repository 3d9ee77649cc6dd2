// Reads an archive that may be hostile and copies the image in it, and says what became of that.
import { statSync } from 'node:fs';
import type { ImageSource } from '../../../src/runtime/copy/image-source.js';
import { createDockerArchive } from '../../../src/runtime/transports/docker-archive-destination.js';
import { openDockerArchive } from '../../../src/runtime/transports/docker-archive-source.js';
import { openDirectory } from '../../../src/runtime/transports/directory-source.js';
import { openOciArchive, openOciLayout } from '../../../src/runtime/transports/layout-source.js';
import { selectImage } from '../../../src/runtime/transports/select-image.js';
import { messageOf } from '../../../src/runtime/errors.js';
import { digestOf } from '../../../src/oci/digest.js';
import { copyInto, never, OneMover } from '../../runtime/transports/copying.js';
import { parts, type HazardForm } from './hazard.js';

export type Attempt = { readonly result: 'same' | 'another' } | { readonly refused: string };

const mover = new OneMover();

/** Copies the only image at `path` to a new docker-archive at `out`. Throws what is not one of our own errors. */
export async function attempt(form: HazardForm, path: string, out: string): Promise<Attempt> {
  try {
    return await withSource(form, path, async (source) => {
      await using destination = await createDockerArchive(out, mover);
      const { plan } = await copyInto(source, destination, ['example.com/a:1']);
      await destination.finish(never);
      const diffIds = plan.layers.map(({ diffId }) => diffId).join(' ');
      const same = diffIds === parts.layers.map((layer) => digestOf(layer)).join(' ');
      return { result: same && plan.configDigest === digestOf(parts.config) ? 'same' : 'another' };
    });
  } catch (error) {
    return { refused: ownMessage(error) };
  }
}

async function withSource<Result>(
  form: HazardForm,
  path: string,
  use: (source: ImageSource) => Promise<Result>,
): Promise<Result> {
  if (form === 'dir') {
    await using source = await openDirectory(path);
    return await use(source);
  }
  const opened =
    form === 'docker-archive'
      ? openDockerArchive(path, mover, never)
      : (form === 'oci' ? openOciLayout : openOciArchive)(path, never);
  await using archive = await opened;
  await using source = selectImage(archive, {}).open();
  return await use(source);
}

/** In one line, of an error that has a code; anything else is a fault of ours. */
function ownMessage(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  const message = messageOf(error);
  if (typeof code !== 'string' || name === 'TypeError' || name === 'RangeError') throw error;
  if (message.includes('\n') || message.includes('\u001b')) {
    throw new Error('a message that does more than say something', { cause: error });
  }
  return message;
}

/** What a change of a file would change. */
export function traceOf(path: string): object {
  const { mode, size, mtimeMs, ctimeMs, nlink } = statSync(path);
  return { mode, size, mtimeMs, ctimeMs, nlink };
}

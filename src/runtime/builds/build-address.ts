// What a build names by its address, fetched into a directory of its own.
import type { Registries } from '../registries.js';
import { fetchRepository, isRepository } from './fetch-git.js';

/** How addresses are reached. */
export interface AddressFetcher {
  readonly registries: () => Pick<Registries, 'fetchFile'>;
  /** The service's own: proxies are looked for in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What came: a file, or a directory, maybe behind links, relative to where it was fetched into. */
export type Fetched =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string };

/** Throws DownloadError, RepositoryError and the signal's reason. */
export async function fetchAddress(
  { registries, environment }: AddressFetcher,
  address: string,
  { directory, mostBytes }: { readonly directory: string; readonly mostBytes: number },
  signal: AbortSignal,
): Promise<Fetched> {
  if (isRepository(address)) {
    const options = { directory, keepGitDir: false, environment };
    return { kind: 'directory', path: await fetchRepository(address, options, signal) };
  }
  const { path } = await registries().fetchFile(address, { directory, mostBytes }, signal);
  return { kind: 'file', path };
}

// What the argument of `imagectl build` stands for: a directory, or what comes by standard input or from an address.
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { payloadAt, payloadFromInput } from '../payload.js';
import type { Payload } from '../transfer.js';
import { textOf } from './dockerfiles.js';

/** A context as the client has it. Disposing closes what is open. */
export type ClientContext = AsyncDisposable &
  (
    | { readonly kind: 'directory'; readonly path: string }
    | { readonly kind: 'archive'; readonly payload: Payload }
    /** The service fetches it. */
    | { readonly kind: 'repository'; readonly address: string }
    /** There are no files but this Dockerfile. */
    | { readonly kind: 'dockerfile'; readonly text: string }
    | { readonly kind: 'none' }
  );

const nothingOpen: AsyncDisposable = { [Symbol.asyncDispose]: async () => undefined };

/** Of what was named, or of no name and these Dockerfiles. Throws {@link CommandError}. */
export async function openPlace(
  context: Context,
  name: string | undefined,
  dockerfiles: readonly string[],
): Promise<ClientContext> {
  if (name === '-') {
    if (dockerfiles.includes('-')) {
      throw new CommandError('standard input can be the context or the Dockerfile, not both');
    }
    return await sentContext(await payloadFromInput(context, 'a redirection'), 'standard input');
  }
  if (name !== undefined && isRepository(name)) return { kind: 'repository', address: name, ...nothingOpen };
  if (name !== undefined && /^https?:\/\//.test(name)) {
    return await sentContext(await payloadAt(name, context.signal), name);
  }
  const path = name ?? homeOf(dockerfiles);
  if (path === undefined) return { kind: 'none', ...nothingOpen };
  const directory = resolve(path);
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory() === true) return { kind: 'directory', path: directory, ...nothingOpen };
  throw new CommandError(`context must be a directory: ${JSON.stringify(directory)}`);
}

function isRepository(name: string): boolean {
  return /^(?:git|ssh):\/\/|^git@|^github\.com\//.test(name) || /^https?:\/\/[^#?]*\.git(?:#|$)/.test(name);
}

/** Without a name, the directory of the first Dockerfile is the context. */
function homeOf(dockerfiles: readonly string[]): string | undefined {
  const local = dockerfiles.find((file) => file !== '-' && !/^https?:\/\//.test(file));
  if (local !== undefined) return dirname(resolve(local));
  if (dockerfiles.length > 0) return undefined;
  throw new CommandError('no context directory and no Containerfile specified');
}

/** Whatever is no archive is a Dockerfile. */
async function sentContext(payload: Payload, name: string): Promise<ClientContext> {
  const text = (await payload.start(265)).toString('latin1');
  const isArchive = text.startsWith('ustar', 257) || magics.some((magic) => text.startsWith(magic));
  if (isArchive) return archiveContext(payload);
  return { kind: 'dockerfile', text: await textOf(payload, name), ...nothingOpen };
}

/** A tar that is at hand. */
export function archiveContext(payload: Payload): ClientContext {
  return { kind: 'archive', payload, [Symbol.asyncDispose]: () => payload[Symbol.asyncDispose]() };
}

/** Of gzip, bzip2, xz and zstd. */
const magics: readonly string[] = ['\x1f\x8b\x08', 'BZh', '\xfd7zXZ\0', '\x28\xb5\x2f\xfd'];

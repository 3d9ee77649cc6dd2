// The Dockerfiles of `imagectl build` and the ignore file: read here, wherever they are, and sent as text.
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { ignoreFileNames } from '../../src/build/ignore/ignore-file-for.js';
import { parseIgnore } from '../../src/build/ignore/parse-ignore.js';
import type { Context } from '../context.js';
import { CommandError } from '../errors.js';
import { payloadAt, payloadFromInput, systemText } from '../payload.js';
import type { Payload } from '../transfer.js';
import type { BuildFlags } from './flags.js';

/** As much as a Dockerfile may have. Bytes. */
const mostBytes = 10 * 1024 * 1024;
const defaultNames: readonly string[] = ['Containerfile', 'Dockerfile'];

/** What they say. */
export interface ReadDockerfiles {
  readonly texts: readonly string[];
  /** The patterns of the ignore file. */
  readonly ignore: readonly string[];
}

/** Of a build whose context is a directory, or that has none. Throws {@link CommandError}. */
export async function readDockerfiles(
  context: Context,
  { file: names, ignorefile }: Pick<BuildFlags, 'file' | 'ignorefile'>,
  directory: string | undefined,
): Promise<ReadDockerfiles> {
  const places = names.length > 0 ? names : [await defaultFile(directory)];
  const texts: string[] = [];
  const paths: string[] = [];
  for (const place of places) {
    const payload = await openDockerfile(context, place, directory, paths);
    texts.push(await textOf(payload, place));
  }
  return { texts, ignore: parseIgnore(await ignoreText(ignorefile, paths, directory)) };
}

/** The whole of what was opened, which is closed. */
export async function textOf(payload: Payload, place: string): Promise<string> {
  await using file = payload;
  const bytes = await file.start(mostBytes + 1);
  if (bytes.length > mostBytes) throw new CommandError(`${place}: more than ${mostBytes} bytes`);
  return bytes.toString();
}

async function openDockerfile(
  context: Context,
  place: string,
  directory: string | undefined,
  paths: string[],
): Promise<Payload> {
  if (place === '-') return await payloadFromInput(context, 'a redirection');
  if (/^https?:\/\//.test(place)) return await payloadAt(place, context.signal);
  const path = await pathOf(place, directory);
  paths.push(path);
  return await payloadAt(path, context.signal);
}

/** As podman looks for it: from where it was called, then in the context; in a directory under the usual names. */
async function pathOf(place: string, directory: string | undefined): Promise<string> {
  const candidates = directory === undefined || isAbsolute(place) ? [place] : [place, join(directory, place)];
  for (const path of candidates) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) return await defaultFile(path);
    if (found !== undefined) return path;
  }
  throw new CommandError(
    `the specified Containerfile or Dockerfile does not exist, ${place}: no such file or directory`,
  );
}

async function defaultFile(directory: string | undefined): Promise<string> {
  if (directory === undefined) throw new CommandError('no context directory and no Containerfile specified');
  for (const name of defaultNames) {
    const path = join(directory, name);
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return path;
  }
  throw new CommandError(
    `no Containerfile or Dockerfile specified or found in context directory, ${directory}: no such file or directory`,
  );
}

/** That of a Dockerfile, else that of the context; the first found is the only one (build.md, Ignore files). */
async function ignoreText(
  given: string | undefined,
  dockerfiles: readonly string[],
  directory: string | undefined,
): Promise<string> {
  if (given !== undefined) return await readText(given);
  const names = dockerfiles.flatMap((dockerfile) => ignoreFileNames(dockerfile).slice(0, 2));
  const general =
    directory === undefined
      ? []
      : ignoreFileNames('')
          .slice(2)
          .map((name) => join(directory, name));
  for (const path of [...names, ...general]) {
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return await readText(path);
  }
  return '';
}

/** Of a file that is to be there. Throws {@link CommandError}. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError(`open ${path}: ${systemText(cause)}`, undefined, { cause });
  }
}

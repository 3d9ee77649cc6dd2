// The text of a build's Dockerfiles and the lines of its ignore file (build.md, The call; Ignore files).
import { basename } from 'node:path';
import { ignoreFileNames } from '../../build/ignore/ignore-file-for.js';
import { parseIgnore } from '../../build/ignore/parse-ignore.js';
import type { BuildInput, DockerfilePart } from './build-input.js';
import type { ContextFiles } from './context-files.js';
import { FileUnavailableError } from '../errors.js';

/** What the builder reads before anything else. */
export interface BuildFiles {
  /** All Dockerfiles, joined. */
  readonly dockerfile: string;
  /** The patterns of the ignore file. */
  readonly ignore: readonly string[];
}

/** What a Dockerfile is called that nobody names, the best first. */
export const defaultDockerfiles: readonly string[] = ['Containerfile', 'Dockerfile'];
const addresses = /^(?:https?:\/\/|git:\/\/|github\.com\/)/;

/** `files` is the context, if there is one; `fetch` gives Dockerfiles by their address. Throws {@link FileUnavailableError} for what is not there. */
export async function readBuildFiles(
  { dockerfiles, ignore }: Pick<BuildInput, 'dockerfiles' | 'ignore'>,
  files: ContextFiles | undefined,
  fetch: (address: string) => Promise<string>,
): Promise<BuildFiles> {
  const parts: readonly DockerfilePart[] =
    dockerfiles.length > 0 ? dockerfiles : [{ kind: 'path', path: await defaultName(files) }];
  const texts: NamedText[] = [];
  for (const part of parts) texts.push(await textOf(part, files, fetch));
  return {
    dockerfile: texts.map(({ text }) => (text.endsWith('\n') ? text : `${text}\n`)).join(''),
    ignore: parseIgnore(ignore?.join('\n') ?? (await ignoreText(files, texts[0]?.path))),
  };
}

interface NamedText {
  /** In the context, if it is there. */
  readonly path: string | undefined;
  readonly text: string;
}

async function defaultName(files: ContextFiles | undefined): Promise<string> {
  for (const name of defaultDockerfiles) if ((await files?.read(name)) !== undefined) return name;
  throw new FileUnavailableError('no Containerfile or Dockerfile is specified, or found in the context');
}

async function textOf(
  part: DockerfilePart,
  files: ContextFiles | undefined,
  fetch: (address: string) => Promise<string>,
): Promise<NamedText> {
  if (part.kind === 'text') return { path: undefined, text: part.text };
  const { path } = part;
  if (addresses.test(path)) return { path: undefined, text: await fetch(path) };
  // Clients of 2020 name the place on their own disk, of which the last part is the name in the context.
  for (const candidate of [path, basename(path)]) {
    const text = await files?.read(candidate);
    if (text !== undefined) return { path: candidate, text };
  }
  throw new FileUnavailableError(`open ${path}: no such file in the context`);
}

/** That of the first Dockerfile, else that of the context; the first found is the only one. */
async function ignoreText(files: ContextFiles | undefined, dockerfile: string | undefined): Promise<string> {
  const names = ignoreFileNames(dockerfile ?? '');
  for (const name of dockerfile === undefined ? names.slice(2) : names) {
    const text = await files?.read(name);
    if (text !== undefined) return text;
  }
  return '';
}

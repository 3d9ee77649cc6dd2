// COPY and ADD as the copy room takes them: texts substituted, sources found, files fetched.
import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { CopyPart, CopyRequest, CopySource } from './copy/copy-request.js';
import { expandHeredoc, expandWord, type Scope } from './dockerfile/expand.js';
import type { CopyInstruction, Heredoc } from './dockerfile/instruction.js';
import { InstructionError } from './errors.js';
import { findSource, type SourceLookup } from './stage-source.js';

const HEREDOC_MODE = 0o644;
const webAddress = /^https?:\/\//i;
const repository = /^(?:git:\/\/|ssh:\/\/|git@)|^https?:\/\/[^#]+\.git(?:#|$)/i;

/** Where the instruction stands. */
export interface CopyPosition {
  readonly scope: Scope;
  readonly workingDir: string;
  readonly latest: number | undefined;
}

/** Fetches what has to be fetched. Throws InstructionError and what substitution and fetching throw. */
export async function copyRequest(
  lookup: SourceLookup,
  step: CopyInstruction,
  { scope, workingDir, latest }: CopyPosition,
): Promise<CopyRequest> {
  const optional = (raw: string | undefined): string | undefined =>
    raw === undefined ? undefined : expandWord(raw, scope);
  const chown = optional(step.chown);
  const chmod = optional(step.chmod);
  const parts = await partsOf(lookup, step, optional(step.from), scope);
  return {
    instruction: step.kind,
    parts,
    destination: absolute(workingDir, expandWord(step.destination, scope)),
    ...(chown !== undefined && { chown }),
    ...(chmod !== undefined && { chmod }),
    excludes: step.excludes.map((raw) => expandWord(raw, scope)),
    parents: step.parents,
    link: step.link,
    unpack: step.unpack ?? step.kind === 'add',
    reproducible: lookup.request.epoch !== undefined,
    ...(latest !== undefined && { latest }),
  };
}

async function partsOf(
  lookup: SourceLookup,
  step: CopyInstruction,
  from: string | undefined,
  scope: Scope,
): Promise<readonly CopyPart[]> {
  const parts: CopyPart[] = [];
  const heredocs = new Map(step.heredocs.map((heredoc) => [heredoc.name, heredoc]));
  let local: CopySource | undefined;
  // Of the last part, if it is one of local files: the order of all sources counts.
  let patterns: string[] | undefined;
  for (const raw of step.sources) {
    const heredoc = heredocs.get(/^<<-?["']?([^"']+)["']?$/.exec(raw)?.[1] ?? '');
    const source = heredoc === undefined ? expandWord(raw, scope) : raw;
    if (heredoc !== undefined || isRemote(source)) {
      parts.push(
        heredoc === undefined
          ? await fetchedPart(lookup, step, source)
          : await heredocPart(lookup, heredoc, scope),
      );
      patterns = undefined;
      continue;
    }
    if (patterns === undefined) {
      local ??= await findSource(lookup, from);
      patterns = [];
      parts.push({ source: local, patterns });
    }
    patterns.push(source);
  }
  return parts;
}

function isRemote(source: string): boolean {
  return webAddress.test(source) || repository.test(source);
}

async function fetchedPart(
  { store }: SourceLookup,
  { kind, checksum, keepGitDir = false, unpack = false }: CopyInstruction,
  url: string,
): Promise<CopyPart> {
  if (kind === 'copy') throw new InstructionError(`COPY ${url}: only ADD fetches what has an address`);
  const { directory, name } = await store.fetch(url, { checksum, keepGitDir });
  return { source: { kind: 'files', directory, fetched: { unpack } }, patterns: [name] };
}

async function heredocPart({ store }: SourceLookup, heredoc: Heredoc, scope: Scope): Promise<CopyPart> {
  const { name, content, expands } = heredoc;
  const directory = await store.scratch();
  const text = expands ? expandHeredoc(content, scope) : content;
  await writeFile(join(directory, name), text, { mode: HEREDOC_MODE });
  return { source: { kind: 'files', directory }, patterns: [name] };
}

/** The slash at the end, which says that it is a directory, stays. */
function absolute(workingDir: string, destination: string): string {
  const path = posix.resolve('/', workingDir, destination);
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(destination);
  return isDirectory && path !== '/' ? `${path}/` : path;
}

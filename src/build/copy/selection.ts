// From the sources of an instruction to the files and directories that they stand for.
import { byteString, type FileStatus, isDirectory } from '../../sys/files.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { SourceMissingError } from './copy-errors.js';
import type { CopyPlace } from './copy-place.js';
import type { CopyRequest, CopySource } from './copy-request.js';
import { holdsKept } from './holds-kept.js';
import { SourceFilter } from './source-filter.js';
import { chasePath, cleanSource, expandPattern, statusInRoot, lastName, quoted } from './source-path.js';

/** One file or directory to be copied. Paths are latin1, cleaned, and relative to `root`. */
export interface SelectedItem {
  /** The root of its source; it stays open. */
  readonly root: number;
  readonly kind: CopySource['kind'];
  /** The directories of layers that the root is made of, if it is. */
  readonly stack: readonly string[] | undefined;
  /** Fetched from elsewhere, not written in the Dockerfile. */
  readonly fetched: boolean;
  /** If it is an archive. */
  readonly unpack: boolean;
  readonly filter: SourceFilter;
  /** As it was found; the last name is what a copy of a file is called. */
  readonly path: string;
  readonly name: string;
  /** What it is when links at its end were followed. */
  readonly target: string;
  readonly status: FileStatus;
  /** With `--parents`: the directories to keep, from the root of the source or from `/./` on. */
  readonly kept: string;
}

export interface Selection {
  /** Sources as written. */
  readonly sources: number;
  /** Those that name something: several of them need a directory. A pattern may find nothing. */
  readonly found: number;
  readonly items: readonly SelectedItem[];
}

/** The root of a source, and what of it is left out. */
interface OpenPlace {
  readonly root: number;
  readonly filter: SourceFilter;
  readonly abort: AbortFlag;
}

/** Throws {@link SourceMissingError} when a source or all of them name nothing that is not left out. */
export function selectSources(request: CopyRequest, place: CopyPlace): Selection {
  const items: SelectedItem[] = [];
  let sources = 0;
  let filled = 0;
  let missing: string | undefined;
  for (const part of request.parts) {
    const { abort } = place;
    const open = {
      root: place.openSource(part.source),
      filter: new SourceFilter(part.source, request.excludes),
      abort,
    };
    for (const pattern of part.patterns) {
      sources++;
      abort.throwIfRaised();
      const found = selectOne(request, part.source, open, pattern);
      if (found.length === 0) missing ??= pattern;
      else filled++;
      items.push(...found);
    }
  }
  if (items.length === 0) {
    throw new SourceMissingError(
      `checking on sources: ${JSON.stringify(missing ?? '')}: no such file or directory`,
    );
  }
  return { sources, found: filled, items };
}

function selectOne(
  request: CopyRequest,
  source: CopySource,
  open: OpenPlace,
  written: string,
): SelectedItem[] {
  const { root, filter } = open;
  const text = byteString(written);
  const pattern = cleanSource(text);
  const literal = source.kind === 'files';
  const paths = literal ? namesOf(root, pattern) : expandPattern(root, pattern);
  if (paths.length === 0) {
    // A pattern may find nothing as long as another source finds something.
    if (!literal && /[*?[]/.test(pattern)) return [];
    throw new SourceMissingError(`checking on sources: ${quoted(pattern)}: no such file or directory`);
  }
  const pivot = request.parents ? pivotOf(text) : 0;
  const items: SelectedItem[] = [];
  let ignored = 0;
  for (const path of paths) {
    const { path: target, status } = chasePath(root, path);
    if (isLeftOut(open, path, target, status)) {
      ignored++;
      continue;
    }
    const kept = request.parents ? path.split('/').slice(pivot).join('/') : '';
    items.push({
      root,
      kind: source.kind,
      stack: source.kind === 'stack' ? source.stack.lowers : undefined,
      fetched: source.kind === 'files' && source.fetched !== undefined,
      unpack: source.kind === 'files' ? source.fetched?.unpack === true : request.unpack,
      filter,
      path,
      name: lastName(path),
      target,
      status,
      kept,
    });
  }
  if (items.length === 0) {
    throw new SourceMissingError(
      `no items matching glob ${quoted(pattern)} copied (${ignored} filtered out): no such file or directory`,
    );
  }
  return items;
}

function isLeftOut(
  { root, filter, abort }: OpenPlace,
  path: string,
  target: string,
  status: FileStatus,
): boolean {
  if (!isDirectory(status.mode)) {
    // A link may lead to what is left out.
    return [path, target].some((one) => filter.leavesOutFile(one, lastName(path)));
  }
  if (!filter.leavesOutDirectory(path)) return false;
  return !(filter.leadsInto(path) && holdsKept(root, target, filter, abort));
}

function namesOf(root: number, path: string): string[] {
  return typeof statusInRoot(root, path, false) === 'number' ? [] : [path];
}

/** How many components lie in front of `/./`, which `--parents` does not keep. */
function pivotOf(text: string): number {
  const at = text.indexOf('/./');
  if (at < 0) return 0;
  const before = cleanSource(text.slice(0, at));
  return before === '' ? 0 : before.split('/').length;
}

// Where the items of an instruction go: into a directory, or a single file to its own name.
import { byteString, isDirectory, printable } from '../../sys/files.js';
import { constants } from 'node:fs';
import { CopyError } from './copy-errors.js';
import type { CopyRequest } from './copy-request.js';
import type { Selection } from './selection.js';
import { cleanSource, lastName, parentOf, statusInRoot } from './source-path.js';

const { S_IFMT, S_IFREG } = constants;

export interface Destination {
  /** The directory that all items go into; cleaned, relative to the working root, latin1. May lead through links. */
  readonly directory: string;
  /** What the only item is called there, if not as its source. */
  readonly rename: string | undefined;
}

/**
 * Whether the name of what is copied, which is part of its digest, or its owner depends on the working root. Where it does not, nothing need
 * be mounted to tell the digest.
 */
export function needsRoot(request: CopyRequest): boolean {
  const sources = request.parts.reduce((count, part) => count + part.patterns.length, 0);
  const named = request.chown !== undefined && !/^\d+(?::\d+)?$/.test(request.chown);
  return named || (sources === 1 && !request.destination.endsWith('/'));
}

/**
 * `archive`: the first item is one to be unpacked. Without a `root` nothing is there. Throws {@link CopyError} when a directory is needed
 * where something else is.
 */
export function findDestination(
  request: CopyRequest,
  { sources, found, items }: Selection,
  archive: boolean,
  root: number | undefined,
): Destination {
  const written = byteString(request.destination);
  const path = cleanSource(written);
  const [first] = items;
  const slash = written.endsWith('/') || path === '';
  const isFile = sources === 1 && first !== undefined && (first.status.mode & S_IFMT) === S_IFREG;
  const holdsTree = sources === 1 && first !== undefined && (isDirectory(first.status.mode) || archive);
  const there = root === undefined ? 'nothing' : whatIs(root, path);
  const several = sources > 1 || items.length > 1;
  if (there === 'file' && (several || slash || holdsTree || request.parents)) {
    throw new CopyError(
      `destination ${JSON.stringify(printable(written))} already exists but is not a directory`,
    );
  }
  // What one pattern finds goes into a directory that is made, as the peer does.
  if (there === 'nothing' && found > 1 && !slash && root !== undefined) {
    throw new CopyError(
      `with more than one source the destination ${JSON.stringify(printable(written))} must be a directory or end with a slash`,
    );
  }
  const asFile = isFile && !slash && !holdsTree && !several && !request.parents;
  if (there === 'file' || (there === 'nothing' && asFile)) {
    return { directory: parentOf(path), rename: lastName(path) };
  }
  return { directory: path, rename: undefined };
}

/** A link that leads nowhere is `other`: the directory it leads to is made, as the peers do. */
function whatIs(root: number, path: string): 'nothing' | 'file' | 'other' {
  if (typeof statusInRoot(root, path, false) === 'number') return 'nothing';
  const status = statusInRoot(root, path, true);
  return typeof status !== 'number' && (status.mode & S_IFMT) === S_IFREG ? 'file' : 'other';
}

// Names of sources: cleaned by text, then looked up below a directory that they cannot leave.
import { constants, readdirSync } from 'node:fs';
import {
  closeDescriptor,
  type FileStatus,
  isSymbolicLink,
  O_PATH,
  openInRoot,
  printable,
  readLinkAt,
  statusAt,
} from '../../sys/files.js';
import { CopyError, expected, SourceMissingError } from './copy-errors.js';
import { hasPattern, NamePattern } from './name-pattern.js';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
const LINKS_FOLLOWED = 16;

/** Without `.`, `..`, empty components and slashes at its ends; `..` stays at the root. Empty is the root itself. */
export function cleanSource(path: string): string {
  const kept: string[] = [];
  for (const component of path.split('/')) {
    if (component === '..') kept.pop();
    else if (component !== '' && component !== '.') kept.push(component);
  }
  return kept.join('/');
}

/** The last component, empty for the root. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** A descriptor that names what is at `path` below `root`, '' for the root; with `follow` what a link there leads to. Or `-errno`. */
export function findInRoot(root: number, path: string, follow: boolean): number {
  return openInRoot(root, path === '' ? '.' : path, O_PATH | (follow ? 0 : O_NOFOLLOW));
}

/** Status of the same. */
export function statusInRoot(root: number, path: string, follow: boolean): FileStatus | number {
  const fd = findInRoot(root, path, follow);
  if (fd < 0) return fd;
  try {
    return statusAt(fd, '');
  } finally {
    closeDescriptor(fd);
  }
}

/** Names in an open directory, sorted by their bytes. */
export function sortedNames(fd: number): string[] {
  return readdirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' }).toSorted(byBytes);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The cleaned paths that a cleaned pattern stands for, in the order of their names; what is no pattern stands for itself.
 * None if there is nothing of the kind.
 */
export function expandPattern(root: number, pattern: string): string[] {
  const components = pattern === '' ? [] : pattern.split('/');
  const compiled = components.map((component) =>
    hasPattern(component) ? new NamePattern(component) : undefined,
  );
  let found = [''];
  for (const [index, component] of components.entries()) {
    const names = compiled[index];
    found =
      names === undefined
        ? found.map((directory) => joined(directory, component))
        : found.flatMap((directory) => matchingNames(root, directory, names));
  }
  if (compiled.every((names) => names === undefined) || !hasPattern(components.at(-1) ?? '')) {
    found = found.filter((path) => typeof statusInRoot(root, path, false) !== 'number');
  }
  return found;
}

function matchingNames(root: number, path: string, pattern: NamePattern): string[] {
  const fd = openSourceDirectory(root, path);
  if (fd < 0) return [];
  try {
    return sortedNames(fd)
      .filter((name) => pattern.matches(name))
      .map((name) => joined(path, name));
  } finally {
    closeDescriptor(fd);
  }
}

/** Opens a directory by a path that may lead through links, also at its end; `-errno` if it is none. */
export function openSourceDirectory(root: number, path: string): number {
  return openInRoot(root, path === '' ? '.' : path, O_RDONLY | O_DIRECTORY);
}

/**
 * What a path leads to when it ends in links, by text: the name that rules for ignoring see. Throws
 * {@link SourceMissingError} where that is nowhere.
 */
export function chasePath(
  root: number,
  path: string,
): { readonly path: string; readonly status: FileStatus } {
  let current = path;
  for (let links = 0; links <= LINKS_FOLLOWED; links++) {
    const status = statusInRoot(root, current, false);
    if (typeof status === 'number') {
      throw new SourceMissingError(
        `checking on sources: ${quoted(path)} leads to ${quoted(current)}: no such file or directory`,
      );
    }
    if (!isSymbolicLink(status.mode)) return { path: current, status };
    const target = linkText(root, current);
    current = cleanSource(target.startsWith('/') ? target : `${parentOf(current)}/${target}`);
  }
  throw new CopyError(`checking on sources: ${quoted(path)}: too many levels of symbolic links`);
}

function linkText(root: number, path: string): string {
  const parent = expected(openSourceDirectory(root, parentOf(path)), 'open', path);
  try {
    const text = readLinkAt(parent, lastName(path));
    if (typeof text === 'string') return text;
    throw new CopyError(`${quoted(path)} changed while it was looked at`);
  } finally {
    closeDescriptor(parent);
  }
}

/** A path in a message, as it is in its root. */
export function quoted(path: string): string {
  return JSON.stringify(printable(`/${path}`));
}

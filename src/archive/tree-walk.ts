// Goes through a directory tree in the order of a layer, by descriptors, however deep it is.
import { readdirSync } from 'node:fs';
import * as files from '../sys/files.js';
import { shortened } from './entry-path.js';
import { demand, PackError } from './errors.js';

/** Names are latin1, paths relative to the root of the tree, without a slash at the end. */
export type TreeItem =
  /** `fd` is open until `left`; all below it comes in between. */
  | {
      readonly kind: 'directory';
      readonly path: string;
      readonly fd: number;
      readonly status: files.FileStatus;
    }
  | { readonly kind: 'left'; readonly path: string; readonly fd: number; readonly status: files.FileStatus }
  /** Anything else, called `name` in the directory `parent`. */
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly parent: number;
      readonly name: string;
      readonly status: files.FileStatus;
    };

interface Level {
  fd: number;
  readonly path: string;
  readonly status: files.FileStatus;
  readonly names: readonly string[];
  /** It is not what the directory above has, which cannot be found from here then. */
  readonly isReplaced: boolean;
  next: number;
}

/** So many directories are held open; those further up are opened again on the way back. */
const MOST_OPEN = 64;
const CLOSED = -1;

/**
 * Everything below the open directory `root`, which stays the caller's: names sorted by their bytes, a directory before what is in
 * it. Follows nothing. `lives`: somebody changes it meanwhile, and what is gone when it is looked at is left out. `instead`
 * takes an open directory and gives the one to go through in its place, or `-errno`. Throws {@link PackError} for paths that no program could open, and what the system calls fail with.
 */
export function* walkTree(
  root: number,
  lives = false,
  instead: (fd: number, path: string) => number = (fd) => fd,
): Generator<TreeItem, void> {
  // The first one is the caller's, the last one is where we are.
  const levels: Level[] = [enter(root, '', demandStatus(files.statusAt(root, ''), ''))];
  try {
    for (let level = levels[0]; level !== undefined; level = levels.at(-1)) {
      const name = level.names[level.next++];
      if (name === undefined) {
        const above = levels.at(-2);
        if (above === undefined) return;
        reopen(above, level);
        yield { kind: 'left', path: level.path, fd: level.fd, status: level.status };
        files.closeDescriptor(level.fd);
        levels.pop();
        continue;
      }
      const path = level.path === '' ? name : `${level.path}/${name}`;
      if (path.length >= files.PATH_BYTES) throw new PackError('the path is too long', shortened(path));
      const found = files.statusAt(level.fd, name);
      if (lives && typeof found === 'number' && isGone(found)) continue;
      const status = demandStatus(found, path);
      if (!files.isDirectory(status.mode)) {
        yield { kind: 'file', path, parent: level.fd, name, status };
        continue;
      }
      const own = files.openDirectoryAt(level.fd, name);
      if (lives && isGone(own)) continue;
      const fd = instead(demand(own, 'openat', path), path);
      if (lives && isGone(fd)) continue;
      demand(fd, 'openat2', path);
      const entered = enter(fd, path, status, own !== fd);
      levels.push(entered);
      yield { kind: 'directory', path, fd, status: entered.status };
      closeFar(levels);
    }
  } finally {
    for (const { fd } of levels.slice(1)) if (fd !== CLOSED) files.closeDescriptor(fd);
  }
}

function enter(fd: number, path: string, found: files.FileStatus, isReplaced = false): Level {
  try {
    const status = isReplaced ? demandStatus(files.statusAt(fd, ''), path) : found;
    const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' });
    return { fd, path, status, names: names.toSorted(byBytes), isReplaced, next: 0 };
  } catch (error) {
    if (path !== '') files.closeDescriptor(fd);
    throw error;
  }
}

function closeFar(levels: readonly Level[]): void {
  const far = levels.at(-MOST_OPEN);
  if (far === undefined || far === levels[0] || far.fd === CLOSED) return;
  if (levels.at(-MOST_OPEN + 1)?.isReplaced === true) return;
  files.closeDescriptor(far.fd);
  far.fd = CLOSED;
}

function reopen(level: Level, below: Level): void {
  if (level.fd !== CLOSED) return;
  const fd = demand(files.openDirectoryAt(below.fd, '..'), 'openat', level.path);
  const { inode, device } = demandStatus(files.statusAt(fd, ''), level.path);
  level.fd = fd;
  if (inode !== level.status.inode || device !== level.status.device) {
    throw new PackError('it was moved meanwhile', shortened(below.path));
  }
}

/** The result of `statusAt` if it is a status; throws for `-errno`. */
export function demandStatus(status: files.FileStatus | number, path: string): files.FileStatus {
  if (typeof status !== 'number') return status;
  demand(status, 'statx', path);
  throw new PackError('it has no status', shortened(path));
}

/** Whether a system call failed because what it is about is not there any more, or is something else. */
export function isGone(result: number): boolean {
  return (
    result === -files.ENOENT ||
    result === -files.ENOTDIR ||
    result === -files.ELOOP ||
    result === -files.EINVAL
  );
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : 1;
}

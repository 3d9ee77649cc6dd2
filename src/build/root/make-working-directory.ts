// WORKDIR: makes a directory in the working root, and those above it (build.md, Instructions).
import {
  changeMode,
  changeOwner,
  closeDescriptor,
  EEXIST,
  ENOENT,
  isDirectory,
  isSymbolicLink,
  makeDirectoryAt,
  must,
  openDirectoryAt,
  printable,
  readLinkAt,
  statusAt,
} from '../../sys/files.js';
import { findAccount } from './accounts.js';

const DIRECTORY_MODE = 0o755;
/** As many as the kernel follows in one path. */
const MOST_LINKS = 40;

/** What stands in the way of a directory. */
export class PathError extends Error {
  override readonly name = 'PathError';
  readonly code: 'NOT_A_DIRECTORY' | 'TOO_MANY_LINKS';
  constructor(path: string, code: PathError['code']) {
    const why = code === 'NOT_A_DIRECTORY' ? 'is not a directory' : 'has too many symbolic links';
    super(`${path} ${why}`);
    this.code = code;
  }
}

/**
 * Makes what is missing of `path` (absolute) below the open directory `root`, 0755, owned by `user` as USER has it. Throws
 * {@link PathError}, AccountError and SystemError.
 */
export function makeWorkingDirectory(root: number, path: string, user: string): void {
  let account: { readonly uid: number; readonly gid: number } | undefined;
  const owner = (): { readonly uid: number; readonly gid: number } => (account ??= findAccount(root, user));
  closeDescriptor(makeDirectories(root, Buffer.from(path).toString('latin1'), owner));
}

/**
 * Opens the directory `path` (latin1) names for a process whose root is `root`, after making what of it is missing, also behind links
 * that lead nowhere. Every step is taken from a directory that is held, so that nothing swapped meanwhile leads out. The caller closes.
 */
export function makeDirectories(
  root: number,
  path: string,
  owner: () => { readonly uid: number; readonly gid: number },
): number {
  /** From the root down: `..` goes back, it is never looked up. */
  const held: number[] = [must(openDirectoryAt(root, '.'), 'open', '/')];
  const rest = path.split('/').toReversed();
  let links = 0;
  try {
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (held.length > 1) closeDescriptor(held.pop() as number);
        continue;
      }
      const directory = held.at(-1) as number;
      const status = statusAt(directory, name);
      if (typeof status !== 'number' && isSymbolicLink(status.mode)) {
        if (++links > MOST_LINKS) throw new PathError(printable(path), 'TOO_MANY_LINKS');
        const target = readLinkAt(directory, name);
        // It was swapped: the next look will tell.
        if (typeof target === 'number') rest.push(name);
        else rest.push(...target.split('/').toReversed());
        if (typeof target === 'string' && target.startsWith('/')) {
          for (const fd of held.splice(1)) closeDescriptor(fd);
        }
        continue;
      }
      if (status === -ENOENT) make(directory, name, path, owner());
      else if (typeof status !== 'number' && !isDirectory(status.mode))
        throw new PathError(printable(path), 'NOT_A_DIRECTORY');
      held.push(must(openDirectoryAt(directory, name), 'openat', path));
    }
    return held.pop() as number;
  } finally {
    for (const fd of held) closeDescriptor(fd);
  }
}

function make(
  parent: number,
  name: string,
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): void {
  const made = makeDirectoryAt(parent, name, DIRECTORY_MODE);
  if (made === -EEXIST) return;
  must(made, 'mkdirat', path);
  const fd = must(openDirectoryAt(parent, name), 'openat', path);
  try {
    must(changeOwner(fd, uid, gid), 'fchown', path);
    // What the umask took, and what a set-gid parent gave.
    must(changeMode(fd, DIRECTORY_MODE), 'fchmod', path);
  } finally {
    closeDescriptor(fd);
  }
}

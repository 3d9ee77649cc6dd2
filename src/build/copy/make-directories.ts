// The directory at a path of the working root, made with its parents where it is missing.
import {
  changeMode,
  changeOwner,
  closeDescriptor,
  ELOOP,
  ENOENT,
  ENOTDIR,
  makeDirectoryAt,
  openDirectoryAt,
  openInRoot,
  readLinkAt,
  DIRECTORY_FLAGS,
} from '../../sys/files.js';
import { CopyError, expected } from './copy-errors.js';
import type { Owner } from './ownership.js';
import { joined, parentOf, quoted } from './source-path.js';

const MADE_MODE = 0o755;
/** As many as the kernel follows. */
const LINKS_FOLLOWED = 40;

/**
 * Opens the directory at `path` (latin1), which is made if it is missing, 0755 and `owner`'s, as are its parents. Links are
 * followed inside `root`; where one leads nowhere, what it names is made. Each component is opened by its name in a directory that is
 * held, without following: nothing outside can be reached, whoever swaps what is there. The descriptor is the caller's.
 */
export function makeDirectories(root: number, path: string, owner: Owner): number {
  let fd = open(root, '');
  // Without links: what `..` in a link goes up from.
  let current = '';
  let links = 0;
  const pending = path.split('/').toReversed();
  try {
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        current = parentOf(current);
        fd = replaced(fd, open(root, current));
        continue;
      }
      const target = readLinkAt(fd, name);
      if (typeof target !== 'string') {
        fd = replaced(fd, childDirectory(fd, name, owner, path));
        current = joined(current, name);
        continue;
      }
      if (++links > LINKS_FOLLOWED) expected(-ELOOP, 'mkdir', path);
      if (target.startsWith('/')) {
        current = '';
        fd = replaced(fd, open(root, ''));
      }
      pending.push(...target.split('/').toReversed());
    }
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** Opens `name` in `parent`, a directory, which may have to be made. `path` is for messages. */
export function childDirectory(parent: number, name: string, owner: Owner, path: string): number {
  const existing = openDirectoryAt(parent, name);
  if (existing === -ENOTDIR || existing === -ELOOP) {
    throw new CopyError(`${quoted(path)} cannot be a directory: a file is in the way`);
  }
  if (existing !== -ENOENT) return expected(existing, 'open', path);
  expected(makeDirectoryAt(parent, name, MADE_MODE), 'mkdir', path);
  const made = expected(openDirectoryAt(parent, name), 'open', path);
  try {
    expected(changeOwner(made, owner.uid, owner.gid), 'chown', path);
    // The umask has no say in it.
    expected(changeMode(made, MADE_MODE), 'chmod', path);
    return made;
  } catch (error) {
    closeDescriptor(made);
    throw error;
  }
}

function open(root: number, path: string): number {
  return expected(openInRoot(root, path === '' ? '.' : path, DIRECTORY_FLAGS), 'open', path);
}

function replaced(old: number, next: number): number {
  closeDescriptor(old);
  return next;
}

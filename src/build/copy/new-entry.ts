// Puts one thing into a directory of the working root, in the place of what was there.
import { removeTree } from '../../archive/remove-tree.js';
import {
  changeMode,
  changeModeAt,
  changeOwner,
  changeOwnerAt,
  changeTimes,
  changeTimesAt,
  closeDescriptor,
  createFileAt,
  EEXIST,
  type FileStatus,
  ENOTSUP,
  isDirectory,
  linkAt,
  makeNodeAt,
  statusAt,
  symlinkAt,
  type Timestamp,
  unlinkAt,
} from '../../sys/files.js';
import { setAttribute } from '../../sys/xattr.js';
import { CopyError, expected } from './copy-errors.js';
import type { Owner } from './ownership.js';
import { quoted } from './source-path.js';

const PRIVATE = 0o600;

/** What a new file or directory is to be like; `mode` without type bits. */
export interface EntryLook extends Owner {
  readonly mode: number;
  readonly modified: Timestamp;
  /** Undefined: as modified. */
  readonly accessed?: Timestamp | undefined;
  readonly attributes?: ReadonlyMap<string, Buffer>;
}

/** What has to make room: a directory does for what comes from an archive and for links, not for the files of a tree. */
export type Replaced = 'files' | 'anything';

/** An open new file, empty; what had its name is gone. `path` is for messages, here and below. */
export function createFile(dir: number, name: string, path: string, replaced: Replaced = 'files'): number {
  return replacing(dir, name, path, 'create', replaced, () => createFileAt(dir, name, PRIVATE));
}

export function createLink(dir: number, name: string, target: string, look: EntryLook, path: string): void {
  replacing(dir, name, path, 'symlink', 'anything', () => symlinkAt(target, dir, name));
  expected(changeOwnerAt(dir, name, look.uid, look.gid), 'chown', path);
  changeNamedTimes(dir, name, look, path);
}

/** `status` says which device or pipe it is. */
export function createNode(
  dir: number,
  name: string,
  status: Pick<FileStatus, 'mode' | 'deviceMajor' | 'deviceMinor'>,
  look: EntryLook,
  path: string,
  replaced: Replaced = 'files',
): void {
  const kind = (status.mode & ~0o7777) | PRIVATE;
  replacing(dir, name, path, 'mknod', replaced, () =>
    makeNodeAt(dir, name, kind, status.deviceMajor, status.deviceMinor),
  );
  expected(changeOwnerAt(dir, name, look.uid, look.gid), 'chown', path);
  expected(changeModeAt(dir, name, look.mode), 'chmod', path);
  changeNamedTimes(dir, name, look, path);
}

/** A further name of a file in the same root. */
export function createHardLink(
  from: number,
  fromName: string,
  dir: number,
  name: string,
  path: string,
  replaced: Replaced = 'files',
): void {
  replacing(dir, name, path, 'link', replaced, () => linkAt(from, fromName, dir, name));
}

/** Everything about an open file or directory but its content. Owners first: a change of them takes set-id bits and capabilities. */
export function dress(fd: number, look: EntryLook, path: string): void {
  expected(changeOwner(fd, look.uid, look.gid), 'chown', path);
  expected(changeMode(fd, look.mode), 'chmod', path);
  for (const [key, value] of look.attributes ?? []) {
    const result = setAttribute(fd, key, value);
    // A file system without such attributes.
    if (result !== -ENOTSUP) expected(result, `set attribute ${key} of`, path);
  }
  expected(changeTimes(fd, look.accessed ?? look.modified, look.modified), 'utimes', path);
}

/** Runs `make`, again when something had to make room. */
function replacing(
  dir: number,
  name: string,
  path: string,
  what: string,
  replaced: Replaced,
  make: () => number,
): number {
  let result = make();
  if (result === -EEXIST) {
    const status = statusAt(dir, name);
    if (typeof status !== 'number' && isDirectory(status.mode)) {
      if (replaced === 'files') throw new CopyError(`cannot replace directory ${quoted(path)} with a file`);
      removeTree(dir, name);
    } else {
      expected(unlinkAt(dir, name), 'unlink', path);
    }
    result = make();
  }
  return expected(result, what, path);
}

function changeNamedTimes(dir: number, name: string, look: EntryLook, path: string): void {
  expected(changeTimesAt(dir, name, look.accessed ?? look.modified, look.modified), 'utimes', path);
}

/** Closes whatever happens. */
export function withDescriptor<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd);
  } finally {
    closeDescriptor(fd);
  }
}

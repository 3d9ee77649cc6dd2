// What the kernel gives a new file in a directory by itself: known once, most files need neither chown nor chmod.
import { closeDescriptor, createFileAt, isDirectory, statusAt, unlinkAt } from '../sys/files.js';
import { demand } from './errors.js';

const S_ISGID = 0o2000;

/** Owner of new files, and the permission bits of a requested mode that they lose (umask, default ACL). */
export interface NewFileDefaults {
  readonly uid: number;
  readonly gid: number;
  readonly lostMode: number;
}

/** Owner and mode have to be set on everything. */
export const unknownDefaults: NewFileDefaults = { uid: -1, gid: -1, lostMode: 0o777 };

/** Makes a file in the empty directory `dir` to see what becomes of it, and removes it again. */
export function probeDefaults(dir: number): NewFileDefaults {
  const name = '.imaged-probe';
  const directory = statusAt(dir, '');
  // Directories made in a set-gid one are set-gid themselves, which chmod would have to undo.
  if (typeof directory === 'number' || !isDirectory(directory.mode) || (directory.mode & S_ISGID) !== 0) {
    return unknownDefaults;
  }
  closeDescriptor(demand(createFileAt(dir, name, 0o777), 'openat', name));
  const status = statusAt(dir, name);
  demand(unlinkAt(dir, name), 'unlinkat', name);
  if (typeof status === 'number') return unknownDefaults;
  return { uid: status.uid, gid: status.gid, lostMode: 0o777 & ~status.mode };
}

// Owner, mode, times and extended attributes of what an entry made, with as few calls as give the right result.
import * as files from '../sys/files.js';
import { setAttribute, setAttributeAt } from '../sys/xattr.js';
import { demand } from './errors.js';
import type { NewFileDefaults } from './new-file-defaults.js';
import { unknownDefaults } from './new-file-defaults.js';
import type { TarEntry, Timestamp } from './tar-entry.js';
import { tarType } from './tar-entry.js';

const S_ISGID = 0o2000;
const PERMISSIONS = 0o777;
const EPOCH: Timestamp = { seconds: 0, nanoseconds: 0 };
const LAST_SECOND = 9_223_372_036;
const LAST_NANOSECOND = 854_775_807;

/**
 * Sets what a layer's entries say about their files. The order matters: chown clears set-id bits and capabilities, so it is
 * first, then the mode, then extended attributes, then times.
 */
export class AttributeSetter {
  #defaults: NewFileDefaults;

  constructor(defaults: NewFileDefaults) {
    this.#defaults = defaults;
  }

  /** A regular file that was made with the entry's permission bits. */
  setOpenFile(fd: number, entry: TarEntry): void {
    this.#setOpen(fd, entry, false);
    demand(files.changeTimes(fd, accessTime(entry), modifyTime(entry)), 'futimens', entry.name);
  }

  /** All but the times, which change again. `created`: by this entry, with its permission bits. */
  setOpenDirectory(fd: number, entry: TarEntry, created: boolean): void {
    this.#setOpen(fd, entry, !created);
    // What is made in a set-gid directory gets its group.
    if ((entry.mode & S_ISGID) !== 0) this.#defaults = unknownDefaults;
  }

  /** A symbolic link, device or fifo called `name` in `dir`. */
  setNamed(dir: number, name: string, entry: TarEntry): void {
    this.setOwner(dir, name, entry);
    if (entry.type !== tarType.symbolicLink) {
      demand(files.changeModeAt(dir, name, entry.mode), 'fchmodat', entry.name);
    }
    this.#setExtended(entry, (key, value) => setAttributeAt(dir, name, key, value));
    demand(files.changeTimesAt(dir, name, accessTime(entry), modifyTime(entry)), 'utimensat', entry.name);
  }

  /** A further name of a file: the entry speaks about the shared file, of which a symbolic link keeps mode and times. */
  setLinked(dir: number, name: string, entry: TarEntry): void {
    const status = files.statusAt(dir, name);
    if (typeof status === 'number') {
      demand(status, 'statx', entry.name);
      return;
    }
    // A needless chown would take the file's capabilities, which the entry of a further name does not repeat.
    const chown = status.uid !== entry.uid || status.gid !== entry.gid;
    if (chown) demand(files.changeOwnerAt(dir, name, entry.uid, entry.gid), 'fchownat', entry.name);
    if (files.isSymbolicLink(status.mode)) return;
    if (chown || (status.mode & 0o7777) !== entry.mode) {
      demand(files.changeModeAt(dir, name, entry.mode), 'fchmodat', entry.name);
    }
    this.#setExtended(entry, (key, value) => setAttributeAt(dir, name, key, value));
    demand(files.changeTimesAt(dir, name, accessTime(entry), modifyTime(entry)), 'utimensat', entry.name);
  }

  /** The owner only. */
  setOwner(dir: number, name: string, entry: TarEntry): void {
    if (this.#ownerIsRight(entry)) return;
    demand(files.changeOwnerAt(dir, name, entry.uid, entry.gid), 'fchownat', entry.name);
  }

  #ownerIsRight(entry: TarEntry): boolean {
    return entry.uid === this.#defaults.uid && entry.gid === this.#defaults.gid;
  }

  #setOpen(fd: number, entry: TarEntry, existed: boolean): void {
    if (existed || !this.#ownerIsRight(entry)) {
      demand(files.changeOwner(fd, entry.uid, entry.gid), 'fchown', entry.name);
    }
    const lost = entry.mode & this.#defaults.lostMode;
    if (existed || lost !== 0 || (entry.mode & ~PERMISSIONS) !== 0) {
      demand(files.changeMode(fd, entry.mode), 'fchmod', entry.name);
    }
    this.#setExtended(entry, (key, value) => setAttribute(fd, key, value));
  }

  #setExtended(entry: TarEntry, set: (key: string, value: Buffer) => number): void {
    for (const [key, value] of entry.attributes) {
      if (!isKept(key)) continue;
      const result = set(key, value);
      // A file system without such attributes; Go leaves them out, too.
      if (result === -files.ENOTSUP) continue;
      demand(result, `setxattr ${key}`, entry.name);
      // From here on new files may inherit an access list.
      if (key === 'system.posix_acl_default') this.#defaults = unknownDefaults;
    }
  }
}

// `trusted.*` is the kernel's and overlay's own; the label comes from the place a file is made in.
function isKept(key: string): boolean {
  return !key.startsWith('trusted.') && key !== 'security.selinux';
}

/** When a directory is to have been read and changed: unlike files it gets no access time from the modification. */
export function directoryTimes(entry: TarEntry): { accessed: Timestamp; modified: Timestamp } {
  return { accessed: storable(entry.accessed ?? EPOCH), modified: storable(entry.modified) };
}

function modifyTime(entry: TarEntry): Timestamp {
  return entry.type === tarType.symbolicLink ? entry.modified : storable(entry.modified);
}

// Never before the modification, as in Go.
function accessTime(entry: TarEntry): Timestamp {
  const { accessed } = entry;
  const modified = modifyTime(entry);
  if (accessed === undefined || accessed.seconds < modified.seconds) return modified;
  if (accessed.seconds === modified.seconds && accessed.nanoseconds < modified.nanoseconds) return modified;
  return accessed;
}

// What Go cannot express in nanoseconds since 1970 becomes 1970, but for symbolic links.
function storable(time: Timestamp): Timestamp {
  const { seconds, nanoseconds } = time;
  const tooLate = seconds > LAST_SECOND || (seconds === LAST_SECOND && nanoseconds > LAST_NANOSECOND);
  return seconds < 0 || tooLate ? EPOCH : time;
}

// Quick looks at a file: whether it changed, and how it begins. Made for every listing, so they make no objects and little noise.
import { constants } from 'node:os';
import { check, declare, lastErrno } from './libc.js';

const libcStatx = declare('int statx(int dir, const void* path, int flags, uint32_t mask, void* status)');
const libcOpen = declare('int open(const void* path, int flags)');
const libcRead = declare('intptr_t read(int fd, void* bytes, size_t length)');
const libcClose = declare('int close(int fd)');

const AT_FDCWD = -100;
const STATX_BASIC_STATS = 0x7ff;
const O_CLOEXEC = 0o2000000;
const { ENOENT, ENOTDIR } = constants.errno;

// Parts of struct statx: inode and size, then the times of the last change of its status and of its content.
const status = Buffer.alloc(256);
const INODE = 32;
const AFTER_SIZE = 48;
const CHANGED = 96;
const AFTER_TIMES = 128;

/** A file that is looked at again and again. Every method blocks, for a microsecond or two where the file is cached. */
export class Glance {
  readonly #path: string;
  readonly #terminated: Buffer;

  constructor(path: string) {
    this.#path = path;
    this.#terminated = Buffer.from(`${path}\0`);
  }

  /** Another text after each change of the file, or when another one is in its place; empty if there is none. */
  look(): string {
    const found = libcStatx(AT_FDCWD, this.#terminated, 0, STATX_BASIC_STATS, status) as number;
    if (found < 0 && isMissing()) return '';
    check(found, 'statx', this.#path);
    return status.toString('latin1', INODE, AFTER_SIZE) + status.toString('latin1', CHANGED, AFTER_TIMES);
  }

  /** The first bytes, at most `bytes.length`, one character each; empty if there is no file. */
  start(bytes: Buffer): string {
    const fd = libcOpen(this.#terminated, O_CLOEXEC) as number;
    if (fd < 0 && isMissing()) return '';
    check(fd, 'open', this.#path);
    try {
      const length = check(libcRead(fd, bytes, bytes.length) as number, 'read', this.#path);
      return bytes.toString('latin1', 0, length);
    } finally {
      libcClose(fd);
    }
  }
}

function isMissing(): boolean {
  const errno = lastErrno();
  return errno === ENOENT || errno === ENOTDIR;
}

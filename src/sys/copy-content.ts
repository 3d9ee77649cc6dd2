// The content of one file into another without it passing through this process.
import { constants } from 'node:os';
import type { AbortFlag } from './abort-flag.js';
import { declare, lastErrno, SystemError } from './libc.js';

const libcIoctl = declare('int ioctl(int fd, unsigned long request, int from)');
const libcCopyFileRange = declare(
  'intptr_t copy_file_range(int from, void* fromOffset, int to, void* toOffset, size_t length, unsigned int flags)',
);
const libcSendfile = declare('intptr_t sendfile64(int to, int from, void* offset, size_t length)');
const libcLseek = declare('int64_t lseek64(int fd, int64_t offset, int whence)');
const libcFtruncate = declare('int ftruncate64(int fd, int64_t length)');

const { EINTR, ENXIO } = constants.errno;
// _IOW(0x94, 9, int); the same on all architectures but alpha, mips, powerpc and sparc, where it is simply not known.
const FICLONE = 0x40049409;
const SEEK_SET = 0;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** Between two looks at the flag. */
const PIECE_BYTES = 32 * 1024 * 1024;
const BLOCK_BYTES = 512;

/**
 * Copies `size` bytes of `from` into the empty file `to`, as a reflink where there are such, else in the kernel; holes stay holes.
 * `blocks` is what `from` takes on the disk. Returns how many bytes there were: fewer when it has become shorter.
 * Throws {@link SystemError}; the files' names are the caller's to add.
 */
export function copyContent(
  from: number,
  to: number,
  size: number,
  blocks: number,
  abort: AbortFlag,
): number {
  if (size === 0) return 0;
  if (libcIoctl(to, FICLONE, from) === 0) return size;
  if (blocks * BLOCK_BYTES >= size) return copyRange(from, to, 0, size, abort);
  let at = 0;
  while (at < size) {
    const data = Number(libcLseek(from, at, SEEK_DATA));
    if (data < 0) {
      // Nothing but a hole is left; or a file system that knows none.
      if (lastErrno() === ENXIO) break;
      return copyRange(from, to, at, size - at, abort);
    }
    if (data >= size) break;
    const hole = Math.min(size, Number(libcLseek(from, data, SEEK_HOLE)));
    const copied = copyRange(from, to, data, hole - data, abort);
    at = data + copied;
    if (at < hole) return at;
  }
  if (libcFtruncate(to, size) < 0) throw new SystemError(lastErrno(), 'ftruncate', '');
  return size;
}

/** Returns up to where there was something. */
function copyRange(from: number, to: number, start: number, length: number, abort: AbortFlag): number {
  for (const fd of [from, to]) {
    if (libcLseek(fd, start, SEEK_SET) < 0) throw new SystemError(lastErrno(), 'lseek', '');
  }
  let done = 0;
  let direct = true;
  while (done < length) {
    abort.throwIfRaised();
    const piece = Math.min(PIECE_BYTES, length - done);
    const copied = Number(
      direct ? libcCopyFileRange(from, null, to, null, piece, 0) : libcSendfile(to, from, null, piece),
    );
    if (copied > 0) {
      done += copied;
    } else if (copied < 0) {
      const errno = lastErrno();
      if (errno === EINTR) continue;
      // Another file system, or one that cannot.
      if (!direct) throw new SystemError(errno, 'sendfile', '');
      direct = false;
    } else if (direct) {
      // Some file systems have nothing to copy where there is something to read.
      direct = false;
    } else {
      break;
    }
  }
  return done;
}

// File operations relative to a directory descriptor, with byte-exact names: what unpacking a layer needs and node:fs lacks.
import { constants as fsConstants } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { declare, lastErrno, SystemError } from './libc.js';

/*
 * Every function here blocks and belongs in a worker. A `name` is a byte string in latin1: one character per byte,
 * no NUL. Results are those of the kernel: what is negative is `-errno`; `must` turns that into a SystemError.
 */

const libcOpenat = declare('int openat(int dir, const void* name, int flags, uint32_t mode)');
const libcSyscall = declare(
  'intptr_t syscall(intptr_t number, int dir, const void* name, const void* how, size_t length)',
);
const libcClose = declare('int close(int fd)');
const libcPwrite = declare('intptr_t pwrite64(int fd, const void* bytes, size_t length, int64_t position)');
const libcMkdirat = declare('int mkdirat(int dir, const void* name, uint32_t mode)');
const libcMknodat = declare('int mknodat(int dir, const void* name, uint32_t mode, uint64_t device)');
const libcSymlinkat = declare('int symlinkat(const void* target, int dir, const void* name)');
const libcLinkat = declare(
  'int linkat(int oldDir, const void* oldName, int dir, const void* name, int flags)',
);
const libcUnlinkat = declare('int unlinkat(int dir, const void* name, int flags)');
const libcReadlinkat = declare('intptr_t readlinkat(int dir, const void* name, void* bytes, size_t length)');
const libcFchown = declare('int fchown(int fd, uint32_t uid, uint32_t gid)');
const libcFchownat = declare(
  'int fchownat(int dir, const void* name, uint32_t uid, uint32_t gid, int flags)',
);
const libcFchmod = declare('int fchmod(int fd, uint32_t mode)');
const libcFchmodat = declare('int fchmodat(int dir, const void* name, uint32_t mode, int flags)');
const libcFutimens = declare('int futimens(int fd, const void* times)');
const libcUtimensat = declare('int utimensat(int dir, const void* name, const void* times, int flags)');
const libcStatx = declare('int statx(int dir, const void* name, int flags, uint32_t mask, void* status)');

const { O_NONBLOCK, O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY, S_IFMT, S_IFDIR, S_IFLNK } =
  fsConstants;
const O_CLOEXEC = 0o2000000;
/** For {@link openInRoot}: a descriptor that names a file without opening it, so that no device notices. */
export const O_PATH = 0o10000000;
// The same number on every architecture; glibc has no function for it.
const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const ATTEMPTS = 100;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_REMOVEDIR = 0x200;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;

export const { EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, ENOTEMPTY, ENOTSUP, EPERM } =
  osConstants.errno;
export const DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
const FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
const NEW_FILE_FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

/** The longest path the kernel takes, without its NUL. */
export const PATH_BYTES = 4095;
/** The longest single name. */
export const NAME_BYTES = 255;

/** A point in time as the kernel stores it. */
export interface Timestamp {
  /** Seconds since 1970, maybe negative; an integer. */
  readonly seconds: number;
  /** 0 … 999,999,999. */
  readonly nanoseconds: number;
}

/** What {@link statusAt} finds. `mode` has the type bits. */
export interface FileStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Bytes. */
  readonly size: number;
  /** What it takes on the disk, in units of 512 bytes. */
  readonly blocks: number;
  /** The file system it is on, and its number there: together the same for all names of a file. */
  readonly device: number;
  readonly inode: bigint;
  /** What a device node stands for. */
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly accessed: Timestamp;
  readonly modified: Timestamp;
  /** Of anything about it. */
  readonly changed: Timestamp;
}

// Reused for every call: a call never outlives its arguments, and this module runs in one thread at a time.
const nameBytes = Buffer.alloc(PATH_BYTES + 1);
const secondNameBytes = Buffer.alloc(PATH_BYTES + 1);
const linkBytes = Buffer.alloc(PATH_BYTES + 1);
const times = new BigInt64Array(4);
// struct open_how: flags, mode, resolve.
const openHow = new BigUint64Array(3);
const status = Buffer.alloc(256);
const statusView = new DataView(status.buffer, status.byteOffset, status.length);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function terminated(name: string, into: Buffer): Buffer {
  if (name.length > PATH_BYTES) throw new SystemError(osConstants.errno.ENAMETOOLONG, 'path', name);
  into[into.write(name, 'latin1')] = 0;
  return into;
}

function negated(result: number): number {
  return result < 0 ? -lastErrno() : result;
}

/** Passes a result of this module through; throws {@link SystemError} when it is negative. */
export function must(result: number, syscall: string, path: string): number {
  if (result < 0) throw new SystemError(-result, syscall, printable(path));
  return result;
}

/** Text as a byte string: its UTF-8. */
export function byteString(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** A byte string as text for a message. */
export function printable(name: string): string {
  return Buffer.from(name, 'latin1').toString();
}

/** Opens a directory by its path (text, not bytes), as something to look things up in. */
export function openDirectory(path: string): number {
  return negated(libcOpenat(AT_FDCWD, Buffer.from(`${path}\0`), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
}

/** Opens a directory below `dir`; a symbolic link in the last place is -ELOOP or -ENOTDIR. */
export function openDirectoryAt(dir: number, name: string): number {
  return negated(libcOpenat(dir, terminated(name, nameBytes), DIRECTORY_FLAGS, 0));
}

/**
 * Opens `path` as a process would whose root is `root`: no symbolic link leads out. If `flags` do not say otherwise it is opened
 * for reading, a link in the last place is not followed, and nothing waits for the other end of a pipe. -ENOSYS before Linux 5.6.
 */
export function openInRoot(root: number, path: string, flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK): number {
  openHow[0] = BigInt(flags | O_CLOEXEC);
  openHow[2] = BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  const name = terminated(path, nameBytes);
  // Something was renamed while `..` was followed: the kernel wants to be asked again.
  for (let attempt = 1; ; attempt++) {
    const fd = negated(libcSyscall(SYS_OPENAT2, root, name, openHow, openHow.byteLength));
    if (fd !== -osConstants.errno.EAGAIN || attempt === ATTEMPTS) return fd;
  }
}

/** Opens a file below `dir` for reading; a symbolic link is -ELOOP. Does not wait for the other end of a pipe. */
export function openFileAt(dir: number, name: string): number {
  return negated(libcOpenat(dir, terminated(name, nameBytes), FILE_FLAGS, 0));
}

/** Makes and opens a regular file for writing; -EEXIST if there is anything of that name. */
export function createFileAt(dir: number, name: string, mode: number): number {
  return negated(libcOpenat(dir, terminated(name, nameBytes), NEW_FILE_FLAGS, mode));
}

/** Closes; an error means the descriptor was not open and is not reported. */
export function closeDescriptor(fd: number): void {
  libcClose(fd);
}

/** Writes bytes `start` … `end` of a buffer at `position` of the file; 0 when all is written, or `-errno`. */
export function writeAt(fd: number, bytes: Buffer, start: number, end: number, position: number): number {
  for (let from = start; from < end;) {
    const piece = bytes.subarray(from, end);
    const written: number = libcPwrite(fd, piece, piece.length, position + from - start);
    if (written >= 0) from += written;
    else if (lastErrno() !== osConstants.errno.EINTR) return -lastErrno();
  }
  return 0;
}

/** mkdirat: the process's umask applies. */
export function makeDirectoryAt(dir: number, name: string, mode: number): number {
  return negated(libcMkdirat(dir, terminated(name, nameBytes), mode));
}

/** mknodat: `mode` has the type bits. The device number is put together as glibc's makedev does. */
export function makeNodeAt(dir: number, name: string, mode: number, major: number, minor: number): number {
  const device =
    (BigInt(major & 0xfff) << 8n) |
    (BigInt(major >>> 12) << 44n) |
    BigInt(minor & 0xff) |
    (BigInt(minor >>> 8) << 20n);
  return negated(libcMknodat(dir, terminated(name, nameBytes), mode, device));
}

export function symlinkAt(target: string, dir: number, name: string): number {
  return negated(libcSymlinkat(terminated(target, secondNameBytes), dir, terminated(name, nameBytes)));
}

/** linkat without following: a link to a symbolic link is a second name of that link. */
export function linkAt(oldDir: number, oldName: string, dir: number, name: string): number {
  return negated(
    libcLinkat(oldDir, terminated(oldName, secondNameBytes), dir, terminated(name, nameBytes), 0),
  );
}

/** Gives an open file without a name (O_TMPFILE) a name, an absolute path that is not there yet. */
export function linkOpenFile(fd: number, path: string): number {
  const open = terminated(`/proc/self/fd/${fd}`, secondNameBytes);
  return negated(libcLinkat(AT_FDCWD, open, AT_FDCWD, Buffer.from(`${path}\0`), AT_SYMLINK_FOLLOW));
}

export function unlinkAt(dir: number, name: string): number {
  return negated(libcUnlinkat(dir, terminated(name, nameBytes), 0));
}

export function removeDirectoryAt(dir: number, name: string): number {
  return negated(libcUnlinkat(dir, terminated(name, nameBytes), AT_REMOVEDIR));
}

/** The text of a symbolic link, or `-errno`: -EINVAL for anything else. */
export function readLinkAt(dir: number, name: string): string | number {
  const length: number = libcReadlinkat(dir, terminated(name, nameBytes), linkBytes, linkBytes.length);
  return length < 0 ? -lastErrno() : linkBytes.toString('latin1', 0, length);
}

export function changeOwner(fd: number, uid: number, gid: number): number {
  return negated(libcFchown(fd, uid, gid));
}

/** Does not follow. */
export function changeOwnerAt(dir: number, name: string, uid: number, gid: number): number {
  return negated(libcFchownat(dir, terminated(name, nameBytes), uid, gid, AT_SYMLINK_NOFOLLOW));
}

export function changeMode(fd: number, mode: number): number {
  return negated(libcFchmod(fd, mode));
}

/** Follows: never to be called where `name` may be a symbolic link. */
export function changeModeAt(dir: number, name: string, mode: number): number {
  return negated(libcFchmodat(dir, terminated(name, nameBytes), mode, 0));
}

function fillTimes(accessed: Timestamp, modified: Timestamp): BigInt64Array {
  times[0] = BigInt(accessed.seconds);
  times[1] = BigInt(accessed.nanoseconds);
  times[2] = BigInt(modified.seconds);
  times[3] = BigInt(modified.nanoseconds);
  return times;
}

export function changeTimes(fd: number, accessed: Timestamp, modified: Timestamp): number {
  return negated(libcFutimens(fd, fillTimes(accessed, modified)));
}

/** Does not follow. */
export function changeTimesAt(dir: number, name: string, accessed: Timestamp, modified: Timestamp): number {
  return negated(
    libcUtimensat(dir, terminated(name, nameBytes), fillTimes(accessed, modified), AT_SYMLINK_NOFOLLOW),
  );
}

/** Status of `name` in `dir` without following, or of `dir` itself if `name` is empty; `-errno` if there is none. */
export function statusAt(dir: number, name: string): FileStatus | number {
  const flags = AT_SYMLINK_NOFOLLOW | (name === '' ? AT_EMPTY_PATH : 0);
  if (libcStatx(dir, terminated(name, nameBytes), flags, STATX_BASIC_STATS, status) < 0) return -lastErrno();
  const stamp = (offset: number): Timestamp => ({
    seconds: Number(statusView.getBigInt64(offset, littleEndian)),
    nanoseconds: statusView.getUint32(offset + 8, littleEndian),
  });
  return {
    mode: statusView.getUint16(28, littleEndian),
    uid: statusView.getUint32(20, littleEndian),
    gid: statusView.getUint32(24, littleEndian),
    links: statusView.getUint32(16, littleEndian),
    size: Number(statusView.getBigUint64(40, littleEndian)),
    blocks: Number(statusView.getBigUint64(48, littleEndian)),
    device: statusView.getUint32(136, littleEndian) * 2 ** 20 + statusView.getUint32(140, littleEndian),
    inode: statusView.getBigUint64(32, littleEndian),
    deviceMajor: statusView.getUint32(128, littleEndian),
    deviceMinor: statusView.getUint32(132, littleEndian),
    accessed: stamp(64),
    modified: stamp(112),
    changed: stamp(96),
  };
}

export function isDirectory(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function isSymbolicLink(mode: number): boolean {
  return (mode & S_IFMT) === S_IFLNK;
}

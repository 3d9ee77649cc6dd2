// Mounts, seen by one thread alone: a worker leaves the namespace of the others, and what it mounts goes with it.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { closeDescriptor, must, openDirectory } from './files.js';
import { declare, lastErrno, SystemError } from './libc.js';

/*
 * Everything here blocks and belongs in a worker that called `leaveNamespace` first.
 */

const libcUnshare = declare('int unshare(int flags)');
const libcSetns = declare('int setns(int fd, int type)');
const libcMount = declare(
  'int mount(const char* source, const char* target, const char* type, unsigned long flags, const char* data)',
);
const libcUmount2 = declare('int umount2(const char* target, int flags)');
const libcPivotRoot = declare('intptr_t syscall(intptr_t number, const char* root, const char* old)');
const libcChroot = declare('int chroot(const char* path)');
const libcFchdir = declare('int fchdir(int fd)');
const libcChdir = declare('int chdir(const char* path)');
const libcUmask = declare('uint32_t umask(uint32_t mask)');

const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x20000;
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_MOVE = 0x2000;
const MS_SLAVE = 0x80000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
// Every processor numbers its older calls itself.
const SYS_PIVOT_ROOT =
  process.arch === 'x64' ? 155 : process.arch === 's390x' ? 217 : process.arch === 'ppc64' ? 203 : 41;
/** The kernel takes one page of options. */
const OPTION_BYTES = 4095;
/** Of one overlay, as the kernel has it. */
const MOST_LOWERS = 500;
const NEW_FILE_MASK = 0o022;
/** What makes the upper directory a layer by itself: nothing in it may point to the layers below. */
const PLAIN_UPPER = 'index=off,metacopy=off,xino=off';
/** Off still follows those there are, which is refused to users. */
const NO_REDIRECTS = { host: 'redirect_dir=off', user: 'redirect_dir=nofollow,userxattr' } as const;
/** Shows what notes in the upper directory of another overlay tell of; it may be mounted there still. */
const FOLLOWS = 'index=off,xino=off,metacopy=on,redirect_dir=on';
/** Nothing is written out when it is unmounted: what becomes a layer is no more durable than one that was unpacked. */
const VOLATILE = 'volatile';

const { EBUSY, EINVAL, ENODEV, EPERM } = osConstants.errno;

/** Something cannot be mounted or unmounted, and why. */
export class MountError extends Error {
  override readonly name = 'MountError';
  readonly code = 'MOUNT';
  /** A number of `os.constants.errno`. */
  readonly errno: number;
  constructor(what: string, errno: number) {
    const cause = new SystemError(errno, 'mount', what);
    const advice = adviceFor(errno);
    super(`${what}: ${cause.code}${advice === '' ? '' : ` (${advice})`}`, { cause });
    this.errno = errno;
  }
}

function adviceFor(errno: number): string {
  if (errno === EPERM) {
    return inUserNamespace()
      ? 'overlay mounts in a user namespace need Linux 5.11 or newer'
      : 'mounting needs the capability CAP_SYS_ADMIN';
  }
  if (errno === ENODEV) return 'the kernel has no overlay file system: load the module "overlay"';
  if (errno === EINVAL)
    return 'the file system of the store may not serve as upper directory: see the kernel log';
  return '';
}

/**
 * Gives this thread mounts, a working directory and a umask (022) of its own. What the host unmounts is unmounted here, too, where its
 * mounts are shared as systemd has them; the reverse is not. Files are to be opened with synchronous calls: others run on threads
 * of the host.
 */
export function leaveNamespace(): void {
  unshareMounts();
  libcUmask(NEW_FILE_MASK);
}

function unshareMounts(): void {
  if (libcUnshare(CLONE_FS | CLONE_NEWNS) < 0) throw new MountError('a mount namespace', lastErrno());
  if (libcMount('none', '/', null, MS_REC | MS_SLAVE, null) < 0)
    throw new MountError('making the mounts of the thread its own', lastErrno());
}

/**
 * Takes the thread back to the mounts of the process; its own go with all that is mounted there. False where that is not allowed, as to
 * a user whose process shares the mounts of the host.
 */
export function returnToNamespace(): boolean {
  // The path means the first thread of the process.
  const fd = openSync('/proc/self/ns/mnt', 'r');
  try {
    return libcSetns(fd, CLONE_NEWNS) === 0;
  } finally {
    closeSync(fd);
  }
}

/** What is written to, of an overlay. */
export interface OverlayTop {
  readonly upper: string;
  /** Empty, of the same file system. */
  readonly work: string;
}

/**
 * Mounts an overlay of `lowers`, the topmost first, at `target`; read-only without `top`. Device nodes in it open nothing.
 * Throws {@link MountError}, and SystemError for a directory that is not there.
 */
export function mountOverlay(
  lowers: readonly string[],
  target: string,
  top?: OverlayTop,
  redirects: string = NO_REDIRECTS[inUserNamespace() ? 'user' : 'host'],
): void {
  const what = `overlay of ${lowers.length} layers at ${target}`;
  if (lowers.length > MOST_LOWERS) throw new MountError(`${what}: more than ${MOST_LOWERS}`, EINVAL);
  const open: number[] = [];
  const hold = (path: string): number => {
    const fd = must(openDirectory(path), 'open', path);
    open.push(fd);
    return fd;
  };
  try {
    // Descriptors are short names: some hundreds fit in the page of options, and nothing in them has to be escaped.
    const parts = [`lowerdir=${lowers.map(hold).join(':')}`];
    if (top !== undefined)
      parts.push(`upperdir=${hold(top.upper)}`, `workdir=${hold(top.work)}`, PLAIN_UPPER);
    parts.push(redirects);
    const flags = MS_NODEV | (top === undefined ? MS_RDONLY : 0);
    enter('/proc/self/fd');
    let errno = mount('overlay', target, flags, top === undefined ? parts : [...parts, VOLATILE]);
    // Linux before 5.10 does not know that option.
    if (errno === EINVAL && top !== undefined) errno = mount('overlay', target, flags, parts);
    if (errno !== 0) throw new MountError(what, errno);
  } finally {
    enter('/');
    for (const fd of open) closeDescriptor(fd);
  }
}

/**
 * Opens the root of a read-only overlay of `layers`, the topmost first, that follows notes of `metacopy` and `redirect_dir`; it is there
 * until the descriptor and all that was opened from it are closed, and nobody else sees it. `place`: any directory. For threads that
 * share the mounts of the process, and do so again afterwards. Throws as {@link mountOverlay} does.
 */
export function openOverlay(layers: readonly string[], place: string): number {
  const root = must(openDirectory('/'), 'open', '/');
  const working = must(openDirectory('.'), 'open', '.');
  try {
    unshareMounts();
    try {
      mountOverlay(layers, place, undefined, FOLLOWS);
      try {
        return must(openDirectory(place), 'open', place);
      } finally {
        unmount(place);
      }
    } finally {
      // That leads to the root of the mounts, which need not be that of the process.
      if (returnToNamespace()) enterAgain(root, working);
    }
  } finally {
    closeDescriptor(root);
    closeDescriptor(working);
  }
}

function enterAgain(root: number, working: number): void {
  if (libcFchdir(root) < 0 || libcChroot('.') < 0 || libcFchdir(working) < 0)
    throw new MountError('going back to the root of the process', lastErrno());
}

/**
 * Mounts a new file system of `type`, with its own options, at `target`. What is executed from it gains no rights.
 * Throws {@link MountError}.
 */
export function mountNew(type: string, target: string, options: readonly string[], readOnly = false): void {
  const errno = mount(type, target, MS_NOSUID | MS_NODEV | (readOnly ? MS_RDONLY : 0), options);
  if (errno !== 0) throw new MountError(`${type} at ${target}`, errno);
}

/** Mounts what `source` is, a directory or a file, at `target` once more. Throws {@link MountError}. */
export function mountBind(source: string, target: string): void {
  if (libcMount(source, target, null, MS_BIND, null) < 0)
    throw new MountError(`${source} at ${target}`, lastErrno());
}

/**
 * mount(2) as it is: `type` null for a bind or a change of flags, which are those of {@link mountFlags}. 0 or the errno.
 */
export function mountPlain(
  source: string,
  target: string,
  type: string | null,
  flags: number,
  data: string,
): number {
  return libcMount(source, target, type, flags, data === '' ? null : data) < 0 ? lastErrno() : 0;
}

/** Flags of {@link mountPlain}. */
export const mountFlags = {
  readOnly: MS_RDONLY,
  noSuid: MS_NOSUID,
  noDevices: MS_NODEV,
  noExecution: 8,
  remount: 0x20,
  bind: MS_BIND,
  recursive: MS_REC,
  strictTimes: 0x1000000,
  relativeTimes: 0x200000,
} as const;

/** Unmounts what is mounted at `target`; when something still uses it, it goes as soon as that ends. */
export function unmount(target: string): void {
  if (libcUmount2(target, UMOUNT_NOFOLLOW) === 0) return;
  if (lastErrno() === EBUSY && libcUmount2(target, UMOUNT_NOFOLLOW | MNT_DETACH) === 0) return;
  throw new MountError(`unmounting ${target}`, lastErrno());
}

/** Whether root is not the host's root here. */
export function inUserNamespace(): boolean {
  mapped ??= readFileSync('/proc/self/uid_map', 'latin1').trim().split(/\s+/).join(' ') !== '0 0 4294967295';
  return mapped;
}

let mapped: boolean | undefined;

/**
 * Makes `directory`, which must be a mount, the root of this process and of all that share its root; nothing of the old one can be
 * reached. The working directory is the new root. Throws {@link MountError}.
 */
export function enterRoot(directory: string): void {
  enter(directory);
  // The old root comes to lie on the new one, and is taken away from there: no place has to be made for it.
  const here = '.';
  if (libcPivotRoot(SYS_PIVOT_ROOT, here, here) === 0) {
    if (libcUmount2(here, MNT_DETACH) < 0) throw new MountError('leaving the old root', lastErrno());
  } else if (libcMount(here, '/', null, MS_MOVE, null) < 0 || libcChroot(here) < 0) {
    // The first root of all, which is in memory, cannot be exchanged.
    throw new MountError(`${directory} as root`, lastErrno());
  }
  enter('/');
}

function mount(type: string, target: string, flags: number, options: readonly string[]): number {
  const data = options.join(',');
  if (data.length > OPTION_BYTES) throw new MountError(`${type} at ${target}: too many options`, EINVAL);
  return libcMount(type, target, type, flags, data) < 0 ? lastErrno() : 0;
}

function enter(directory: string): void {
  if (libcChdir(directory) < 0) throw new SystemError(lastErrno(), 'chdir', directory);
}

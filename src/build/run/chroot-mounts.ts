// What a runtime mounts for a bundle, done by ourselves in a process that has its own mounts.
import { constants as fsConstants, fstatSync, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import {
  changeModeAt,
  closeDescriptor,
  createFileAt,
  makeNodeAt,
  must,
  O_PATH,
  openDirectory,
  openInRoot,
  symlinkAt,
} from '../../sys/files.js';
import { MountError, mountFlags, mountPlain } from '../../sys/mount.js';
import { MountPoints } from './mount-points.js';
import type { BundleMount } from './oci-bundle.js';

export interface MountRequest {
  /** Becomes a mount itself. */
  readonly root: string;
  readonly mounts: readonly BundleMount[];
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
}

/** Options that are flags; `on: false` takes one back. */
const flagsOf: Readonly<Record<string, { readonly flag: number; readonly on: boolean }>> = {
  ro: { flag: mountFlags.readOnly, on: true },
  rw: { flag: mountFlags.readOnly, on: false },
  nosuid: { flag: mountFlags.noSuid, on: true },
  suid: { flag: mountFlags.noSuid, on: false },
  nodev: { flag: mountFlags.noDevices, on: true },
  dev: { flag: mountFlags.noDevices, on: false },
  noexec: { flag: mountFlags.noExecution, on: true },
  exec: { flag: mountFlags.noExecution, on: false },
  strictatime: { flag: mountFlags.strictTimes, on: true },
  relatime: { flag: mountFlags.relativeTimes, on: true },
  bind: { flag: mountFlags.bind, on: true },
  rbind: { flag: mountFlags.bind | mountFlags.recursive, on: true },
  rro: { flag: mountFlags.readOnly, on: true },
};
/** All mounts here are private. */
const ignored = new Set(['private', 'rprivate', 'slave', 'rslave', 'newinstance']);

/** Name, major and minor number. */
const devices = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
] as const;
const DEVICE_MODE = 0o666;

const links = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['ptmx', 'pts/ptmx'],
] as const;

const { EPERM } = osConstants.errno;
const UNPRIVILEGED = mountFlags.noSuid | mountFlags.noDevices | mountFlags.noExecution;

/** Mounts everything, in order, below the root; what is hidden last. Throws {@link MountError} and RunRequestError. */
export function mountBundle({ root, mounts, maskedPaths = [], readonlyPaths = [] }: MountRequest): void {
  demand(mountPlain(root, root, null, mountFlags.bind, ''), root);
  const fd = must(openDirectory(root), 'open', root);
  try {
    const points = new MountPoints(fd);
    for (const mount of mounts) {
      points.keep(mount.destination, isDirectory(mount) ? 'directory' : 'file');
      mountOne(fd, mount);
      if (mount.destination === '/dev') fillDevices(fd);
    }
    for (const path of readonlyPaths) forbidWriting(fd, path);
    for (const path of maskedPaths) hide(fd, path);
  } finally {
    closeDescriptor(fd);
  }
}

function isDirectory({ type, source }: BundleMount): boolean {
  return type !== 'bind' || statSync(source).isDirectory();
}

function mountOne(root: number, { destination, type, source, options }: BundleMount): void {
  const { flags, data } = parseOptions(options);
  at(root, destination, (target) => {
    if (type === 'bind') return bind(root, destination, source, flags);
    const errno = mountPlain(source, target, type === 'cgroup' ? 'cgroup2' : type, flags, data);
    if (errno === 0 || type === 'cgroup') return undefined;
    // A container may not see these anew where its own view of them is restricted, but it may see them as they are.
    if (errno === EPERM && (type === 'proc' || type === 'sysfs'))
      return bind(
        root,
        destination,
        destination,
        mountFlags.bind | mountFlags.recursive | (type === 'sysfs' ? flags : 0),
      );
    return demand(errno, destination);
  });
}

function bind(root: number, destination: string, source: string, flags: number): void {
  const own = flags & (mountFlags.bind | mountFlags.recursive);
  at(root, destination, (target) =>
    demand(mountPlain(source, target, null, own | mountFlags.bind, ''), destination),
  );
  const rest = flags & ~own;
  if (rest === 0) return;
  // Of what lies there now.
  const change = mountFlags.remount | mountFlags.bind | rest;
  at(root, destination, (target) => demand(mountPlain('none', target, null, change, ''), destination));
}

function parseOptions(options: readonly string[]): { readonly flags: number; readonly data: string } {
  let flags = 0;
  const data: string[] = [];
  for (const option of options) {
    const known = Object.hasOwn(flagsOf, option) ? flagsOf[option] : undefined;
    if (known !== undefined) flags = known.on ? flags | known.flag : flags & ~known.flag;
    else if (!ignored.has(option)) data.push(option);
  }
  return { flags, data: data.join(',') };
}

function fillDevices(root: number): void {
  const directory = must(openInRoot(root, '/dev'), 'open', '/dev');
  try {
    for (const [name, major, minor] of devices) {
      const made = makeNodeAt(directory, name, fsConstants.S_IFCHR | DEVICE_MODE, major, minor);
      if (made === 0) must(changeModeAt(directory, name, DEVICE_MODE), 'chmod', name);
      else {
        closeDescriptor(must(createFileAt(directory, name, DEVICE_MODE), 'open', name));
        bind(root, `/dev/${name}`, `/dev/${name}`, 0);
      }
    }
    for (const [name, target] of links) must(symlinkAt(target, directory, name), 'symlink', name);
  } finally {
    closeDescriptor(directory);
  }
}

function forbidWriting(root: number, path: string): void {
  at(root, path, (target) =>
    bind(root, path, target, mountFlags.bind | mountFlags.recursive | mountFlags.readOnly | UNPRIVILEGED),
  );
}

function hide(root: number, path: string): void {
  at(root, path, (target, isDirectory) => {
    if (isDirectory)
      demand(mountPlain('tmpfs', target, 'tmpfs', mountFlags.readOnly | UNPRIVILEGED, 'size=0'), path);
    else bind(root, path, '/dev/null', 0);
  });
}

/** Calls with a name that means what is at `path` of the root now, wherever its links point; not if there is nothing. */
function at(root: number, path: string, act: (target: string, isDirectory: boolean) => void): void {
  const fd = openInRoot(root, path, O_PATH);
  if (fd < 0) return;
  try {
    act(`/proc/self/fd/${fd}`, fstatSync(fd).isDirectory());
  } finally {
    closeDescriptor(fd);
  }
}

function demand(errno: number, path: string): void {
  if (errno !== 0) throw new MountError(`mounting ${path}`, errno);
}

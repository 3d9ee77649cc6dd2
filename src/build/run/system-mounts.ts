// What is mounted in every RUN: the kernel's file systems, and the files that say which host this is.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../root/account.js';
import { RunRequestError } from './errors.js';
import type { MountPoints } from './mount-points.js';
import type { BundleMount } from './oci-bundle.js';

export interface SystemMountRequest {
  /** Private and short-lived; the generated files are made in it. */
  readonly directory: string;
  readonly hostName: string;
  /** `NAME:ADDRESS`. */
  readonly addHosts: readonly string[];
  /** Bytes. */
  readonly shmSize: number;
  readonly ownNetwork: boolean;
  /** Root here is not root of the host. */
  readonly inUserNamespace: boolean;
  readonly insecure: boolean;
  readonly account: Account;
}

const TERMINAL_GROUP = 5;
const plain = ['nosuid', 'noexec', 'nodev'];

/** Makes the files and the places, and says what is to be mounted there, in this order. */
export function systemMounts(request: SystemMountRequest, points: MountPoints): BundleMount[] {
  const mounts: BundleMount[] = [
    { destination: kernelDirectory('/proc', points), type: 'proc', source: 'proc', options: plain },
    {
      destination: kernelDirectory('/dev', points),
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: terminalOptions() },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...plain, 'mode=1777', `size=${request.shmSize}`],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: plain },
  ];
  const access = request.insecure ? 'rw' : 'ro';
  const sys = kernelDirectory('/sys', points);
  // Of a network that is not its own a user namespace may not see the devices anew.
  if (request.inUserNamespace)
    mounts.push({ destination: sys, type: 'bind', source: '/sys', options: [...plain, 'rbind', 'rro'] });
  else mounts.push({ destination: sys, type: 'sysfs', source: 'sysfs', options: [...plain, access] });
  if (!request.inUserNamespace && existsSync('/sys/fs/cgroup'))
    mounts.push({
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...plain, 'relatime', access],
    });
  for (const [target, content] of hostFiles(request)) {
    const source = join(request.directory, target.replaceAll('/', '-').slice(1));
    writeFileSync(source, content, { mode: 0o644 });
    mounts.push({ destination: points.add(target, 'file'), type: 'bind', source, options: ['bind', 'rw'] });
  }
  return mounts;
}

/** A link there would have the runtime, or what is hidden in it, elsewhere. */
function kernelDirectory(path: string, points: MountPoints): string {
  const real = points.add(path, 'directory');
  if (real !== path) throw new RunRequestError(`${path} of the image is a symbolic link`);
  return real;
}

function terminalOptions(): string[] {
  const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
  return isMapped(TERMINAL_GROUP) ? [...options, `gid=${TERMINAL_GROUP}`] : options;
}

function isMapped(gid: number): boolean {
  return readFileSync('/proc/thread-self/gid_map', 'latin1')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .some(([first = 0, , count = 0]) => gid >= first && gid < first + count);
}

function hostFiles(request: SystemMountRequest): [path: string, content: string][] {
  const name = checkHostName(request.hostName);
  const hosts = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    `127.0.0.1\t${name}`,
    ...request.addHosts.map(hostLine),
  ];
  return [
    ['/etc/hosts', lines(hosts)],
    ['/etc/hostname', lines([name])],
    ['/etc/resolv.conf', resolverConfiguration(request.ownNetwork)],
    ['/run/.containerenv', lines(['engine="imaged"'])],
  ];
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** `NAME:ADDRESS`; addresses of version 6 have colons, too. */
function hostLine(text: string): string {
  const colon = text.indexOf(':');
  const address = text.slice(colon + 1).replace(/^\[(.*)\]$/, '$1');
  if (colon < 1 || !/^[0-9a-fA-F.:%]+$/.test(address)) {
    throw new RunRequestError(`${JSON.stringify(text)} is no host: NAME:ADDRESS`);
  }
  return `${address}\t${checkHostName(text.slice(0, colon))}`;
}

/** The host's; in another network its own address answers no questions. */
function resolverConfiguration(ownNetwork: boolean): string {
  let text: string;
  try {
    text = readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
  return ownNetwork ? text.replaceAll(/^\s*nameserver\s+(127\.|::1).*\n?/gm, '') : text;
}

/** It goes into files of lines. */
function checkHostName(name: string): string {
  if (/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?$/.test(name)) return name;
  throw new RunRequestError(`${JSON.stringify(name)} is no name of a host`);
}

// Who is at the other end of a unix socket.
import { check, declare } from './libc.js';

const solSocket = 1;
const soPeercred = 17;

/** The credentials a unix socket's peer had when it connected. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const getsockopt = declare('int getsockopt(int fd, int level, int option, void *value, _Inout_ uint *size)');

/** SO_PEERCRED of the connected socket `fd`; throws SystemError. */
export function peerCredentials(fd: number): PeerCredentials {
  const credentials = Buffer.alloc(12);
  check(
    getsockopt(fd, solSocket, soPeercred, credentials, [credentials.length]),
    'getsockopt',
    'SO_PEERCRED',
  );
  return {
    pid: credentials.readInt32LE(0),
    uid: credentials.readUInt32LE(4),
    gid: credentials.readUInt32LE(8),
  };
}

const soPeergroups = 59;
/** As many as most users have; the kernel says how many there are where it is more. */
const usualGroups = 64;

/**
 * SO_PEERGROUPS of the connected socket `fd`: the supplementary groups its peer had when it connected. Neither /etc/group, which says what a
 * new session would get, nor /proc/PID/status, which may be another process' by now, tells that. Throws SystemError.
 */
export function peerGroups(fd: number): readonly number[] {
  for (let groups = Buffer.alloc(4 * usualGroups); ;) {
    const size = [groups.length];
    if (getsockopt(fd, solSocket, soPeergroups, groups, size) === 0)
      return Array.from({ length: size[0]! / 4 }, (_, index) => groups.readUInt32LE(4 * index));
    if (size[0]! <= groups.length) check(-1, 'getsockopt', 'SO_PEERGROUPS');
    groups = Buffer.alloc(size[0]!);
  }
}

const soAcceptconn = 30;

/** Is the socket `fd` one that listens, rather than one that is connected? Throws SystemError. */
export function isListening(fd: number): boolean {
  const value = Buffer.alloc(4);
  check(getsockopt(fd, solSocket, soAcceptconn, value, [value.length]), 'getsockopt', `descriptor ${fd}`);
  return value.readInt32LE(0) !== 0;
}

const getsockname = declare('int getsockname(int fd, void *address, _Inout_ uint *size)');
const afUnix = 1;

/**
 * Whether connecting to the socket `fd` takes rights: the mode of its file, or that of a pair that was handed out has an end. Anybody
 * can connect to names of the abstract namespace and to ports. Throws SystemError.
 */
export function isGuarded(fd: number): boolean {
  const address = Buffer.alloc(110);
  const size = [address.length];
  check(getsockname(fd, address, size), 'getsockname', `descriptor ${fd}`);
  const isAbstract = size[0]! > 2 && address[2] === 0;
  return address.readUInt16LE(0) === afUnix && !isAbstract;
}

const ioctl = declare('int ioctl(int fd, unsigned long request, void *value)');
const siocoutq = process.arch === 'ppc64' ? 0x40047473 : 0x5411;

/** Was something sent on the unix socket `fd` that its peer has not read yet? Throws SystemError. */
export function hasUnread(fd: number): boolean {
  const value = Buffer.alloc(4);
  check(ioctl(fd, siocoutq, value), 'ioctl', 'SIOCOUTQ');
  return value.readInt32LE(0) > 0;
}

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

const soAcceptconn = 30;

/** Is the socket `fd` one that listens, rather than one that is connected? Throws SystemError. */
export function isListening(fd: number): boolean {
  const value = Buffer.alloc(4);
  check(getsockopt(fd, solSocket, soAcceptconn, value, [value.length]), 'getsockopt', `descriptor ${fd}`);
  return value.readInt32LE(0) !== 0;
}

const ioctl = declare('int ioctl(int fd, unsigned long request, void *value)');
const siocoutq = process.arch === 'ppc64' ? 0x40047473 : 0x5411;

/** Was something sent on the unix socket `fd` that its peer has not read yet? Throws SystemError. */
export function hasUnread(fd: number): boolean {
  const value = Buffer.alloc(4);
  check(ioctl(fd, siocoutq, value), 'ioctl', 'SIOCOUTQ');
  return value.readInt32LE(0) > 0;
}

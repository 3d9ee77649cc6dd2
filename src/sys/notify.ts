// Telling the service manager that we are ready or stopping: a datagram to NOTIFY_SOCKET, which Node cannot send itself.
import { check, declare } from './libc.js';

const afUnix = 1;
const sockDgram = 2;
const sockCloexec = 0o2000000;
const maxPathBytes = 107;

/** Sends `state`, such as `READY=1`, to the socket at `address` (`/path` or `@abstract`). Throws SystemError. */
export function notify(address: string, state: string): void {
  const path = Buffer.from(address);
  if (path.length > maxPathBytes)
    throw new RangeError(`NOTIFY_SOCKET is longer than ${maxPathBytes} bytes: ${address}`);
  const sockaddr = Buffer.alloc(2 + path.length);
  sockaddr.writeUInt16LE(afUnix, 0);
  path.copy(sockaddr, 2);
  if (path[0] === 0x40) sockaddr[2] = 0;
  const fd: number = check(socket(afUnix, sockDgram | sockCloexec, 0), 'socket', address);
  try {
    const message = Buffer.from(state);
    check(sendto(fd, message, message.length, 0, sockaddr, sockaddr.length), 'sendto', address);
  } finally {
    close(fd);
  }
}

const socket = declare('int socket(int domain, int type, int protocol)');
const sendto = declare(
  'long sendto(int fd, const void *data, ulong length, int flags, const void *to, uint size)',
);
const close = declare('int close(int fd)');

// Sockets in Linux' abstract namespace, under exactly the name that is asked for: Node 20 pads names with NULs.
import { check, declare } from './libc.js';

const afUnix = 1;
const sockStream = 1;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;

const socket = declare('int socket(int domain, int type, int protocol)');
const bind = declare('int bind(int fd, const void *address, uint size)');
const close = declare('int close(int fd)');

/** A socket bound to the name, on which nobody listens yet; returns its descriptor. Throws SystemError. */
export function bindAbstract(name: string): number {
  const family = Buffer.alloc(2);
  family.writeUInt16LE(afUnix);
  const address = Buffer.concat([family, Buffer.from(`\0${name}`)]);
  const fd: number = check(socket(afUnix, sockStream | sockNonblock | sockCloexec, 0), 'socket', `@${name}`);
  try {
    check(bind(fd, address, address.length), 'bind', `@${name}`);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

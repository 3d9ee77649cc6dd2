// Sockets in Linux' abstract namespace, under exactly the name that is asked for: Node 20 pads names with NULs.
import { check, declare } from './libc.js';

const afUnix = 1;
const sockStream = 1;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;

const socket = declare('int socket(int domain, int type, int protocol)');
const bind = declare('int bind(int fd, const void *address, uint size)');
const connect = declare('int connect(int fd, const void *address, uint size)');
const close = declare('int close(int fd)');

/** A socket bound to the name, on which nobody listens yet. Throws SystemError. */
export function bindAbstract(name: string): number {
  return open(name, (fd, address) => bind(fd, address, address.length), 'bind');
}

/** A socket connected to the name. Throws SystemError. */
export function connectAbstract(name: string): number {
  return open(name, (fd, address) => connect(fd, address, address.length), 'connect');
}

function open(name: string, use: (fd: number, address: Buffer) => number, syscall: string): number {
  const family = Buffer.alloc(2);
  family.writeUInt16LE(afUnix);
  const address = Buffer.concat([family, Buffer.from(`\0${name}`)]);
  const fd = check(socket(afUnix, sockStream | sockNonblock | sockCloexec, 0), 'socket', `@${name}`);
  try {
    check(use(fd, address), syscall, `@${name}`);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

// Datagrams to unix sockets, which Node cannot send itself.
import { check, declare, lastErrno, SystemError } from './libc.js';

const afUnix = 1;
const sockDgram = 2;
const sockCloexec = 0o2000000;
const msgNoSignal = 0x4000;
const msgDontWait = 0x40;
const maxPathBytes = 107;

/** The longest address of a unix socket is exceeded. */
export class AddressLengthError extends RangeError {
  override readonly name = 'AddressLengthError';
  readonly code = 'ADDRESS_LENGTH';
}

/** A socket for messages to one address, `/path` or `@abstract`, until {@link close}. */
export class DatagramSocket {
  readonly #address: string;
  readonly #sockaddr: Buffer;
  readonly #fd: number;

  constructor(address: string) {
    const path = Buffer.from(address);
    if (path.length > maxPathBytes)
      throw new AddressLengthError(`longer than ${maxPathBytes} bytes: ${address}`);
    this.#address = address;
    this.#sockaddr = Buffer.alloc(2 + path.length);
    this.#sockaddr.writeUInt16LE(afUnix, 0);
    path.copy(this.#sockaddr, 2);
    if (path[0] === 0x40) this.#sockaddr[2] = 0;
    this.#fd = check(socket(afUnix, sockDgram | sockCloexec, 0), 'socket', address);
  }

  /** Waits until there is room for it unless told not to. Throws SystemError, `EAGAIN` when there is no room. */
  send(message: Buffer, wait = true): void {
    const flags = msgNoSignal | (wait ? 0 : msgDontWait);
    const sent: number = sendto(
      this.#fd,
      message,
      message.length,
      flags,
      this.#sockaddr,
      this.#sockaddr.length,
    );
    if (sent < 0) throw new SystemError(lastErrno(), 'sendto', this.#address);
  }

  close(): void {
    close(this.#fd);
  }
}

const socket = declare('int socket(int domain, int type, int protocol)');
const sendto = declare(
  'long sendto(int fd, const void *data, ulong length, int flags, const void *to, uint size)',
);
const close = declare('int close(int fd)');

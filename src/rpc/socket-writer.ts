// The sending half of a connection.
import type { Socket } from 'node:net';
import { ConnectionClosedError } from './connection-errors.js';
import type { JsonText } from './reusable-reply.js';

/** Up to here copying a reply takes less than gathering its parts in the kernel does. */
const copiedBytes = 64 * 1024;

/** Puts bytes on a socket, and tells its callers to wait while the peer does not read. */
export class SocketWriter {
  readonly #socket: Socket;
  #waiters: ((error?: ConnectionClosedError) => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => {
      for (const done of this.#taken()) done();
    });
    socket.on('close', () => {
      for (const done of this.#taken()) done(new ConnectionClosedError());
    });
  }

  /** Sends a short text. Resolves when the socket can take more. */
  async text(text: string): Promise<void> {
    await this.#drained(this.#open().write(text));
  }

  /**
   * Sends JSON between two short texts. Long JSON is not copied; short is, since one write is cheaper than three.
   * Resolves when the socket can take more.
   */
  async json(before: string, text: JsonText, after: string): Promise<void> {
    const socket = this.#open();
    if (typeof text === 'string') {
      await this.#drained(socket.write(before + text + after));
      return;
    }
    if (text.length <= copiedBytes) {
      await this.#drained(socket.write(Buffer.concat([Buffer.from(before), text, Buffer.from(after)])));
      return;
    }
    socket.cork();
    socket.write(before);
    socket.write(text);
    const ready = socket.write(after);
    socket.uncork();
    await this.#drained(ready);
  }

  /** Sends raw bytes. Resolves when the socket can take more. */
  async bytes(bytes: Uint8Array): Promise<void> {
    await this.#drained(this.#open().write(bytes));
  }

  /** Ends the sending half. */
  end(): void {
    this.#socket.end();
  }

  /**
   * Finds out whether the peer is still there when nothing is read from it: writing nothing to a unix socket fails
   * when the other end is closed, and not when it has only finished sending. The failure closes the socket.
   */
  probe(): void {
    if (this.#socket.writable && this.#socket.writableLength === 0) this.#socket.write('');
  }

  #open(): Socket {
    if (!this.#socket.writable) throw new ConnectionClosedError();
    return this.#socket;
  }

  async #drained(ready: boolean): Promise<void> {
    if (ready) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  #taken(): ((error?: ConnectionClosedError) => void)[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }
}

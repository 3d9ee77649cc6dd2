// The sending half of a connection.
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConnectionClosedError } from './connection-errors.js';
import type { JsonText } from './reusable-reply.js';

/** Messages of one turn are sent in one write, up to about this many characters. */
const batchLength = 64 * 1024;
/** Up to here copying a reply takes less than gathering its parts in the kernel does; bytes. */
const copiedBytes = 64 * 1024;

/** How long a peer may take to read what is left when the connection ends; milliseconds. */
const lingerTime = 5000;

/** Puts messages on a socket, and tells its callers to wait while the peer does not read. */
export class SocketWriter {
  readonly #socket: Socket;
  /** Messages that wait for the end of this turn. */
  #batch = '';
  #waiters: (() => void)[] = [];
  readonly #flushLater = (): void => this.flush();

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = (): void => {
      for (const resolve of this.#waiters.splice(0)) resolve();
    };
    socket.on('drain', wake);
    socket.on('close', wake);
  }

  /**
   * Sends a short text. Resolves when the socket can take more; rejects with {@link ConnectionClosedError} when the
   * peer is gone.
   */
  async text(text: string): Promise<void> {
    this.#open();
    await this.#add(text);
    this.#open();
  }

  /**
   * Sends JSON between two short texts. Gives a promise where the next message has to wait until the peer has read;
   * it resolves, too, when the peer is gone, which is for others to tell.
   */
  json(before: string, text: JsonText, after: string): Promise<void> | undefined {
    if (typeof text === 'string' && text.length < batchLength) return this.#add(before + text + after);
    this.flush();
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    const socket = this.#socket;
    if (!socket.writable) return undefined;
    if (bytes.length <= copiedBytes) {
      socket.write(Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]));
    } else {
      socket.cork();
      socket.write(before);
      socket.write(bytes);
      socket.write(after);
      socket.uncork();
    }
    return this.room();
  }

  /** Whether the peer has to read before more is sent. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Sends raw bytes. Resolves when the socket can take more; rejects with {@link ConnectionClosedError}. */
  async bytes(bytes: Uint8Array): Promise<void> {
    this.flush();
    this.#open();
    if (this.#socket.write(bytes)) return;
    await this.room();
    this.#open();
  }

  /** Sends what waits for the end of the turn. */
  flush(): void {
    const batch = this.#batch;
    if (batch === '') return;
    this.#batch = '';
    if (this.#socket.writable) this.#socket.write(batch);
  }

  /** Ends the sending half. */
  end(): void {
    this.flush();
    this.#socket.end();
  }

  /** Closes the connection once everything is sent. */
  close(): void {
    this.flush();
    this.#socket.destroySoon();
  }

  /** Sends what is left, ends the connection, and resolves when it is closed: soon, even if the peer does not read. */
  async finish(): Promise<void> {
    const socket = this.#socket;
    if (socket.closed) return;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    this.close();
    const linger = setTimeout(() => socket.destroy(), lingerTime);
    await closed;
    clearTimeout(linger);
  }

  /**
   * Finds out whether the peer is still there when nothing is read from it: writing nothing to a unix socket fails
   * when the other end is closed, and not when it has only finished sending. A TCP socket fails only after it has
   * sent something; `blank` is what may be sent. The failure closes the socket.
   */
  probe(blank: string): void {
    if (!this.#socket.writable || this.#socket.writableLength > 0 || this.#batch !== '') return;
    this.#socket.write(this.#socket.remoteFamily === undefined ? '' : blank);
  }

  #open(): void {
    if (!this.#socket.writable) throw new ConnectionClosedError();
  }

  #add(message: string): Promise<void> | undefined {
    if (this.#batch === '') process.nextTick(this.#flushLater);
    this.#batch += message;
    if (this.#batch.length >= batchLength) this.flush();
    else if (!this.#socket.writableNeedDrain) return undefined;
    return this.room();
  }

  /** Resolves when there is room for more or nobody to make it for; not before others had their turn. */
  async room(): Promise<void> {
    await nextTurn();
    if (this.#socket.destroyed || !this.#socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
    });
  }
}

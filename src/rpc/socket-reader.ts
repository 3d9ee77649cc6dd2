// The receiving half of a connection: messages ended by a delimiter, or raw bytes.
import type { Readable } from 'node:stream';
import { ByteQueue } from './byte-queue.js';
import { ProtocolError } from './connection-errors.js';

export interface ReaderLimits {
  /** Bytes of one message. */
  readonly message: number;
  /** Bytes taken from the socket before anybody asks for them. */
  readonly readAhead: number;
}

/** Takes bytes off a socket, or another stream. The socket is paused while more is here than anybody asked for. */
export class SocketReader {
  readonly #socket: Readable;
  readonly #limits: ReaderLimits;
  readonly #queue: ByteQueue;
  #ended = false;
  #wake: (() => void) | undefined;

  /** `delimiter` is the byte that ends a message. `onBlind` is told when reading stops: see {@link blind}. */
  constructor(socket: Readable, limits: ReaderLimits, delimiter: number, onBlind?: () => void) {
    this.#socket = socket;
    this.#queue = new ByteQueue(delimiter);
    this.#limits = limits;
    socket.on('data', (bytes: Buffer) => {
      const awaited = this.#wake !== undefined;
      this.#queue.push(bytes);
      this.#notify();
      if (awaited || this.#queue.size < limits.readAhead) return;
      socket.pause();
      onBlind?.();
    });
    const end = (): void => {
      this.#ended = true;
      this.#notify();
    };
    socket.on('end', end);
    if (onBlind !== undefined) socket.on('end', onBlind);
    socket.on('close', end);
  }

  /** Whether nothing is being read, so that the end of the connection would go unnoticed. */
  get blind(): boolean {
    return this.#ended || this.#socket.isPaused();
  }

  /** Bytes that have arrived and were not taken. */
  get size(): number {
    return this.#queue.size;
  }

  /** Whether the peer sends no more. What it sent before may still be here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next message without its delimiter, if it is here. Throws {@link ProtocolError} for one that is too long. */
  take(): Buffer | undefined {
    const message = this.#queue.message();
    if ((message?.length ?? this.#queue.size) > this.#limits.message)
      throw new ProtocolError(`a message is longer than ${this.#limits.message} bytes`);
    return message;
  }

  /** Calls `wake` once, when more bytes or the end have come. There is one waiter; a later one takes its place. */
  wait(wake: () => void): void {
    this.#wake = wake;
    this.#socket.resume();
  }

  /**
   * The next message without its delimiter; undefined when the peer sends no more. A message that was not finished then is
   * dropped. Throws {@link ProtocolError} for one that is too long.
   */
  async message(): Promise<Buffer | undefined> {
    for (;;) {
      const message = this.take();
      if (message !== undefined || !(await this.more())) return message;
    }
  }

  /** Raw bytes as they come, `limit` at most; ends early when the peer sends no more. */
  async *bytes(limit = Infinity): AsyncGenerator<Buffer, void, void> {
    for (let left = limit; left > 0;) {
      if (this.#queue.size > 0) {
        const bytes = this.#queue.bytes(left);
        left -= bytes.length;
        yield bytes;
      } else if (!(await this.more())) {
        return;
      }
    }
  }

  /** Waits for more bytes or the end; false after the end. */
  async more(): Promise<boolean> {
    if (this.#ended) return false;
    await new Promise<void>((resolve) => this.wait(resolve));
    return true;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

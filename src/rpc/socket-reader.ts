// The receiving half of a connection: messages ended by a delimiter, or raw bytes.
import type { Socket } from 'node:net';
import { ByteQueue } from './byte-queue.js';
import { ProtocolError } from './connection-errors.js';

export interface ReaderLimits {
  /** Bytes of one message. */
  readonly message: number;
  /** Bytes taken from the socket before anybody asks for them. */
  readonly readAhead: number;
}

/** Takes bytes off a socket. The socket is paused while more is here than anybody asked for. */
export class SocketReader {
  readonly #socket: Socket;
  readonly #limits: ReaderLimits;
  readonly #queue: ByteQueue;
  #ended = false;
  #wake: (() => void) | undefined;

  /** `delimiter` is the byte that ends a message. */
  constructor(socket: Socket, limits: ReaderLimits, delimiter: number) {
    this.#socket = socket;
    this.#queue = new ByteQueue(delimiter);
    this.#limits = limits;
    socket.on('data', (bytes: Buffer) => {
      const awaited = this.#wake !== undefined;
      this.#queue.push(bytes);
      this.#notify();
      if (!awaited && this.#queue.size >= limits.readAhead) socket.pause();
    });
    const end = (): void => {
      this.#ended = true;
      this.#notify();
    };
    socket.on('end', end);
    socket.on('close', end);
  }

  /** Whether nothing is being read, so that the end of the connection would go unnoticed. */
  get blind(): boolean {
    return this.#ended || this.#socket.isPaused();
  }

  /** Whether a message has begun to arrive and not ended. */
  get unfinished(): boolean {
    return this.#queue.size > 0;
  }

  /** Whether the peer sends no more. What it sent before may still be here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next message without its delimiter, if it is here. Throws {@link ProtocolError} for one that is too long. */
  take(): Buffer | undefined {
    if (this.#queue.messageSize() > this.#limits.message)
      throw new ProtocolError(`a message is longer than ${this.#limits.message} bytes`);
    return this.#queue.message();
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
      if (message !== undefined) return message;
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  /** Raw bytes as they come, `limit` at most; ends early when the peer sends no more. */
  async *bytes(limit = Infinity): AsyncGenerator<Buffer, void, void> {
    for (let left = limit; left > 0;) {
      if (this.#queue.size > 0) {
        const bytes = this.#queue.bytes(left);
        left -= bytes.length;
        yield bytes;
      } else if (this.#ended) {
        return;
      } else {
        await this.#more();
      }
    }
  }

  /** Waits for bytes or the end. */
  async #more(): Promise<void> {
    await new Promise<void>((resolve) => this.wait(resolve));
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

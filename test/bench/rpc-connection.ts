// The cheapest client there is: it counts the messages that arrive and looks into none but the first.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { type Door, delimiterOf } from './rpc-wire.js';

/** Bytes taken from the socket at a time. */
const readSize = 256 * 1024;

export class LoadConnection {
  readonly #socket: Socket;
  readonly #delimiter: number;
  #first: Buffer[] | undefined = [];
  #failed: Error | undefined;
  /** Messages and bytes that have arrived. */
  messages = 0;
  bytes = 0;
  /** Told how many messages were completed by what has arrived. */
  onMessages: (count: number) => void = () => {};
  onFailure: (error: Error) => void = () => {};

  private constructor(path: string, door: Door) {
    this.#delimiter = delimiterOf(door);
    this.#socket = connect({
      path,
      onread: {
        buffer: Buffer.alloc(readSize),
        callback: (length, buffer) => this.#take((buffer as Buffer).subarray(0, length)),
      },
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error(`the server closed the connection to ${path}`)));
  }

  /** Connects to a `unix:` address. */
  static async open(address: string, door: Door): Promise<LoadConnection> {
    const connection = new LoadConnection(address.replace(/^unix:/, ''), door);
    await once(connection.#socket, 'connect');
    return connection;
  }

  send(requests: Buffer): void {
    this.#socket.write(requests);
  }

  /** Sends a request and resolves when `count` messages have come. */
  async receive(requests: Buffer, count: number): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    const end = this.messages + count;
    await new Promise<void>((resolve, reject) => {
      this.onFailure = reject;
      this.onMessages = () => {
        if (this.messages >= end) resolve();
      };
      this.#socket.write(requests);
    });
  }

  /** The first message that came, in full. */
  get first(): string {
    return Buffer.concat(this.#first ?? []).toString();
  }

  close(): void {
    this.#failed = new Error('closed');
    this.#socket.destroy();
  }

  #take(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    let count = 0;
    for (let at = chunk.indexOf(this.#delimiter); at >= 0; at = chunk.indexOf(this.#delimiter, at + 1)) {
      if (this.messages === 0 && count === 0) this.#first?.push(Buffer.from(chunk.subarray(0, at)));
      count += 1;
    }
    if (this.messages === 0 && count === 0) this.#first?.push(Buffer.from(chunk));
    this.messages += count;
    if (count > 0) this.onMessages(count);
    return true;
  }

  #fail(error: Error): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    this.onFailure(error);
  }
}

// The other end of a bridge: a connection to a service, as messages or as bytes.
import type { Writable } from 'node:stream';
import type { Link } from '../../src/rpc/connect.js';
import { openLink } from '../../src/rpc/connect.js';
import { defaultLimits } from '../../src/rpc/limits.js';
import { Reader } from '../../src/rpc/varlink/reader.js';
import { Writer } from '../../src/rpc/varlink/writer.js';
import { imagedBridge } from '../connect.js';
import { notConnected } from '../connection.js';
import { CommandError } from '../errors.js';
import { write } from './stdio.js';

/** What a service may send in one message is its client's to judge. */
const limits = { message: Infinity, readAhead: defaultLimits.readAhead };

export class BridgedService {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly #link: Link;
  readonly #signal: AbortSignal;
  readonly #abort = (): void => void this.#link.socket.destroy();

  /** Connects; the connection ends when `signal` is aborted. Throws {@link CommandError}. */
  static async open(address: string, signal: AbortSignal): Promise<BridgedService> {
    try {
      return new BridgedService(await openLink(address, { signal, bridge: imagedBridge }), signal);
    } catch (error) {
      throw notConnected(address, error);
    }
  }

  private constructor(link: Link, signal: AbortSignal) {
    this.#link = link;
    this.#signal = signal;
    this.reader = new Reader(link.socket, limits);
    this.writer = new Writer(link.socket);
    // The end of what is read is what counts.
    link.socket.on('error', () => {});
    link.socket.on('end', () => link.socket.end());
    signal.addEventListener('abort', this.#abort);
  }

  /** Tells when the connection has ended. */
  onEnd(tell: () => void): void {
    this.#link.socket.once('close', tell);
  }

  /** Whether calls can still be sent. */
  get open(): boolean {
    return this.#link.socket.writable && !this.reader.ended;
  }

  /**
   * Passes bytes on in both directions until the service has sent all it has. The end of the input is passed on, too:
   * the service may still have something to say.
   */
  async forward(input: AsyncIterable<Uint8Array>, output: Writable): Promise<void> {
    // When it fails the service is gone, and so is what it says.
    this.#send(input).catch(() => {});
    for await (const bytes of this.reader.bytes()) await write(output, bytes, this.#signal);
  }

  /** Ends the connection. Throws {@link CommandError} if a program was at its end, and failed. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#abort);
    await this.writer.finish();
    const said = (await this.#link.ended) ?? '';
    if (said !== '') throw new CommandError(said);
  }

  async #send(input: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of input) await this.writer.bytes(bytes);
    this.writer.end();
  }
}

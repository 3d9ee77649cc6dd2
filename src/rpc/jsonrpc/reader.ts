// The receiving half of a connection: JSON values, one to a line.
import type { Socket } from 'node:net';
import { parse } from 'ndjson';
import { ProtocolError } from '../connection-errors.js';
import { decodeText } from '../json.js';
import type { ReaderLimits } from '../socket-reader.js';
import { SocketReader } from '../socket-reader.js';

const newline = 0x0a;

/**
 * Takes lines off a socket and has ndjson parse them. It gets whole lines only: fed with pieces it would look through
 * a long line again for each, take any length, and put replacement characters where bytes are no UTF-8.
 */
export class Reader extends SocketReader {
  readonly #depth: number;
  readonly #parser: ReturnType<typeof parse>;
  #value: unknown;
  #problem: unknown;

  constructor(socket: Socket, limits: ReaderLimits & { readonly depth: number }, onBlind?: () => void) {
    super(socket, limits, newline, onBlind);
    this.#depth = limits.depth;
    // The types leave out that options go on to the stream: text goes in, and is not to be encoded for it.
    this.#parser = parse({ decodeStrings: false } as Parameters<typeof parse>[0]);
    // Both are emitted within write().
    this.#parser.on('data', (value: unknown) => {
      this.#value = value;
    });
    this.#parser.on('error', (error: unknown) => {
      this.#problem = error;
    });
  }

  /** The value on a line; undefined if the line is empty. Throws {@link ProtocolError} if there is none. */
  parse(line: Buffer): unknown {
    const text = decodeText(line, this.#depth);
    // To a stream null is the end; ndjson would take nothing more.
    if (/^[ \t\r]*null[ \t\r]*$/.test(text)) return null;
    this.#value = undefined;
    this.#problem = undefined;
    this.#parser.write(`${text}\n`);
    // What ndjson says of it has a piece of the line in it.
    if (this.#problem !== undefined) throw new ProtocolError('a line is not JSON');
    const value = this.#value;
    this.#value = undefined;
    return value;
  }
}

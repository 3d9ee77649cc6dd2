// Unzipping with ISA-L, where it is installed: it takes half the time of zlib.
import { gzipSync } from 'node:zlib';
import { declareIsal } from './isal.js';
import { addressOf, type NativeFunction } from './libc.js';

/*
 * The state is a C struct of which only the first members and two later ones are touched: next_out, avail_out, total_out,
 * next_in, read_in, avail_in, …, block_state, …, crc_flag. It has the same layout in all versions with this soname;
 * before the library is used at all, a small text has to come out of it right.
 */
const STATE_BYTES = 128 * 1024;
const NEXT_OUT = 0;
const AVAILABLE_OUT = 8;
const NEXT_IN = 16;
const AVAILABLE_IN = 32;
const BLOCK_STATE = 21160;
const CHECKSUM = 21172;
/** The checksum behind the data is that of gzip, and is checked. */
const GZIP = 1;
/** The state of a stream whose end was read and of which nothing is left to give out. */
const FINISHED = 5;

const problems: Readonly<Record<number, string>> = {
  [-1]: 'invalid block',
  [-2]: 'invalid code',
  [-3]: 'invalid distance too far back',
  [-4]: 'incorrect header check',
  [-5]: 'unknown compression method',
  [-6]: 'incorrect data check',
};

interface Isal {
  readonly start: NativeFunction;
  readonly reset: NativeFunction;
  readonly inflate: NativeFunction;
}

/** Data that is not gzip, or is damaged. */
export class InflateError extends Error {
  override readonly name = 'InflateError';
  readonly code = 'INFLATE';
}

/** Unzips one gzip member after the other. Input and output are given in pieces, of which one is used at a time. */
export class Igzip {
  readonly #isal: Isal;
  readonly #state = Buffer.alloc(STATE_BYTES);
  #input: Buffer = Buffer.alloc(0);

  /** Whether the library is there, and works. */
  static get available(): boolean {
    return isalIfThere() !== undefined;
  }

  /** To be called only where it is {@link available}. */
  constructor(isal: Isal | undefined = isalIfThere()) {
    if (isal === undefined) throw new Error('ISA-L is not installed');
    this.#isal = isal;
    isal.start(this.#state);
    this.#state.writeUInt32LE(GZIP, CHECKSUM);
  }

  /** Bytes of the input that were not used yet. */
  get unread(): number {
    return this.#state.readUInt32LE(AVAILABLE_IN);
  }

  /** Whether the end of a member was reached, its checksum right, and all of it given out. */
  get ended(): boolean {
    return this.#state.readUInt32LE(BLOCK_STATE) === FINISHED;
  }

  /** The next input; what there was before must be used up. It must not change meanwhile. */
  feed(input: Buffer): void {
    this.#input = input;
    this.#state.writeBigUInt64LE(addressOf(input), NEXT_IN);
    this.#state.writeUInt32LE(input.length, AVAILABLE_IN);
  }

  /** The first byte of the input that was not used. */
  peek(): number | undefined {
    return this.#input[this.#input.length - this.unread];
  }

  /** What is left of the input begins another member. */
  reset(): void {
    this.#isal.reset(this.#state);
  }

  /** Unzips to `output` from `start` on, on a thread of the pool; returns how many bytes. Throws {@link InflateError}. */
  inflate(output: Buffer, start: number): Promise<number> {
    this.#aim(output, start);
    return new Promise((resolve, reject) => {
      this.#isal.inflate.async(this.#state, (error: Error | null, result: number) => {
        if (error !== null) reject(error);
        else if (result < 0) reject(failure(result));
        // This also keeps the output from being collected before.
        else resolve(this.#given(output, start));
      });
    });
  }

  /** The same on this thread. */
  inflateSync(output: Buffer, start: number): number {
    this.#aim(output, start);
    const result = this.#isal.inflate(this.#state) as number;
    if (result < 0) throw failure(result);
    return this.#given(output, start);
  }

  #aim(output: Buffer, start: number): void {
    this.#state.writeBigUInt64LE(addressOf(output) + BigInt(start), NEXT_OUT);
    this.#state.writeUInt32LE(output.length - start, AVAILABLE_OUT);
  }

  #given(output: Buffer, start: number): number {
    return output.length - start - this.#state.readUInt32LE(AVAILABLE_OUT);
  }
}

function failure(result: number): InflateError {
  return new InflateError(problems[result] ?? `error ${result}`);
}

let found: Isal | undefined;
let looked = false;

function isalIfThere(): Isal | undefined {
  if (looked) return found;
  looked = true;
  const isal = declareIsal((declare) => ({
    start: declare('void isal_inflate_init(void* state)'),
    reset: declare('void isal_inflate_reset(void* state)'),
    inflate: declare('int isal_inflate(void* state)'),
  }));
  if (isal !== undefined && works(isal)) found = isal;
  return found;
}

/** Whether the state is laid out as it is taken to be. */
function works(isal: Isal): boolean {
  const text = Buffer.from('the same again, the same again, and then the end');
  const zipped = gzipSync(text);
  const output = Buffer.alloc(2 * text.length);
  const stream = new Igzip(isal);
  stream.feed(zipped.subarray(0, 15));
  const first = stream.inflateSync(output, 0);
  if (stream.ended) return false;
  stream.feed(Buffer.concat([zipped.subarray(15), Buffer.from('more')]));
  const second = stream.inflateSync(output, first);
  return stream.ended && stream.unread === 4 && output.subarray(0, first + second).equals(text);
}

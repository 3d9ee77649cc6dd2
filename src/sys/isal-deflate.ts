// Zipping with ISA-L, where it is installed: several times faster than zlib.
import { crc32 as zlibCrc32, constants, inflateRawSync } from 'node:zlib';
import { declareIsal } from './isal.js';
import { addressOf, type NativeFunction } from './libc.js';

/*
 * The stream is a C struct of which only the first members are touched: next_in, avail_in, total_in, next_out, avail_out,
 * total_out, hufftables, level, level_buf_size, level_buf, end_of_stream, flush, gzip_flag, hist_bits. It has the same layout
 * in all versions with this soname; before the library is used at all, a small text has to come out of it right.
 */
const STREAM_BYTES = 256 * 1024;
const NEXT_IN = 0;
const AVAILABLE_IN = 8;
const NEXT_OUT = 16;
const AVAILABLE_OUT = 24;
const LEVEL = 40;
const WORKSPACE_BYTES_AT = 44;
const WORKSPACE_AT = 48;
const END_OF_STREAM = 56;
const FLUSH = 58;
/** What was written ends with a byte, and what follows does not refer to it. */
const FULL_FLUSH = 2;
/** Of three: the third saves a fiftieth more and takes twice the time. */
const GOOD_LEVEL = 2;
/** Not less than the level needs; with more the codes change less often, and fit less well. */
const WORKSPACE_BYTES = 128 * 1024;

interface Isal {
  readonly start: NativeFunction;
  readonly deflate: NativeFunction;
  readonly crc32: NativeFunction;
}

/** Zips blocks, one at a time, to pieces of a deflate stream that stand one behind the other. */
export class IsalDeflate {
  readonly #isal: Isal;
  readonly #stream = Buffer.alloc(STREAM_BYTES);
  readonly #workspace = Buffer.allocUnsafeSlow(WORKSPACE_BYTES);
  #output = Buffer.alloc(0);

  /** Whether the library is there, and works. */
  static get available(): boolean {
    return isalIfThere() !== undefined;
  }

  /** To be called only where it is {@link available}. */
  constructor(isal: Isal | undefined = isalIfThere()) {
    if (isal === undefined) throw new Error('ISA-L is not installed');
    this.#isal = isal;
  }

  /** Zips `input` on a thread of the pool; it must not change meanwhile. The result is valid until the next call. */
  deflate(input: Buffer): Promise<Buffer> {
    this.#aim(input);
    return new Promise((resolve, reject) => {
      this.#isal.deflate.async(this.#stream, (error: Error | null, result: number) => {
        if (error !== null) reject(error);
        else resolve(this.#given(input, result));
      });
    });
  }

  /** The same on this thread. */
  deflateSync(input: Buffer): Buffer {
    this.#aim(input);
    return this.#given(input, this.#isal.deflate(this.#stream) as number);
  }

  #aim(input: Buffer): void {
    const stream = this.#stream;
    // What cannot be made smaller is stored, with a few bytes for every 64 KiB.
    const most = input.length + (input.length >> 3) + 4096;
    if (this.#output.length < most) this.#output = Buffer.allocUnsafeSlow(most);
    this.#isal.start(stream);
    stream.writeBigUInt64LE(addressOf(input), NEXT_IN);
    stream.writeUInt32LE(input.length, AVAILABLE_IN);
    stream.writeBigUInt64LE(addressOf(this.#output), NEXT_OUT);
    stream.writeUInt32LE(this.#output.length, AVAILABLE_OUT);
    stream.writeUInt32LE(GOOD_LEVEL, LEVEL);
    stream.writeUInt32LE(WORKSPACE_BYTES, WORKSPACE_BYTES_AT);
    stream.writeBigUInt64LE(addressOf(this.#workspace), WORKSPACE_AT);
    stream.writeUInt16LE(0, END_OF_STREAM);
    stream.writeUInt16LE(FULL_FLUSH, FLUSH);
  }

  // Being given the input also keeps it from being collected before.
  #given(input: Buffer, result: number): Buffer {
    if (result !== 0 || this.#stream.readUInt32LE(AVAILABLE_IN) !== 0) {
      throw new Error(`ISA-L cannot zip ${input.length} bytes: ${result}`);
    }
    return this.#output.subarray(0, this.#output.length - this.#stream.readUInt32LE(AVAILABLE_OUT));
  }
}

/** The CRC-32 of gzip: that of `bytes` behind what had the sum `before`. */
export function crc32(bytes: Buffer, before: number): number {
  const isal = isalIfThere();
  return isal === undefined ? zlibCrc32(bytes, before) : (isal.crc32(before, bytes, bytes.length) as number);
}

let found: Isal | undefined;
let looked = false;

function isalIfThere(): Isal | undefined {
  if (looked) return found;
  looked = true;
  const isal = declareIsal((declare) => ({
    start: declare('void isal_deflate_stateless_init(void* stream)'),
    deflate: declare('int isal_deflate_stateless(void* stream)'),
    crc32: declare('uint32_t crc32_gzip_refl(uint32_t sum, const void* bytes, uint64_t length)'),
  }));
  if (isal !== undefined && works(isal)) found = isal;
  return found;
}

/** Whether the stream is laid out as it is taken to be. */
function works(isal: Isal): boolean {
  const text = Buffer.from('the same again, the same again, and then the end');
  const zipped = Buffer.from(new IsalDeflate(isal).deflateSync(text));
  try {
    const twice = inflateRawSync(Buffer.concat([zipped, zipped]), { finishFlush: constants.Z_SYNC_FLUSH });
    return twice.equals(Buffer.concat([text, text])) && isal.crc32(0, text, text.length) === zlibCrc32(text);
  } catch {
    return false;
  }
}

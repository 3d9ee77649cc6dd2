// The records of a recipe (tar-split, containers-storage-format §7), one JSON object to a line.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { TarSplitError } from './errors.js';

/** Raw bytes of the tar in base64, or a file whose content comes next. */
export type RecipeRecord =
  | { readonly kind: 'segment'; readonly payload: string }
  | {
      readonly kind: 'file';
      /** latin1. */
      readonly name: string;
      readonly size: number;
      /** base64 of the CRC-64. */
      readonly checksum: string;
    };

interface Fields {
  readonly type?: unknown;
  readonly name?: string;
  readonly name_raw?: string;
  readonly size?: number;
  readonly payload?: string | null;
}

const CHUNK_BYTES = 256 * 1024;
/** A segment has a mebibyte at most, a name one more. */
const LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const segmentStart = Buffer.from('{"type":2,"payload":"');

/** The unzipped bytes of a recipe in chunks. Throws the errors of reading and of zlib. */
export async function* recipeBytes(path: string): AsyncGenerator<Buffer, void> {
  const file = createReadStream(path);
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/** Cuts what it is given into records. */
export class RecipeRecords {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  push(chunk: Buffer): void {
    const rest = this.#bytes.subarray(this.#at);
    if (rest.length > LINE_BYTES) throw new TarSplitError('a record is too long');
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** The next one; undefined when more has to be pushed first. Throws {@link TarSplitError}. */
  next(): RecipeRecord | undefined {
    for (;;) {
      const start = this.#at;
      const end = this.#bytes.indexOf(NEWLINE, start);
      if (end < 0) return undefined;
      this.#at = end + 1;
      if (end > start) return this.#segment(start, end) ?? parsed(this.#bytes.toString('utf8', start, end));
    }
  }

  /** What all writers make of raw bytes, which is half of a recipe, is read without a parser. */
  #segment(start: number, end: number): RecipeRecord | undefined {
    const from = start + segmentStart.length;
    if (from > end || this.#bytes.compare(segmentStart, 0, segmentStart.length, start, from) !== 0)
      return undefined;
    const to = this.#bytes.indexOf(QUOTE, from);
    if (to < 0 || to > end) return undefined;
    const payload = this.#bytes.toString('latin1', from, to);
    return payload.includes('\\') ? undefined : { kind: 'segment', payload };
  }
}

function parsed(line: string): RecipeRecord {
  let fields: Fields;
  try {
    fields = JSON.parse(line) as Fields;
  } catch (cause) {
    throw new TarSplitError('a record is no JSON', { cause });
  }
  if (fields.type === 2) return { kind: 'segment', payload: fields.payload ?? '' };
  if (fields.type !== 1) throw new TarSplitError(`unknown record type ${String(fields.type)}`);
  const { name, name_raw: raw = '', size = 0, payload } = fields;
  const bytes = name === undefined ? Buffer.from(raw, 'base64') : Buffer.from(name);
  return { kind: 'file', name: bytes.toString('latin1'), size, checksum: payload ?? '' };
}

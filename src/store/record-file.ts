// The JSON files of the store: arrays of records, replaced as a whole, of which we change only what we mean to change.
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreUnreadableError } from './errors.js';

/** A record as parsed, with all fields, known or not. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** One record of a file: what it says, what we understand of it, and its text, which is written back as it is. */
export interface StoredRecord<T> {
  readonly raw: RawRecord;
  readonly value: T;
  readonly bytes: Buffer;
}

/** The records of a file in its order. */
export type Records<T> = readonly StoredRecord<T>[];

/** What is understood of a record; undefined for one that makes no sense, which is kept nevertheless. */
export type Decode<T> = (raw: RawRecord) => T;

/** Milliseconds of parsing after which the event loop gets a turn. */
const SLICE_MS = 8;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const openBracket = Buffer.from('[');
const closeBracket = Buffer.from(']');
const comma = Buffer.from(',');
const empty: readonly never[] = [];
// Go writes a record's id first and no blanks. A quote inside a string is escaped, so this text is always structure.
const boundary = Buffer.from('},{"id":');

/** The record made of `raw`. */
export function makeRecord<T>(raw: RawRecord, decode: Decode<T>): StoredRecord<T> {
  return { raw, value: decode(raw), bytes: Buffer.from(JSON.stringify(raw)) };
}

/**
 * Reads a file; one that is missing or empty has no records. Records whose text is the same as in `previous` at the
 * beginning or the end of the file are taken from there, objects and all: after a change of one record of thousands,
 * only that one is parsed. Throws {@link StoreUnreadableError}.
 */
export async function readRecords<T>(
  path: string,
  decode: Decode<T>,
  previous: Records<T> = [],
): Promise<Records<T>> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty;
    throw new StoreUnreadableError(path, (error as Error).message, { cause: error });
  }
  if (bytes.length === 0) return empty;
  return (await parseByRecord(bytes, decode, previous)) ?? parseWhole(path, bytes, decode);
}

/** New content of a file that waits to take its place. */
export interface PreparedFile<T> {
  readonly records: Records<T>;
  /** Replaces the file, atomically. */
  place(): Promise<void>;
}

/**
 * Writes the future content of the file `path` to `temporary` on the same file system, mode 0600. With `durable` it has
 * reached the disk before this resolves. Nothing is left behind if it fails.
 */
export async function prepareRecords<T>(
  path: string,
  records: Records<T>,
  temporary: string,
  durable = true,
): Promise<PreparedFile<T>> {
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(textOf(records));
      if (durable) await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { records, place: () => rename(temporary, path) };
}

/** Replaces a file atomically, by way of a temporary file beside it. */
export async function writeRecords<T>(path: string, records: Records<T>, durable = true): Promise<void> {
  const random = randomBytes(5).readUIntBE(0, 5);
  const prepared = await prepareRecords(
    path,
    records,
    join(dirname(path), `.tmp-${basename(path)}${random}`),
    durable,
  );
  await prepared.place();
}

function textOf<T>(records: Records<T>): Buffer {
  const pieces: Buffer[] = [];
  for (const { bytes } of records) pieces.push(pieces.length === 0 ? openBracket : comma, bytes);
  if (pieces.length === 0) pieces.push(openBracket);
  pieces.push(closeBracket);
  return Buffer.concat(pieces);
}

/** Parses record by record in slices of time; undefined if the file is not laid out the way Go writes it. */
async function parseByRecord<T>(
  bytes: Buffer,
  decode: Decode<T>,
  previous: Records<T>,
): Promise<Records<T> | undefined> {
  const end = bytes.length - 1;
  if (bytes[0] !== OPEN_BRACKET || bytes[end] !== CLOSE_BRACKET) return undefined;
  if (end === 1) return empty;
  let start = 1;
  let first = 0;
  for (let known = previous[first]; known !== undefined; known = previous[first]) {
    const next = start + known.bytes.length;
    if (next > end || !known.bytes.equals(bytes.subarray(start, next))) break;
    if (next === end) return first + 1 === previous.length ? previous : previous.slice(0, first + 1);
    if (bytes[next] !== COMMA) break;
    start = next + 1;
    first += 1;
  }
  if (start === end) return undefined; // a comma before the bracket
  let stop = end;
  let last = previous.length;
  for (let known = previous[last - 1]; last > first && known !== undefined; known = previous[last - 1]) {
    const from = stop - known.bytes.length;
    if (from < start || !known.bytes.equals(bytes.subarray(from, stop))) break;
    if (from > start && bytes[from - 1] !== COMMA) break;
    stop = Math.max(start, from - 1);
    last -= 1;
  }
  // A copy, or one record would keep the text of the whole file alive.
  const changed = await parseRange(Buffer.from(bytes.subarray(start, stop)), decode);
  return changed && [...previous.slice(0, first), ...changed, ...previous.slice(last)];
}

async function parseRange<T>(bytes: Buffer, decode: Decode<T>): Promise<StoredRecord<T>[] | undefined> {
  const records: StoredRecord<T>[] = [];
  let sliceStart = performance.now();
  for (let from = 0; from < bytes.length;) {
    const found = bytes.indexOf(boundary, from);
    const to = found === -1 ? bytes.length : found + 1;
    const text = bytes.subarray(from, to);
    let raw: unknown;
    try {
      raw = JSON.parse(text.toString('utf8'));
    } catch {
      return undefined; // the boundary was that of a nested object, or the file is damaged
    }
    if (!isRecord(raw)) return undefined;
    records.push({ raw, value: decode(raw), bytes: text });
    from = to + 1;
    if (performance.now() - sliceStart > SLICE_MS) {
      await nextTurn();
      sliceStart = performance.now();
    }
  }
  return records;
}

function parseWhole<T>(path: string, bytes: Buffer, decode: Decode<T>): Records<T> {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const reason = `not valid JSON (${(error as Error).message}); restore it from a backup, or move it away and pull again`;
    throw new StoreUnreadableError(path, reason, { cause: error });
  }
  if (content === null) return empty; // what Go makes of a list that was never filled
  if (!Array.isArray(content) || !content.every(isRecord)) {
    throw new StoreUnreadableError(
      path,
      'not a list of records; restore it from a backup, or move it away and pull again',
    );
  }
  return content.map((raw) => makeRecord(raw, decode));
}

function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Writes the recipe of a layer's tar (tar-split, containers-storage-format §7) while the layer is unpacked.
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Gzip } from 'node:zlib';
import { createGzip } from 'node:zlib';
import { createCrc64 } from './tar-split-crc64.js';

/** The longest segment; more raw bytes in a row become several. */
const SEGMENT_BYTES = 1024 * 1024;
/** Lines are handed to gzip in pieces of about this size. */
const BATCH_BYTES = 256 * 1024;
/** Longer base64 is appended in pieces, so that a batch never has to hold a whole segment. */
const PIECE_BYTES = 48 * 1024;

const plainName = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * Takes the bytes of a tar as an archive reader's observer gets them (`raw`, `entry`, `content`, `end`, `ready`) and writes
 * the compressed recipe to a new file. `finish` after `end`, or `abandon`.
 */
export class TarSplitWriter {
  readonly #fd: number;
  readonly #gzip: Gzip;
  readonly #crc = createCrc64();
  readonly #crcBytes = Buffer.alloc(8);
  /** Raw bytes since the last record. */
  #pending = Buffer.allocUnsafe(16 * 1024);
  #pendingBytes = 0;
  #batch = Buffer.allocUnsafe(BATCH_BYTES);
  #batchBytes = 0;
  #position = 0;
  /** The file record that waits for its content. */
  #name = '';
  #size = 0;
  #remaining = 0;
  #failure: unknown;
  #open = true;

  /** Makes the file at `path`, 0600; throws the errors of `openSync`, EEXIST among them. */
  constructor(path: string) {
    this.#fd = openSync(path, 'wx', 0o600);
    this.#gzip = createGzip({ level: 1, chunkSize: 64 * 1024 });
    this.#gzip.on('data', (chunk: Buffer) => this.#store(chunk));
    this.#gzip.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** Bytes of the tar that are no content. */
  raw(bytes: Buffer, start: number, end: number): void {
    for (let from = start; from < end;) {
      if (this.#pendingBytes === SEGMENT_BYTES) this.#segment();
      const to = Math.min(end, from + SEGMENT_BYTES - this.#pendingBytes);
      if (this.#pendingBytes + to - from > this.#pending.length) this.#growPending(to - from);
      bytes.copy(this.#pending, this.#pendingBytes, from, to);
      this.#pendingBytes += to - from;
      from = to;
    }
  }

  /** The entry whose header is in the raw bytes so far; `name` is latin1. */
  entry(name: string, size: number): void {
    this.#segment();
    this.#name = name;
    this.#size = size;
    this.#remaining = size;
    if (size === 0) this.#file();
    else this.#crc.reset();
  }

  content(bytes: Buffer, start: number, end: number): void {
    this.#crc.update(bytes, start, end);
    this.#remaining -= end - start;
    if (this.#remaining === 0) this.#file();
  }

  /** The tar is complete. */
  end(): void {
    if (this.#pendingBytes > 0) this.#segment();
  }

  /** A promise while gzip has more than it can take. */
  ready(): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#gzip.writableNeedDrain) return undefined;
    return once(this.#gzip, 'drain').then(() => undefined);
  }

  /** Writes what is left and closes the file. Throws what writing failed with (ENOSPC …). */
  async finish(): Promise<void> {
    this.#flush();
    const ended = once(this.#gzip, 'end');
    this.#gzip.end();
    await ended;
    this.#close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Closes the file as it is; the caller removes it. Harmless after `finish`. */
  abandon(): void {
    this.#gzip.destroy();
    this.#close();
  }

  #close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #store(chunk: Buffer): void {
    if (this.#failure !== undefined || !this.#open) return;
    try {
      for (let from = 0; from < chunk.length;) from += writeSync(this.#fd, chunk, from);
    } catch (error) {
      this.#failure = error;
    }
  }

  #growPending(more: number): void {
    const grown = Buffer.allocUnsafe(Math.min(SEGMENT_BYTES, 2 * (this.#pendingBytes + more)));
    this.#pending.copy(grown, 0, 0, this.#pendingBytes);
    this.#pending = grown;
  }

  #segment(): void {
    this.#append('{"type":2,"payload":"');
    for (let from = 0; from < this.#pendingBytes; from += PIECE_BYTES) {
      this.#append(this.#pending.toString('base64', from, Math.min(this.#pendingBytes, from + PIECE_BYTES)));
    }
    this.#append(`","position":${this.#position++}}\n`);
    this.#pendingBytes = 0;
  }

  #file(): void {
    const name = nameField(this.#name);
    if (this.#size === 0) {
      this.#append(`{"type":1${name},"payload":null,"position":${this.#position++}}\n`);
      return;
    }
    this.#crc.digest(this.#crcBytes);
    const sum = this.#crcBytes.toString('base64');
    this.#append(
      `{"type":1${name},"size":${this.#size},"payload":"${sum}","position":${this.#position++}}\n`,
    );
  }

  /** `text` is ASCII. */
  #append(text: string): void {
    if (this.#batchBytes + text.length > BATCH_BYTES) this.#flush();
    if (text.length > BATCH_BYTES) {
      // A name of a megabyte is possible.
      this.#gzip.write(Buffer.from(text, 'latin1'));
      return;
    }
    this.#batchBytes += this.#batch.write(text, this.#batchBytes, 'latin1');
  }

  #flush(): void {
    if (this.#batchBytes === 0) return;
    this.#gzip.write(this.#batch.subarray(0, this.#batchBytes));
    // gzip reads the batch on another thread.
    this.#batch = Buffer.allocUnsafe(BATCH_BYTES);
    this.#batchBytes = 0;
  }
}

/** `name` if the bytes are UTF-8, else `name_raw`, nothing if there are none; all in ASCII. */
function nameField(name: string): string {
  if (name === '') return '';
  if (plainName.test(name)) return `,"name":"${name}"`;
  const bytes = Buffer.from(name, 'latin1');
  if (!isUtf8(bytes)) return `,"name_raw":"${bytes.toString('base64')}"`;
  const text = JSON.stringify(bytes.toString());
  return `,"name":${text.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}`;
}

// Takes the files out of a tar that the service made of a directory: regular ones side by side, and nothing else.
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from './errors.js';
import { Unfinished } from './unfinished.js';

const blockSize = 512;

/** Writes all of them into `directory`, or none. Throws {@link CommandError} for whatever else is in the tar. */
export async function unpackFiles(bytes: AsyncIterable<Buffer>, directory: string): Promise<void> {
  using unfinished = new Unfinished();
  const reader = new Unpacker(directory, unfinished);
  try {
    for await (const chunk of bytes) await reader.take(chunk);
    if (!reader.complete) throw new CommandError('the archive ended too early');
    unfinished.keep();
  } finally {
    await reader.close();
  }
}

class Unpacker {
  readonly #directory: string;
  readonly #unfinished: Unfinished;
  /** Of a header that is not whole yet. */
  #head = Buffer.alloc(0);
  #file: FileHandle | undefined;
  /** Bytes that are still to come: of the content, and of what fills its last block. */
  #left = 0;
  #padding = 0;
  complete = false;

  constructor(directory: string, unfinished: Unfinished) {
    this.#directory = directory;
    this.#unfinished = unfinished;
  }

  async take(chunk: Buffer): Promise<void> {
    for (let rest = chunk; rest.length > 0 && !this.complete;) rest = await this.#step(rest);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Uses some of the bytes; returns the others. */
  async #step(bytes: Buffer): Promise<Buffer> {
    if (this.#left > 0) {
      const content = bytes.subarray(0, this.#left);
      await this.#file?.writeFile(content);
      this.#left -= content.length;
      if (this.#left === 0) await this.close();
      return bytes.subarray(content.length);
    }
    if (this.#padding > 0) {
      const skipped = Math.min(this.#padding, bytes.length);
      this.#padding -= skipped;
      return bytes.subarray(skipped);
    }
    const missing = blockSize - this.#head.length;
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, missing)]);
    if (this.#head.length === blockSize) await this.#begin();
    return bytes.subarray(missing);
  }

  async #begin(): Promise<void> {
    const head = this.#head;
    this.#head = Buffer.alloc(0);
    if (head.every((byte) => byte === 0)) {
      this.complete = true;
      return;
    }
    const name = textAt(head, 0, 100);
    const size = sizeIn(head);
    const isFile = textAt(head, 156, 1) === '0' && /^[\w.-]+$/.test(name) && !/^\.\.?$/.test(name);
    if (!isFile || !Number.isSafeInteger(size)) throw new CommandError('the archive is none of a directory');
    const path = join(this.#directory, name);
    this.#unfinished.file(path, 0o644);
    this.#file = await open(path, 'r+');
    this.#left = size;
    this.#padding = (blockSize - (size % blockSize)) % blockSize;
    if (size === 0) await this.close();
  }
}

/** In binary past 8 GiB. */
function sizeIn(head: Buffer): number {
  if (head[124] === 0x80) return Number(head.readBigUInt64BE(128));
  return Number.parseInt(textAt(head, 124, 12), 8);
}

function textAt(block: Buffer, start: number, length: number): string {
  return block
    .toString('latin1', start, start + length)
    .replace(/\0.*$/s, '')
    .trim();
}

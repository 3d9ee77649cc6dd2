// Puts the original tar of a layer together again from its recipe (tar-split, containers-storage-format §7) and its files.
import { fstatSync, readSync } from 'node:fs';
import { closeDescriptor, must, openInRoot } from '../sys/files.js';
import { TarSplitError } from './errors.js';
import { recipeBytes, RecipeRecords, type RecipeRecord } from './recipe-records.js';
import { createCrc64 } from './tar-split-crc64.js';

/** Opens a file of the layer for reading by its name in the tar (latin1) and returns the descriptor; throws if it has none. */
export type OpenContent = (name: string) => number;

const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of the tar, in chunks of 256 KiB that are valid until the next one. Checks size and CRC of every file.
 * Throws {@link TarSplitError} and the errors of reading. Blocks the thread while it reads files.
 */
export async function* reassembleTar(recipePath: string, open: OpenContent): AsyncGenerator<Buffer, void> {
  const tar = new TarAssembly(open);
  try {
    for await (const bytes of recipeBytes(recipePath)) {
      tar.push(bytes);
      for (let chunk = tar.next(); chunk !== undefined; chunk = tar.next()) yield chunk;
    }
    // For a last line without an end.
    tar.push(Buffer.from('\n'));
    for (let chunk = tar.next(); chunk !== undefined; chunk = tar.next()) yield chunk;
    const rest = tar.rest();
    if (rest.length > 0) yield rest;
  } finally {
    tar.close();
  }
}

type FileRecord = Extract<RecipeRecord, { kind: 'file' }>;

class TarAssembly {
  readonly #open: OpenContent;
  readonly #records = new RecipeRecords();
  readonly #crc = createCrc64();
  readonly #sum = Buffer.alloc(8);
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #filled = 0;
  /** What did not fit into the last chunk. */
  #segment: Buffer = Buffer.alloc(0);
  /** The file that is being read, and how much of it was. */
  #file: FileRecord | undefined;
  #fd = -1;
  #done = 0;

  constructor(open: OpenContent) {
    this.#open = open;
  }

  /** More of the recipe. */
  push(bytes: Buffer): void {
    this.#records.push(bytes);
  }

  /** A whole chunk; undefined when more of the recipe is needed for it. */
  next(): Buffer | undefined {
    if (this.#filled === CHUNK_BYTES) this.#filled = 0;
    while (this.#filled < CHUNK_BYTES) {
      if (this.#segment.length > 0) this.#copySegment();
      else if (this.#file !== undefined) this.#read(this.#file);
      else {
        const record = this.#records.next();
        if (record === undefined) return undefined;
        if (record.kind === 'segment') this.#startSegment(record.payload);
        else if (record.size > 0) this.#start(record);
      }
    }
    return this.#chunk;
  }

  /** What there is behind the last whole chunk. */
  rest(): Buffer {
    return this.#chunk.subarray(0, this.#filled);
  }

  close(): void {
    if (this.#fd >= 0) closeDescriptor(this.#fd);
    this.#fd = -1;
  }

  #startSegment(payload: string): void {
    const most = (payload.length >> 2) * 3 + 3;
    if (most <= CHUNK_BYTES - this.#filled)
      this.#filled += this.#chunk.write(payload, this.#filled, 'base64');
    else this.#segment = Buffer.from(payload, 'base64');
  }

  #copySegment(): void {
    const copied = this.#segment.copy(this.#chunk, this.#filled);
    this.#filled += copied;
    this.#segment = this.#segment.subarray(copied);
  }

  #start(file: FileRecord): void {
    this.#fd = this.#open(file.name);
    this.#file = file;
    this.#done = 0;
    this.#crc.reset();
  }

  #read({ name, size, checksum }: FileRecord): void {
    const start = this.#filled;
    const most = Math.min(CHUNK_BYTES - start, size - this.#done);
    const count = readSync(this.#fd, this.#chunk, start, most, this.#done);
    if (count === 0) throw new TarSplitError(`${describe(name)} is shorter than in its layer`);
    this.#crc.update(this.#chunk, start, start + count);
    this.#filled += count;
    this.#done += count;
    if (this.#done < size) return;
    this.close();
    this.#file = undefined;
    this.#crc.digest(this.#sum);
    if (this.#sum.toString('base64') !== checksum) throw new TarSplitError(`${describe(name)} has changed`);
  }
}

function describe(name: string): string {
  return JSON.stringify(Buffer.from(name, 'latin1').toString());
}

/**
 * Opens names in the open directory `root`, a layer's `diff`. Links in it were chosen by whoever made the image: none leads out.
 * Throws {@link TarSplitError} for what is no regular file, and SystemError.
 */
export function openBelow(root: number): OpenContent {
  return (name) => {
    const fd = must(openInRoot(root, name), 'openat2', name);
    if (fstatSync(fd).isFile()) return fd;
    closeDescriptor(fd);
    throw new TarSplitError(`${describe(name)} is no regular file`);
  };
}

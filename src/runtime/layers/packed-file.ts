// Pieces of what a file unzips to that is compressed as a whole, one behind the other.
import { createReadStream, statSync, type ReadStream } from 'node:fs';
import type { BlobInput } from '../../archive/blob-input.js';
import { CHUNK_BYTES } from '../../archive/chunk-pool.js';
import { unzipped } from '../../archive/unzipped.js';
import type { PackedBlob } from '../../oci/blob.js';
import { PACKED_IDLE_MS } from './layer-message.js';

/** The file that was read last, open for a while, so that its next piece goes on where the last one ended. */
export class PackedFiles {
  #last: PackedFile | undefined;
  #idle: NodeJS.Timeout | undefined;
  #reading: AsyncGenerator<Buffer, void> | undefined;

  /** One of these is read at a time. Gives too little where the file is not as long as it was said to be. */
  read({ path, offset, length }: PackedBlob): BlobInput {
    const pieces = this.#pieces(path, offset, offset + length);
    this.#reading = pieces;
    return {
      [Symbol.asyncIterator]: () => pieces,
      // Whoever has read all of the piece may destroy it all the same, and leaves the file to the next.
      destroy: (error) => this.#reading === pieces && this.close(error),
    };
  }

  close(error?: Error): void {
    clearTimeout(this.#idle);
    this.#last?.close(error);
    this.#last = undefined;
  }

  async *#pieces(path: string, start: number, end: number): AsyncGenerator<Buffer, void> {
    if (start === end) return;
    const file = this.#at(path, start);
    let complete = false;
    try {
      yield* file.read(start, end);
      complete = file.position === end;
    } finally {
      this.#reading = undefined;
      // After an error nobody knows where it stands.
      if (complete && file === this.#last)
        this.#idle = setTimeout(() => this.close(), PACKED_IDLE_MS).unref();
      else this.close();
    }
  }

  #at(path: string, offset: number): PackedFile {
    clearTimeout(this.#idle);
    const identity = identityOf(path);
    if (this.#last?.identity === identity && this.#last.position <= offset) return this.#last;
    this.close();
    this.#last = new PackedFile(path, identity);
    return this.#last;
  }
}

/** Another one after each change: what is open may not be what has the name by now. */
function identityOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs, path].join(' ');
}

class PackedFile {
  readonly identity: string;
  /** How much of the content was read. */
  position = 0;
  readonly #input: ReadStream;
  #content: AsyncIterator<Buffer> | undefined;
  /** Unzipped and not read. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, identity: string) {
    this.identity = identity;
    this.#input = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer, void> {
    this.#content ??= unzipped(this.#input);
    while (this.position < end) {
      const piece = await this.#take(this.position < start ? start : end);
      if (piece === undefined) return;
      if (this.position > start) yield piece;
    }
  }

  close(reason?: Error): void {
    this.#input.destroy(reason);
    this.#content?.return?.().catch(() => undefined);
  }

  /** The next bytes, at most up to `end`; undefined at the end of the file. */
  async #take(end: number): Promise<Buffer | undefined> {
    if (this.#rest.length === 0) {
      const step = await this.#content?.next();
      if (step === undefined || step.done === true) return undefined;
      this.#rest = step.value;
    }
    const piece = this.#rest.subarray(0, end - this.position);
    this.#rest = this.#rest.subarray(piece.length);
    this.position += piece.length;
    return piece;
  }
}

// Chunks of memory that are used again: a new one costs the kernel's zeroing, and garbage of this size many collections.

/** Bytes of one chunk of a layer: with 256 KiB zlib runs about twice as fast as with its default of 16. */
export const CHUNK_BYTES = 256 * 1024;

/** So many are kept while nobody uses them. */
const MOST_FREE = 16;

/**
 * Buffers of one size, each with a count of those who use it. Whoever takes one releases it, whoever is given one and wants to
 * keep it holds and later releases it. One that is never released is garbage like any other. Parts of a buffer stand for all.
 */
export class ChunkPool {
  readonly #size: number;
  readonly #free: Buffer[] = [];
  readonly #holders = new WeakMap<ArrayBufferLike, number>();

  constructor(size: number) {
    this.#size = size;
  }

  /** A buffer with anything in it. */
  take(): Buffer {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size);
    this.#holders.set(buffer.buffer, 1);
    return buffer;
  }

  /** Keeps the memory of `part` from being used again; memory from elsewhere is left alone, here and in `release`. */
  hold(part: Buffer): void {
    const holders = this.#holders.get(part.buffer);
    if (holders !== undefined) this.#holders.set(part.buffer, holders + 1);
  }

  release(part: Buffer): void {
    const holders = this.#holders.get(part.buffer);
    if (holders === undefined) return;
    if (holders > 1) {
      this.#holders.set(part.buffer, holders - 1);
      return;
    }
    this.#holders.delete(part.buffer);
    if (this.#free.length < MOST_FREE) this.#free.push(Buffer.from(part.buffer));
  }
}

/** What the layers of this thread go through. */
export const layerChunks = new ChunkPool(CHUNK_BYTES);

// Chunks of memory that are used again: a new one costs the kernel's zeroing, and garbage of this size many collections.

/** Bytes of one chunk of a layer: with 256 KiB zlib runs about twice as fast as with its default of 16. */
export const CHUNK_BYTES = 256 * 1024;

const MOST_FREE = 16;

/**
 * Buffers of one size, each with a count of those who use it. Whoever takes one releases it, whoever is given one and wants to
 * keep it holds and later releases it. One that is never released is garbage like any other. Parts of a buffer stand for all.
 */
export class ChunkPool {
  readonly #size: number;
  readonly #mostFree: number;
  readonly #free: Buffer[] = [];
  readonly #holders = new WeakMap<ArrayBufferLike, number>();

  /** `mostFree` are kept while nobody uses them. */
  constructor(size: number, mostFree = MOST_FREE) {
    this.#size = size;
    this.#mostFree = mostFree;
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
    if (this.#free.length < this.#mostFree) this.#free.push(Buffer.from(part.buffer));
  }
}

/** What the layers of this thread go through. */
export const layerChunks = new ChunkPool(CHUNK_BYTES);

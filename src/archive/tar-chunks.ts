// A tar being written: its bytes in chunks for whoever wants them, each told to an observer.
import type { ChunkPool } from './chunk-pool.js';
import type { TarObserver } from './tar-observer.js';

/** Takes the bytes of a tar in order, valid until the chunk is released; waits as long as it likes before it takes more. */
export type TakeChunk = (bytes: Buffer) => Promise<void> | undefined;

/** Collects headers and content. Nobody has to wait before {@link waiting} says so. */
export class TarChunks {
  readonly #pool: ChunkPool;
  readonly #take: TakeChunk;
  readonly #observer: TarObserver | undefined;
  #chunk: Buffer;
  #filled = 0;
  #bytes = 0;
  #waiting: Promise<unknown>[] = [];

  constructor(pool: ChunkPool, take: TakeChunk, observer: TarObserver | undefined) {
    this.#pool = pool;
    this.#take = take;
    this.#observer = observer;
    this.#chunk = pool.take();
  }

  /** Headers, padding and the end. */
  raw(bytes: Buffer): void {
    this.#observer?.raw(bytes, 0, bytes.length);
    for (let from = 0; from < bytes.length;) {
      const copied = bytes.copy(this.#chunk, this.#filled, from);
      from += copied;
      this.#fill(copied);
    }
  }

  /** The member whose header was written last has this name and so many bytes of content. */
  entry(name: string, size: number): void {
    this.#observer?.entry(name, size);
  }

  /** `read` puts up to `length` bytes of content into a buffer and says how many; so does this. */
  content(length: number, read: (into: Buffer, at: number, length: number) => number): number {
    const chunk = this.#chunk;
    const start = this.#filled;
    const bytes = read(chunk, start, Math.min(length, chunk.length - start));
    this.#observer?.content(chunk, start, start + bytes);
    this.#fill(bytes);
    return bytes;
  }

  /** Something to wait for before more is written. */
  waiting(): Promise<unknown> | undefined {
    const ready = this.#observer?.ready?.();
    if (this.#waiting.length === 0) return ready;
    const all = Promise.all([...this.#waiting, ready]);
    this.#waiting = [];
    return all;
  }

  /** The tar is complete. Returns its bytes when all were taken. */
  async end(): Promise<number> {
    this.#observer?.end();
    this.#hand();
    await this.waiting();
    this.#pool.release(this.#chunk);
    return this.#bytes;
  }

  #fill(bytes: number): void {
    this.#filled += bytes;
    this.#bytes += bytes;
    if (this.#filled < this.#chunk.length) return;
    this.#hand();
    this.#pool.release(this.#chunk);
    this.#chunk = this.#pool.take();
    this.#filled = 0;
  }

  #hand(): void {
    if (this.#filled === 0) return;
    const taken = this.#take(this.#chunk.subarray(0, this.#filled));
    if (taken === undefined) return;
    // Whoever waits for it sees the failure.
    taken.catch(() => undefined);
    this.#waiting.push(taken);
  }
}

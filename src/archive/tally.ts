// Counts and hashes bytes on their way, on a thread.
import { parseDigest, type Digest } from '../oci/digest.js';
import { ThreadedHash } from '../sys/threaded-hash.js';
import type { ChunkPool } from './chunk-pool.js';

/** To be closed whether the digest was asked for or not. */
export class Tally {
  /** All there were so far. */
  bytes = 0;
  readonly algorithm: string;
  readonly #chunks: ChunkPool;
  readonly #hash: ThreadedHash;
  #digest: Promise<Digest> | undefined;
  #closed: Promise<void> | undefined;

  /** `algorithm` as digests name it. */
  constructor(algorithm: string, chunks: ChunkPool) {
    this.algorithm = algorithm;
    this.#chunks = chunks;
    this.#hash = new ThreadedHash(algorithm, (bytes) => chunks.release(bytes));
  }

  /** Takes bytes and holds them while it needs them. What is returned should be waited for before the next. */
  add(chunk: Buffer): Promise<void> | undefined {
    this.bytes += chunk.length;
    this.#chunks.hold(chunk);
    return this.#hash.update(chunk);
  }

  /** Of all there were; nothing may be added afterwards. */
  digest(): Promise<Digest> {
    this.#digest ??= this.#hash.digest().then((hex) => parseDigest(`${this.algorithm}:${hex}`));
    return this.#digest;
  }

  /** May be repeated. */
  async close(): Promise<void> {
    this.#closed ??= this.#hash.close();
    await this.#closed;
  }
}

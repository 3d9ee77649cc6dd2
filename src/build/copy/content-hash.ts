// The digest of the tar that the peers would make of an item, without making it.
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { paddingAfter } from '../../archive/tar-header-writer.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import type { GoHeader } from './go-header-block.js';
import { encodeHeader } from './go-header.js';

const CHUNK_BYTES = 1024 * 1024;
const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const zeros = Buffer.alloc(1024);

/** Headers and contents in their order; then the digest once. */
export class ContentHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #timeless: boolean;

  /** `timeless`: times do not count, which is so for all but fetched files. */
  constructor(timeless: boolean) {
    this.#timeless = timeless;
  }

  /** A header with its times. What is written first is read and written again without them, which may change its form. */
  header(header: GoHeader): void {
    const { bytes, header: read } = encodeHeader(header);
    this.#hash.update(
      this.#timeless
        ? encodeHeader({ ...read, modified: undefined, accessed: undefined, changed: undefined }).bytes
        : bytes,
    );
  }

  bytes(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  padding(size: number): void {
    this.#hash.update(zeros.subarray(0, paddingAfter(size)));
  }

  /** `size` bytes of an open file, with padding. Returns how many there were. */
  file(fd: number, size: number, abort: AbortFlag): number {
    let done = 0;
    while (done < size) {
      abort.throwIfRaised();
      const read = readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, size - done), done);
      if (read === 0) break;
      this.#hash.update(chunk.subarray(0, read));
      done += read;
    }
    this.padding(size);
    return done;
  }

  /** Hexadecimal. */
  digest(): string {
    return this.#hash.update(zeros).digest('hex');
  }
}

// Archives among the sources of ADD: known by their content, and read once from front to back.
import { readSync } from 'node:fs';
import type { BlobInput } from '../../archive/blob-input.js';
import { CHUNK_BYTES } from '../../archive/chunk-pool.js';
import { LayerError } from '../../archive/errors.js';
import { defaultLayerLimits } from '../../archive/limits.js';
import { beginsLikeTar, BLOCK_BYTES, isZeroBlock } from '../../archive/tar-header.js';
import type { TarObserver } from '../../archive/tar-observer.js';
import { TarReader, type TarVisitor } from '../../archive/tar-reader.js';
import { unzipped } from '../../archive/unzipped.js';
import type { AbortFlag } from '../../sys/abort-flag.js';

/** What an archive may unzip to; real ones have a fraction of it. */
const MOST_BYTES = 256 * 1024 ** 3;

/** Whether an open file is a tar with something in it, zipped or not. */
export async function isArchive(fd: number, abort: AbortFlag): Promise<boolean> {
  let start: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of unzipped(new FileInput(fd, abort))) {
      start = Buffer.concat([start, piece.subarray(0, BLOCK_BYTES)]);
      if (start.length >= BLOCK_BYTES) break;
    }
  } catch (error) {
    // It looks like something zipped, and is not.
    if (error instanceof LayerError) return false;
    throw error;
  }
  return start.length >= BLOCK_BYTES && !isZeroBlock(start, 0) && beginsLikeTar(start);
}

/**
 * Shows all entries of the archive in an open file; what lies behind its end is not read. Throws {@link LayerError} for one that is
 * damaged or larger than any real one.
 */
export async function readArchive(
  fd: number,
  visitor: TarVisitor,
  observer: TarObserver | undefined,
  abort: AbortFlag,
): Promise<void> {
  const reader = new TarReader(visitor, observer, defaultLayerLimits);
  let bytes = 0;
  for await (const piece of unzipped(new FileInput(fd, abort))) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new ArchiveSizeError(`the archive unzips to more than ${MOST_BYTES} bytes`);
    for (let done = 0; done < piece.length;) {
      done = reader.push(piece, done);
      if (visitor.blocked) await visitor.settled();
    }
    if (reader.complete) break;
  }
  reader.end();
}

/** An archive is larger than anybody needs. */
export class ArchiveSizeError extends LayerError {
  override readonly name = 'ArchiveSizeError';
  override readonly code = 'ARCHIVE_SIZE';
}

/** An open file, which stays the caller's. Blocks. */
class FileInput implements BlobInput {
  readonly #fd: number;
  readonly #abort: AbortFlag;
  #ended = false;

  constructor(fd: number, abort: AbortFlag) {
    this.#fd = fd;
    this.#abort = abort;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; !this.#ended;) {
      this.#abort.throwIfRaised();
      const read = readSync(this.#fd, chunk, 0, chunk.length, at);
      if (read === 0) return;
      at += read;
      yield chunk.subarray(0, read);
    }
  }

  destroy(): void {
    this.#ended = true;
  }
}

// Unpacks one layer: reads, hashes, unzips, hashes and applies it in one pass, and believes nothing before its digests match.
import { closeSync, constants, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Digest } from '../oci/digest.js';
import { digestAlgorithm, parseDigest } from '../oci/digest.js';
import { ThreadedHash } from '../sys/threaded-hash.js';
import { ChunkPool } from './chunk-pool.js';
import { CHUNK_BYTES, type Compression } from './compression.js';
import { decompress } from './decompress.js';
import { CompressionError, DigestMismatchError, SizeMismatchError } from './errors.js';
import { LayerApplier } from './layer-applier.js';
import { LayerVisitor } from './layer-visitor.js';
import type { LayerLimits } from './limits.js';
import { defaultLayerLimits } from './limits.js';
import { RatioGuard } from './ratio-guard.js';
import type { TarObserver } from './tar-observer.js';
import { TarReader } from './tar-reader.js';

/** What a layer's descriptor and its image's config promise. */
export interface ExpectedLayer {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** Digest of the uncompressed tar; whatever it is passes if it is not known. */
  readonly diffId?: Digest | undefined;
}

export interface UnpackOptions {
  /** An existing empty directory, which becomes the layer's `diff`. */
  readonly directory: string;
  readonly expected: ExpectedLayer;
  readonly observer?: TarObserver | undefined;
  readonly limits?: Partial<LayerLimits> | undefined;
  /** Called for each chunk with the bytes of the blob so far. */
  readonly onProgress?: ((compressedBytes: number) => void) | undefined;
}

/** What is recorded of a layer (containers-storage-format §5). */
export interface LayerSummary {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  readonly diffId: Digest;
  /** Bytes of the uncompressed tar. */
  readonly diffSize: number;
  readonly compression: Compression;
  /** Sorted and distinct. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

const chunks = new ChunkPool(CHUNK_BYTES);

/**
 * Unpacks the blob `input` into `options.directory`. Returns only if size, digest and diffID are right; throws a
 * {@link LayerError} (see errors.ts) or what `input` failed with. Blocks the thread in system calls.
 * After an error the directory holds what was unpacked so far and is the caller's to remove.
 */
export async function unpackLayer(
  input: Readable,
  options: UnpackOptions,
  signal?: AbortSignal,
): Promise<LayerSummary> {
  const { expected, observer } = options;
  const limits = { ...defaultLayerLimits, ...options.limits };
  const blobHash = hashOf(digestAlgorithm(expected.digest));
  const diffAlgorithm = expected.diffId === undefined ? 'sha256' : digestAlgorithm(expected.diffId);
  const diffHash = hashOf(diffAlgorithm);
  let size = 0;
  let diffSize = 0;
  const ratio = new RatioGuard(limits);
  const root = openSync(options.directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  let applier: LayerApplier | undefined;
  try {
    applier = new LayerApplier(root, limits, chunks);
    const visitor = new LayerVisitor(applier, limits);
    const reader = new TarReader(visitor, observer, limits);
    const tar = await decompress(
      input,
      (chunk) => {
        size += chunk.length;
        if (size > expected.size) throw new SizeMismatchError(expected.size, size);
        options.onProgress?.(size);
        chunks.hold(chunk);
        return blobHash.update(chunk);
      },
      chunks,
      signal,
    );
    for await (const chunk of tar.chunks) {
      signal?.throwIfAborted();
      diffSize += chunk.length;
      ratio.check(diffSize, size);
      chunks.hold(chunk);
      const hashed = diffHash.update(chunk);
      let done = reader.push(chunk);
      while (visitor.blocked) {
        await visitor.settled();
        if (done < chunk.length) done = reader.push(chunk, done);
      }
      chunks.release(chunk);
      const ready = observer?.ready?.();
      if (ready !== undefined) await ready;
      if (hashed !== undefined) await hashed;
    }
    if (size !== expected.size) throw new SizeMismatchError(expected.size, size);
    demandDigest(expected.digest, await digestOf(blobHash, digestAlgorithm(expected.digest)));
    const diffId = await digestOf(diffHash, diffAlgorithm);
    if (expected.diffId !== undefined) demandDigest(expected.diffId, diffId);
    reader.end();
    await applier.end();
    const { uids, gids } = visitor.owners;
    return { digest: expected.digest, size, diffId, diffSize, compression: tar.compression, uids, gids };
  } catch (error) {
    await applier?.abandon();
    input.destroy();
    // A blob that is not the one asked for is the reason, that it cannot be unzipped only what follows from it.
    if (error instanceof CompressionError && size === expected.size) {
      demandDigest(expected.digest, await digestOf(blobHash, digestAlgorithm(expected.digest)));
    }
    throw error;
  } finally {
    closeSync(root);
    await Promise.all([blobHash.close(), diffHash.close()]);
  }
}

function hashOf(algorithm: string): ThreadedHash {
  return new ThreadedHash(algorithm, (bytes) => chunks.release(bytes));
}

async function digestOf(hash: ThreadedHash, algorithm: string): Promise<Digest> {
  return parseDigest(`${algorithm}:${await hash.digest()}`);
}

function demandDigest(expected: Digest, actual: Digest): void {
  if (actual !== expected) throw new DigestMismatchError(expected, actual);
}

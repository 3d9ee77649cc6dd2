// Unpacks one layer: reads, hashes, unzips, hashes and applies it in one pass, and believes nothing before its digests match.
import { closeSync, constants, openSync } from 'node:fs';
import type { Digest } from '../oci/digest.js';
import { digestAlgorithm } from '../oci/digest.js';
import type { BlobInput } from './blob-input.js';
import { layerChunks as chunks } from './chunk-pool.js';
import type { Compression } from './compression.js';
import { decompress } from './decompress.js';
import { CompressionError, demandDigest, SizeMismatchError } from './errors.js';
import { LayerApplier } from './layer-applier.js';
import { LayerVisitor } from './layer-visitor.js';
import type { LayerLimits } from './limits.js';
import { defaultLayerLimits } from './limits.js';
import { RatioGuard } from './ratio-guard.js';
import { Tally } from './tally.js';
import type { TarObserver } from './tar-observer.js';
import type { PromisedLayer } from './transfer-layer.js';
import { TarReader } from './tar-reader.js';

export interface UnpackOptions {
  /** An existing empty directory, which becomes the layer's `diff`. */
  readonly directory: string;
  readonly expected: PromisedLayer;
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

/**
 * Unpacks the blob `input` into `options.directory`. Returns only if size, digest and diffID are right; throws a
 * {@link LayerError} (see errors.ts) or what `input` failed with. Blocks the thread in system calls.
 * After an error the directory holds what was unpacked so far and is the caller's to remove.
 */
export async function unpackLayer(
  input: BlobInput,
  options: UnpackOptions,
  signal?: AbortSignal,
): Promise<LayerSummary> {
  const { expected, observer } = options;
  const { digest: promised, size: length } = expected;
  const limits = { ...defaultLayerLimits, ...options.limits };
  const blob = new Tally(promised === undefined ? 'sha256' : digestAlgorithm(promised), chunks);
  const diffAlgorithm = expected.diffId === undefined ? 'sha256' : digestAlgorithm(expected.diffId);
  let diff = blob;
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
        const hashed = blob.add(chunk);
        if (length !== undefined && blob.bytes > length) throw new SizeMismatchError(length, blob.bytes);
        options.onProgress?.(blob.bytes);
        return hashed;
      },
      chunks,
      signal,
    );
    // A tar that is not compressed has one digest, which takes longer than anything else here.
    if (tar.compression !== 'none' || diffAlgorithm !== blob.algorithm)
      diff = new Tally(diffAlgorithm, chunks);
    for await (const chunk of tar.chunks) {
      signal?.throwIfAborted();
      const hashed = diff === blob ? undefined : diff.add(chunk);
      ratio.check(diff.bytes, blob.bytes);
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
    if (length !== undefined && blob.bytes !== length) throw new SizeMismatchError(length, blob.bytes);
    const digest = await blob.digest();
    if (promised !== undefined) demandDigest(promised, digest);
    const diffId = await diff.digest();
    if (expected.diffId !== undefined) demandDigest(expected.diffId, diffId);
    reader.end();
    await applier.end();
    const { uids, gids } = visitor.owners;
    return {
      digest,
      size: blob.bytes,
      diffId,
      diffSize: diff.bytes,
      compression: tar.compression,
      uids,
      gids,
    };
  } catch (error) {
    await applier?.abandon();
    input.destroy();
    // A blob that is not the one asked for is the reason, that it cannot be unzipped only what follows from it.
    if (error instanceof CompressionError && promised !== undefined && blob.bytes === length) {
      demandDigest(promised, await blob.digest());
    }
    throw error;
  } finally {
    closeSync(root);
    await Promise.all([blob.close(), diff.close()]);
  }
}

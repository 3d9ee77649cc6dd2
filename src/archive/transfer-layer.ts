// Moves one layer: reads, hashes, zips or unzips and hands on in one pass, and believes nothing before its digests match.
import { digestAlgorithm, type Digest } from '../oci/digest.js';
import type { Compression } from '../oci/media-types.js';
import type { Recode } from '../oci/blob.js';
import type { BlobInput } from './blob-input.js';
import { ChunkPool } from './chunk-pool.js';
import { createZstdStream } from './compression.js';
import { piped, recognise, unzip, type RecognisedBlob } from './decompress.js';
import { CompressionError, demandDigest, SizeMismatchError } from './errors.js';
import { gzip } from './gzip.js';
import { defaultLayerLimits, type LayerLimits } from './limits.js';
import { RatioGuard } from './ratio-guard.js';
import { Tally } from './tally.js';

/** What is promised of a layer; whatever it is passes where nothing is. */
export interface PromisedLayer {
  readonly digest?: Digest | undefined;
  /** Bytes of the blob. */
  readonly size?: number | undefined;
  /** Digest of the tar, which is looked at where the blob is unzipped, or is one. */
  readonly diffId?: Digest | undefined;
}

export interface TransferOptions {
  readonly expected: PromisedLayer;
  readonly recode: Recode;
  /** Takes the next bytes; they are used for others when what it returns has settled. */
  readonly write: (chunk: Buffer) => Promise<void> | void;
  readonly limits?: Partial<LayerLimits> | undefined;
  /** Called for each chunk with the bytes of the blob so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** What was moved. */
export interface TransferSummary {
  /** Of the bytes that were written. */
  readonly digest: Digest;
  readonly size: number;
  readonly compression: Compression;
  /** Bytes that were read. */
  readonly blobSize: number;
  /** Of the tar; absent where nothing was unzipped. */
  readonly diffId?: Digest | undefined;
  readonly diffSize?: number | undefined;
}

/** Larger than those of layers that are unpacked: the thread that hashes is what takes longest, and waits between chunks. */
const chunks = new ChunkPool(1024 * 1024, 6);

/**
 * Moves the blob `input` to `options.write`. Returns only if everything is as promised; throws a {@link LayerError} (see
 * errors.ts), or what `input` or `write` failed with. After an error any part of the layer may have been written.
 */
export async function transferLayer(
  input: BlobInput,
  options: TransferOptions,
  signal?: AbortSignal,
): Promise<TransferSummary> {
  const transfer = new LayerTransfer(options);
  try {
    return await transfer.run(input, signal);
  } catch (error) {
    input.destroy();
    // A blob that is not the one asked for is the reason, that it cannot be unzipped only what follows from it.
    if (error instanceof CompressionError) await transfer.demandBlob();
    throw error;
  } finally {
    await transfer.close();
  }
}

class LayerTransfer {
  readonly #options: TransferOptions;
  readonly #ratio: RatioGuard;
  /** Of the bytes read, of the tar in them and of what is written: the same one where these are the same bytes. */
  readonly #read: Tally;
  #tar: Tally | undefined;
  #written: Tally;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#ratio = new RatioGuard({ ...defaultLayerLimits, ...options.limits });
    this.#read = tallyFor(options.expected.digest);
    this.#written = this.#read;
  }

  async run(input: BlobInput, signal: AbortSignal | undefined): Promise<TransferSummary> {
    const { expected, write } = this.#options;
    const blob = await recognise(input, (chunk) => this.#meter(chunk), chunks, signal);
    const compression = compressionAfter(this.#options.recode, blob.compression);
    for await (const chunk of this.#recoded(blob, compression)) {
      signal?.throwIfAborted();
      await write(chunk);
      chunks.release(chunk);
    }
    signal?.throwIfAborted();
    if (expected.size !== undefined && this.#read.bytes !== expected.size) {
      throw new SizeMismatchError(expected.size, this.#read.bytes);
    }
    await this.demandBlob();
    const diffId = await this.#tar?.digest();
    if (expected.diffId !== undefined && diffId !== undefined) demandDigest(expected.diffId, diffId);
    const digest = await this.#written.digest();
    const { bytes: size } = this.#written;
    return { digest, size, compression, blobSize: this.#read.bytes, diffId, diffSize: this.#tar?.bytes };
  }

  /** Throws DigestMismatchError if all was read, and is not the blob that was promised. */
  async demandBlob(): Promise<void> {
    const { digest, size } = this.#options.expected;
    if (digest === undefined || this.#read.bytes !== (size ?? this.#read.bytes)) return;
    demandDigest(digest, await this.#read.digest());
  }

  async close(): Promise<void> {
    await Promise.all([this.#read.close(), this.#tar?.close(), this.#written.close()]);
  }

  #meter(chunk: Buffer): Promise<void> | undefined {
    const { expected, onProgress } = this.#options;
    const hashed = this.#read.add(chunk);
    const { bytes } = this.#read;
    if (expected.size !== undefined && bytes > expected.size)
      throw new SizeMismatchError(expected.size, bytes);
    onProgress?.(bytes);
    return hashed;
  }

  #recoded(blob: RecognisedBlob, compression: Compression): AsyncGenerator<Buffer, void> {
    const unzips = blob.compression !== 'none' && compression !== blob.compression;
    const zips = compression !== 'none' && compression !== blob.compression;
    const { diffId } = this.#options.expected;
    let bytes = blob.bytes;
    if (unzips) {
      this.#tar = tallyFor(diffId);
      bytes = this.#guarded(unzip(blob, chunks), this.#tar);
      if (!zips) this.#written = this.#tar;
    } else if (blob.isTar || (blob.compression === 'none' && this.#options.recode !== 'as-is')) {
      const same = diffId === undefined || digestAlgorithm(diffId) === this.#read.algorithm;
      this.#tar = same ? this.#read : tallyFor(diffId);
      if (!same) bytes = counted(bytes, this.#tar);
    }
    if (!zips) return bytes;
    this.#written = tallyFor(undefined);
    const zipped = compression === 'gzip' ? gzip(bytes, chunks) : piped(bytes, createZstdStream(), 'zstd');
    return counted(zipped, this.#written);
  }

  async *#guarded(source: AsyncGenerator<Buffer, void>, tally: Tally): AsyncGenerator<Buffer, void> {
    for await (const chunk of counted(source, tally)) {
      this.#ratio.check(tally.bytes, this.#read.bytes);
      yield chunk;
    }
  }
}

function compressionAfter(recode: Recode, before: Compression): Compression {
  if (recode === 'as-is') return before;
  return recode === 'plain' ? 'none' : recode;
}

function tallyFor(digest: Digest | undefined): Tally {
  return new Tally(digest === undefined ? 'sha256' : digestAlgorithm(digest), chunks);
}

async function* counted(source: AsyncGenerator<Buffer, void>, tally: Tally): AsyncGenerator<Buffer, void> {
  for await (const chunk of source) {
    const hashed = tally.add(chunk);
    yield chunk;
    if (hashed !== undefined) await hashed;
  }
}

// What the pool of layer workers and its workers say to one another: plain data.
import type { LayerSummary } from '../archive/unpack-layer.js';
import type { LayerLimits } from '../archive/limits.js';
import type { BlobLocation, BlobTarget, Recode } from '../oci/blob.js';
import type { Digest } from '../oci/digest.js';
import type { Compression } from '../oci/media-types.js';
import type { TransferredError } from './transferred-error.js';

/** One layer to fetch and unpack. */
export interface LayerTask {
  readonly blob: BlobLocation;
  /** An existing empty directory, which becomes the layer's `diff`. */
  readonly directory: string;
  /** Where the compressed tar-split is written; nothing may be there. */
  readonly tarSplitPath: string;
  readonly expected: { readonly digest: Digest; readonly size: number; readonly diffId?: Digest | undefined };
  readonly limits?: Partial<LayerLimits> | undefined;
}

/** One layer to move from one place to another. */
export interface TransferTask {
  readonly blob: BlobLocation;
  /**
   * What the content must be. `digest` and `size` are those of the bytes at `blob`, `diffId` that of the tar in them, which
   * is looked at only where they are unzipped anyway or are a tar.
   */
  readonly expected: {
    readonly digest?: Digest | undefined;
    readonly size?: number | undefined;
    readonly diffId?: Digest | undefined;
  };
  /** `gzip` and `zstd` leave alone what is that already. */
  readonly recode: Recode;
  readonly target: BlobTarget;
  readonly limits?: Partial<LayerLimits> | undefined;
}

/** What was moved. */
export interface TransferSummary {
  /** Of the bytes that were written. */
  readonly digest: Digest;
  readonly size: number;
  readonly compression: Compression;
  /** Of the tar; absent where nothing was unzipped. */
  readonly diffId?: Digest | undefined;
  readonly diffSize?: number | undefined;
}

/** To a worker, which does one task at a time. */
export type WorkerCommand =
  | { readonly kind: 'unpack'; readonly task: LayerTask }
  | { readonly kind: 'transfer'; readonly task: TransferTask }
  | { readonly kind: 'cancel' };

/** From a worker; bytes are those read at the blob's place. `progress` comes at most ten times a second; `done` or `failed` end the task. */
export type WorkerReport =
  | { readonly kind: 'progress'; readonly compressedBytes: number }
  | { readonly kind: 'done'; readonly summary: LayerSummary | TransferSummary }
  | { readonly kind: 'failed'; readonly error: TransferredError };

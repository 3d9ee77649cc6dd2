// What the pool of layer workers and its workers say to one another: plain data.
import type { LayerSummary } from '../archive/unpack-layer.js';
import type { LayerLimits } from '../archive/limits.js';
import type { BlobLocation } from '../oci/blob.js';
import type { Digest } from '../oci/digest.js';
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

/** To a worker, which does one task at a time. */
export type WorkerCommand =
  | { readonly kind: 'unpack'; readonly task: LayerTask }
  | { readonly kind: 'cancel' };

/** From a worker. `progress` comes at most ten times a second; `done` or `failed` end the task. */
export type WorkerReport =
  | { readonly kind: 'progress'; readonly compressedBytes: number }
  | { readonly kind: 'done'; readonly summary: LayerSummary }
  | { readonly kind: 'failed'; readonly error: TransferredError };

// What the pool of layer workers and its workers say to one another: plain data.
import type { ContextLimits } from '../../archive/context-visitor.js';
import type { LayerLimits } from '../../archive/limits.js';
import type { PromisedLayer, TransferSummary } from '../../archive/transfer-layer.js';
import type { ContextSummary } from '../../archive/unpack-context.js';
import type { LayerSummary } from '../../archive/unpack-layer.js';
import type { BlobLocation, BlobTarget, Recode } from '../../oci/blob.js';
import type { TransferredError } from '../transferred-error.js';

export type { TransferSummary };

/** How long a worker keeps a file open that is compressed as a whole, for its next piece; milliseconds. */
export const PACKED_IDLE_MS = 1000;

/** One layer to fetch and unpack. */
export interface LayerTask {
  readonly blob: BlobLocation;
  /** An existing empty directory, which becomes the layer's `diff`. */
  readonly directory: string;
  /** Where the compressed tar-split is written; nothing may be there. */
  readonly tarSplitPath: string;
  readonly expected: PromisedLayer;
  readonly limits?: Partial<LayerLimits> | undefined;
}

/** One layer to move from one place to another. */
export interface TransferTask {
  readonly blob: BlobLocation;
  /** `digest` and `size` are those of the bytes at `blob`. */
  readonly expected: PromisedLayer;
  /** `gzip` and `zstd` leave alone what is that already. */
  readonly recode: Recode;
  readonly target: BlobTarget;
  readonly limits?: Partial<LayerLimits> | undefined;
}

/** The context of a build to unpack. */
export interface ContextTask {
  readonly blob: BlobLocation;
  /** An existing empty directory. */
  readonly directory: string;
  readonly limits: ContextLimits;
}

/** To a worker. `id` is that of a task, which cancelling names again. */
export type WorkerCommand =
  | { readonly kind: 'unpack'; readonly id: number; readonly task: LayerTask }
  | { readonly kind: 'transfer'; readonly id: number; readonly task: TransferTask }
  | { readonly kind: 'context'; readonly id: number; readonly task: ContextTask }
  | { readonly kind: 'cancel'; readonly id: number };

export type TaskSummary = LayerSummary | TransferSummary | ContextSummary;

/**
 * From a worker, about the task with this id; bytes are those read at the blob's place. `progress` comes at most ten times a
 * second; `done` or `failed` end the task.
 */
export type WorkerReport = { readonly id: number } & (
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly summary: TaskSummary }
  | { readonly kind: 'failed'; readonly error: TransferredError }
);

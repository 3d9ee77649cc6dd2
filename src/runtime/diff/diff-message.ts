// What the thread that compares layers and its callers say to one another: plain data.
import type { ChangeKind } from '../../archive/layer-changes.js';
import type { TransferredError } from '../transferred-error.js';

/** The files of a layer, and those of the layers below it, the topmost first. */
export interface DiffTask {
  readonly directory: string;
  readonly lowers: readonly string[];
}

/** A path that differs, as text, and how. */
export interface Diff {
  readonly path: string;
  readonly changeType: ChangeKind;
}

/** To the thread, about one comparison. `next` answers a batch; `stop` does so, too, and nothing comes after it. */
export type DiffCommand =
  | { readonly kind: 'start'; readonly id: number; readonly task: DiffTask }
  | { readonly kind: 'next' | 'stop'; readonly id: number };

/** From the thread. `batch` may be empty, and waits for its answer; `done` has the last ones. */
export type DiffReport = { readonly id: number } & (
  | { readonly kind: 'batch' | 'done'; readonly diffs: readonly Diff[] }
  | { readonly kind: 'failed'; readonly error: TransferredError }
);

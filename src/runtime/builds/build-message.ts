// What the threads of builds and those who use them say to one another: plain data.
import type { CopyRequest, CopySource } from '../../build/copy/copy-request.js';
import type { LayerStack, WorkingTree } from '../../build/root/root-tree.js';
import type { RunRequest } from '../../build/run/run-request.js';
import type { PackRequest } from '../../build/workplace.js';
import type { TransferredError } from '../transferred-error.js';

/** A method of a workplace; see there. */
export type BuildCall =
  | { readonly method: 'mount'; readonly tree: WorkingTree }
  | { readonly method: 'unmount' }
  | { readonly method: 'copy'; readonly request: CopyRequest }
  | { readonly method: 'digest'; readonly request: CopyRequest; readonly root: LayerStack | undefined }
  | { readonly method: 'digestOf'; readonly source: CopySource; readonly path: string }
  | { readonly method: 'run'; readonly request: RunRequest }
  | { readonly method: 'makeDirectory'; readonly path: string; readonly user: string }
  | {
      readonly method: 'pack';
      readonly request: PackRequest;
      /** What the directory lay on when it was mounted. */
      readonly lowers: readonly string[] | undefined;
    }
  | { readonly method: 'flatten'; readonly stack: LayerStack; readonly directory: string }
  /** The first of a build, and the last, which gives whether there may be another build. */
  | {
      readonly method: 'open';
      readonly state: string;
      readonly cacheDirectory: string | undefined;
      /** Memory of an abort flag. */
      readonly abort: SharedArrayBuffer;
    }
  | { readonly method: 'close' };

/** To a thread. There is one call at a time; `written` answers its last output, `cancel` goes with a raised flag. */
export type BuildCommand =
  | { readonly kind: 'call'; readonly id: number; readonly call: BuildCall }
  | { readonly kind: 'written' }
  | { readonly kind: 'cancel' };

/** From a thread, about the call with this id. The next `output` comes after `written`. */
export type BuildReport = { readonly id: number } & (
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: TransferredError }
);

// Where the steps of a build are carried out: a thread with a mount namespace of its own, which goes with everything mounted in it.
import type { PackedLayer } from '../archive/pack-layer.js';
import type { CopyRequest, CopySource } from './copy/copy-request.js';
import type { LayerStack, WorkingTree } from './root/root-tree.js';
import type { RunOutcome, RunRequest } from './run/run-request.js';

export type { PackedLayer };

export interface PackRequest {
  /** A layer's `diff`, not mounted anywhere. Overlay's notes in it are removed. */
  readonly directory: string;
  /** Where the recipe of the tar is written; nothing may be there. */
  readonly tarSplitPath: string;
  /** Seconds since 1970: later times of its files become this one, in the directory and in the tar. */
  readonly latest?: number;
}

/** The account a step runs as. */
export interface StepAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * One stage at a time, one call at a time. Every call ends with the signal that the workplace was opened with: what it started is
 * killed and has ended then. Closing unmounts all.
 */
export interface Workplace extends AsyncDisposable {
  /** Mounts the tree to work on; the one before must be unmounted. */
  mount(tree: WorkingTree): Promise<void>;
  unmount(): Promise<void>;
  /**
   * What `request` would copy, as the history names it: `file:…`, `dir:…`, `multi:…` or empty. Names are looked up in `root`, or in what is
   * mounted.
   */
  digest(request: CopyRequest, root?: LayerStack): Promise<string>;
  /** The same for the source of a bind mount. */
  digestOf(source: CopySource, path: string): Promise<string>;
  copy(request: CopyRequest): Promise<void>;
  /** `write` gets standard output and error as they come; the next piece comes when it is done. */
  run(request: RunRequest, write: (piece: Uint8Array) => Promise<void>): Promise<RunOutcome>;
  /** WORKDIR: makes what is missing of the path, 0755, owned by `user` (as USER has it). */
  makeDirectory(path: string, user: string): Promise<void>;
  pack(request: PackRequest): Promise<PackedLayer>;
  /** Copies the whole of a stack as it is seen when mounted into an empty directory. */
  flatten(stack: LayerStack, directory: string): Promise<void>;
}

/** Gives a workplace, from a thread that is there or a new one. */
export interface Workplaces {
  open(signal: AbortSignal): Promise<Workplace>;
}

// What waits for a layer worker, and which is next: pieces of a file that is compressed as a whole come in its order.
import type { BlobLocation } from '../../oci/blob.js';

/** How long the first piece of a file waits for others, in milliseconds: the layers of an image are asked for one by one. */
const GATHER_MS = 20;

/** What the queue looks at of a job. */
export interface QueuedJob {
  readonly blob: BlobLocation;
}

/** Where a worker stands in the file it has open. */
export interface OpenedFile {
  readonly path: string;
  readonly position: number;
  /** It is being read. */
  readonly busy: boolean;
}

/** First come, first served, but that a file is unzipped by one worker, and once if that can be. */
export class LayerQueue<Job extends QueuedJob> {
  #waiting: Job[] = [];
  readonly #gathering = new Map<string, NodeJS.Timeout>();
  readonly #onReady: () => void;

  /** `onReady` is told when jobs can be taken that could not be before. */
  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  add(job: Job, opened: readonly OpenedFile[]): void {
    this.#waiting.push(job);
    const { blob } = job;
    if (blob.kind === 'packed' && !opened.some(({ path }) => path === blob.path)) this.#gather(blob.path);
  }

  /** Whether it was still waiting. */
  remove(job: Job): boolean {
    const index = this.#waiting.indexOf(job);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  removeAll(): readonly Job[] {
    for (const timer of this.#gathering.values()) clearTimeout(timer);
    this.#gathering.clear();
    return this.#waiting.splice(0);
  }

  /** Takes the next job that can be done while `opened` is as it is, and of which `fits` says that it can. */
  next(opened: readonly OpenedFile[], fits: (job: Job) => boolean): Job | undefined {
    for (const job of this.#waiting) {
      const chosen = fits(job) ? this.#chosen(job, opened) : undefined;
      if (chosen !== undefined && this.remove(chosen)) return chosen;
    }
    return undefined;
  }

  #chosen(job: Job, opened: readonly OpenedFile[]): Job | undefined {
    const { blob } = job;
    if (blob.kind !== 'packed') return job;
    const { path } = blob;
    const file = opened.find((each) => each.path === path);
    if (this.#gathering.has(path) || file?.busy === true) return undefined;
    const pieces = this.#waiting
      .filter((other) => other.blob.kind === 'packed' && other.blob.path === path)
      .toSorted((a, b) => offsetOf(a) - offsetOf(b));
    return pieces.find((piece) => offsetOf(piece) >= (file?.position ?? 0)) ?? pieces[0];
  }

  #gather(path: string): void {
    if (this.#gathering.has(path)) return;
    const timer = setTimeout(() => {
      this.#gathering.delete(path);
      this.#onReady();
    }, GATHER_MS);
    this.#gathering.set(path, timer);
  }
}

function offsetOf({ blob }: QueuedJob): number {
  return blob.kind === 'packed' ? blob.offset : 0;
}

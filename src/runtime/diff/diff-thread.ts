// The thread that compares layers, seen from outside of it: it is not one that unpacks, whose callers wait for minutes.
import { Worker } from 'node:worker_threads';
import type { Diff, DiffCommand, DiffReport, DiffTask } from './diff-message.js';
import { reviveError } from '../transferred-error.js';

/** How long a thread without work is kept: starting one takes some 50 ms. */
const IDLE_MS = 5 * 60_000;
/** Enough for the names of a directory of a million files. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 4 };

/** The thread ended by itself, or was ended. */
export class DiffThreadError extends Error {
  override readonly name = 'DiffThreadError';
  readonly code = 'DIFF_THREAD';
}

interface PendingReport {
  resolve(report: DiffReport): void;
  reject(reason: unknown): void;
}

/** Started by the first comparison, ended when there has been none for a while. */
export class DiffThread {
  readonly #pending = new Map<number, PendingReport>();
  #worker: Worker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #running = 0;
  #lastId = 0;
  #closed = false;

  /**
   * The differences in the order of the tree, in batches, the next one of which is made when one was taken: some may be empty. Throws
   * what the comparison failed with, the signal's reason, or {@link DiffThreadError}.
   */
  async *compare(task: DiffTask, signal: AbortSignal): AsyncGenerator<readonly Diff[], void> {
    signal.throwIfAborted();
    const id = ++this.#lastId;
    let ended = false;
    this.#begin();
    try {
      let command: DiffCommand = { kind: 'start', id, task };
      while (!ended) {
        const report = await this.#ask(command);
        ended = report.kind !== 'batch';
        signal.throwIfAborted();
        if (report.kind === 'failed') throw reviveError(report.error);
        yield report.diffs;
        command = { kind: 'next', id };
      }
    } finally {
      if (!ended) this.#send({ kind: 'stop', id });
      this.#end();
    }
  }

  /** Ends the thread; what it was doing fails. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    await this.#worker?.terminate();
  }

  async #ask(command: DiffCommand): Promise<DiffReport> {
    return await new Promise((resolve, reject) => {
      this.#pending.set(command.id, { resolve, reject });
      this.#send(command);
    });
  }

  #send(command: DiffCommand): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker?.postMessage(command);
  }

  #begin(): void {
    if (this.#closed) throw new DiffThreadError('imaged is stopping');
    this.#running += 1;
    clearTimeout(this.#idleTimer);
    this.#worker ??= this.#start();
    this.#worker.ref();
  }

  #end(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    this.#worker?.unref();
    this.#idleTimer = setTimeout(() => this.#retire(), IDLE_MS).unref();
  }

  #retire(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./diff-worker.js', import.meta.url), {
      resourceLimits: RESOURCE_LIMITS,
      name: 'diff',
      // Not those of the program, which may have been started with --eval or a profiler.
      execArgv: [],
    });
    let cause: Error | undefined;
    worker.on('message', (report: DiffReport) => {
      this.#pending.get(report.id)?.resolve(report);
      this.#pending.delete(report.id);
    });
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (status) => {
      // One that was retired had nothing to do.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const reason = new DiffThreadError(`the diff thread ended with ${status}`, { cause });
      for (const pending of this.#pending.values()) pending.reject(reason);
      this.#pending.clear();
    });
    return worker;
  }
}

// One thread that builds use one after the other, seen from outside of it.
import { Worker } from 'node:worker_threads';
import type { BuildCall, BuildCommand, BuildReport } from './build-message.js';
import { reviveError } from '../transferred-error.js';

/** A thread ended by itself, or was ended. */
export class BuildThreadError extends Error {
  override readonly name = 'BuildThreadError';
  readonly code = 'BUILD_THREAD';
}

/** Enough for the names of a directory of a million files. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 4 };

/** Gets output as it comes; the next piece comes when it is done. */
export type WriteOutput = (piece: Uint8Array) => Promise<void>;

interface PendingCall {
  readonly id: number;
  readonly write: WriteOutput | undefined;
  resolve(result: unknown): void;
  reject(reason: unknown): void;
}

export class BuildThread {
  readonly #worker: Worker;
  /** Resolves when the thread has ended, and with it all it had mounted. */
  readonly ended: Promise<void>;
  #call: PendingCall | undefined;
  #failure: BuildThreadError | undefined;
  #lastId = 0;

  constructor() {
    this.#worker = new Worker(new URL('./build-worker.js', import.meta.url), {
      resourceLimits: RESOURCE_LIMITS,
      name: 'build',
      // Not those of the program, which may have been started with --eval or a profiler.
      execArgv: [],
    });
    this.#worker.on('message', (report: BuildReport) => void this.#hear(report));
    this.#worker.on('error', (cause) => {
      this.#failure ??= new BuildThreadError(`the build thread failed: ${cause.message}`, { cause });
    });
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        this.#failure ??= new BuildThreadError(`the build thread ended with ${status}`);
        this.#call?.reject(this.#failure);
        this.#call = undefined;
        resolve();
      });
    });
  }

  get hasEnded(): boolean {
    return this.#failure !== undefined;
  }

  /** One at a time. Throws what it failed with in the thread, or {@link BuildThreadError}; `write`'s failure cancels it. */
  async call(call: BuildCall, write?: WriteOutput): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#call !== undefined) throw new BuildThreadError('a build makes one call at a time');
    return await new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#call = { id, write, resolve, reject };
      this.#send({ kind: 'call', id, call });
    });
  }

  /** Ends a call that waits for something else than a blocking call; the others look at their flag. */
  cancel(): void {
    if (this.#call !== undefined) this.#send({ kind: 'cancel' });
  }

  /** Whether the program may end while the thread is there. */
  rest(rests: boolean): void {
    if (rests) this.#worker.unref();
    else this.#worker.ref();
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.ended;
  }

  async #hear(report: BuildReport): Promise<void> {
    const call = this.#call;
    if (call?.id !== report.id) return;
    if (report.kind === 'output') {
      await this.#write(call, report.bytes);
      return;
    }
    this.#call = undefined;
    if (report.kind === 'done') call.resolve(report.result);
    else call.reject(reviveError(report.error));
  }

  async #write(call: PendingCall, bytes: Uint8Array): Promise<void> {
    try {
      await call.write?.(bytes);
      this.#send({ kind: 'written' });
    } catch (error) {
      // The call goes on until what it started has ended; then this is why.
      const reject = call.reject.bind(call);
      this.#call = { ...call, write: undefined, resolve: () => reject(error), reject: () => reject(error) };
      this.#send({ kind: 'cancel' });
      this.#send({ kind: 'written' });
    }
  }

  #send(command: BuildCommand): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(command);
  }
}

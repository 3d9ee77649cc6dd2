// Whether the daemon is alive, and whether it can work.
import { messageOf } from '../runtime/errors.js';
import type { Runtime } from '../runtime/runtime.js';
import type { LoopLag } from './loop-lag.js';

export interface Health {
  readonly ok: boolean;
  /** What is said, in one line of JSON. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** A thread that was this late within the last ten seconds lets its callers wait; seconds. */
const worstLag = 1;
/** What the store and its locks get to answer; milliseconds. */
const storePatience = 3000;
/** However many ask, the store is not asked more often; milliseconds. */
const freshFor = 1000;

export class HealthChecks {
  readonly #runtime: Runtime;
  readonly #lag: LoopLag;
  #stopping = false;
  #ready: { readonly at: number; readonly health: Promise<Health> } | undefined;

  constructor(runtime: Runtime, lag: LoopLag) {
    this.#runtime = runtime;
    this.#lag = lag;
  }

  /** From now on nothing new is to be expected of this process. */
  stop(): void {
    this.#stopping = true;
  }

  /** Does the process do its work in time? */
  alive(): Health {
    const lag = Math.round(this.#lag.worst * 1000) / 1000;
    const ok = !this.#stopping && lag < worstLag;
    const status = this.#stopping ? 'stopping' : ok ? 'ok' : 'late';
    return { ok, report: { status, lagSeconds: lag, operations: this.#runtime.operations.running.length } };
  }

  /** Can the store be opened, read and locked? */
  async ready(): Promise<Health> {
    if (this.#stopping) return { ok: false, report: { status: 'stopping' } };
    const now = performance.now();
    if (this.#ready === undefined || now - this.#ready.at > freshFor)
      this.#ready = { at: now, health: this.#askStore() };
    return await this.#ready.health;
  }

  async #askStore(): Promise<Health> {
    const late = AbortSignal.timeout(storePatience);
    try {
      await this.#runtime.checkStore(late);
      return { ok: true, report: { status: 'ok' } };
    } catch (error) {
      const reason = late.aborted
        ? `the store or its locks did not answer within ${storePatience / 1000} s`
        : messageOf(error);
      return { ok: false, report: { status: 'failed', reason } };
    }
  }
}

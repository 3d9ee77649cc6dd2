// One piece of work for all who want it at the same time; nobody's going away stops it for the others.
import { untilAborted } from '../sys/until-aborted.js';

/** Runs `work` once per key and shares the result for as long as it is fresh. */
export class SingleFlight<T> {
  readonly #entries = new Map<string, { readonly result: Promise<T>; expires: number }>();
  readonly #lifetime: (result: T) => number;

  /** `lifetime` says how many milliseconds a result is good for. */
  constructor(lifetime: (result: T) => number = () => Number.POSITIVE_INFINITY) {
    this.#lifetime = lifetime;
  }

  /** The result for `key`: a fresh one, the one under way, or that of `work`. A failure is not kept. */
  get(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && known.expires > performance.now()) return untilAborted(known.result, signal);
    const entry = { result: work(), expires: Number.POSITIVE_INFINITY };
    this.#entries.set(key, entry);
    void this.#settle(key, entry);
    return untilAborted(entry.result, signal);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  async #settle(key: string, entry: { readonly result: Promise<T>; expires: number }): Promise<void> {
    try {
      entry.expires = performance.now() + this.#lifetime(await entry.result);
    } catch {
      // Those who wait are told; the next one tries again.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    }
  }
}

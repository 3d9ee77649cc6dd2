// How fast bytes come: over the last few seconds, and over all of them.

const windowMilliseconds = 3000;

/** Bytes for each second. */
export class Rate {
  readonly #samples: { readonly at: number; readonly bytes: number }[];
  readonly #start: number;

  /** Times are in milliseconds of any clock. */
  constructor(now: number) {
    this.#start = now;
    this.#samples = [{ at: now, bytes: 0 }];
  }

  /** `bytes` are all that have come so far. */
  add(at: number, bytes: number): void {
    this.#samples.push({ at, bytes });
    // One sample from before the window stays: it is where the window begins.
    while ((this.#samples[1]?.at ?? Infinity) <= at - windowMilliseconds) this.#samples.shift();
  }

  /** Undefined while no time has passed. */
  recent(): number | undefined {
    const first = this.#samples[0];
    return first === undefined ? undefined : this.#since(first.at, first.bytes);
  }

  overall(): number | undefined {
    return this.#since(this.#start, 0);
  }

  #since(at: number, bytes: number): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined || last.at <= at) return undefined;
    return ((last.bytes - bytes) * 1000) / (last.at - at);
  }
}

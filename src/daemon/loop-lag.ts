// How late the thread is that serves sockets.

/** Milliseconds between two looks. */
const interval = 100;
/** Looks that are remembered: those of ten seconds. */
const remembered = 100;

/** Looks ten times a second, and keeps no process alive. */
export class LoopLag {
  readonly #timer: NodeJS.Timeout;
  readonly #recent: number[] = [];
  #expected = performance.now() + interval;

  /** `observe` gets each lag in seconds. */
  constructor(observe: (seconds: number) => void) {
    this.#timer = setInterval(() => {
      const now = performance.now();
      const lag = Math.max(0, now - this.#expected) / 1000;
      this.#expected = now + interval;
      if (this.#recent.push(lag) > remembered) this.#recent.shift();
      observe(lag);
    }, interval).unref();
  }

  /** The longest of the last ten seconds, in seconds. */
  get worst(): number {
    return Math.max(0, ...this.#recent);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

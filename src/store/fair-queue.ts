// Readers and writers of one process in the order they came: nobody overtakes, readers share.
import type { LockMode } from '../sys/lock.js';

interface Waiter {
  readonly mode: LockMode;
  readonly start: () => void;
}

/** A first-come reader/writer queue. */
export class FairQueue {
  #readers = 0;
  #writing = false;
  readonly #waiting: Waiter[] = [];

  /** Waits for the turn; the function returned ends it. Throws the signal's reason. */
  async enter(mode: LockMode, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || !this.#admits(mode)) await this.#wait(mode, signal);
    else this.#start(mode);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      if (mode === 'write') this.#writing = false;
      else this.#readers -= 1;
      this.#admitWaiters();
    };
  }

  #wait(mode: LockMode, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        mode,
        start: () => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        this.#admitWaiters(); // those behind may be able to share with those inside
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #admits(mode: LockMode): boolean {
    return !this.#writing && (mode === 'read' || this.#readers === 0);
  }

  #start(mode: LockMode): void {
    if (mode === 'write') this.#writing = true;
    else this.#readers += 1;
  }

  #admitWaiters(): void {
    let next = this.#waiting[0];
    while (next !== undefined && this.#admits(next.mode)) {
      this.#waiting.shift();
      this.#start(next.mode); // before the waiter runs, so that nobody slips in between
      next.start();
      next = this.#waiting[0];
    }
  }
}

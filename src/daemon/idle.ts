// Ends an activated daemon that nobody uses: the service manager starts it again at the next connection.

/** Calls `end` once nothing has been busy for `seconds`; 0 is never. */
export class IdleTimer {
  readonly #milliseconds: number;
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number, end: () => void) {
    this.#milliseconds = seconds * 1000;
    this.#end = end;
    this.busy(false);
  }

  /** Told whenever the daemon begins to be used or is used no more. An open connection counts as use. */
  busy(busy: boolean): void {
    clearTimeout(this.#timer);
    if (busy || this.#milliseconds === 0) return;
    this.#timer = setTimeout(this.#end, this.#milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

// Which calls of a connection run, and which wait for their turn.

/** Bytes of the requests that run at once: what they hold, or their results, waits with a caller who does not read. */
const runningBytes = 256 * 1024;

export interface QueuedCall {
  /** Bytes of its request. */
  readonly size: number;
}

export interface CallQueueLimits {
  /** Calls that run at once. */
  readonly calls: number;
  /** Bytes of the requests that wait. */
  readonly readAhead: number;
}

/** Where the answers go. */
export interface CallOutput {
  /** Whether the caller has to read before more is sent. */
  readonly full: boolean;
  /** Resolves when there is room. */
  room(): Promise<void>;
}

/**
 * Starts calls in their order while there is room: so many at once, of so many bytes; a larger one alone. None is
 * started for a caller who does not read what has been answered.
 */
export class CallQueue<T extends QueuedCall> {
  readonly #limits: CallQueueLimits;
  readonly #output: CallOutput;
  readonly #start: (call: T) => void;
  readonly #running = new Set<T>();
  readonly #waiting: T[] = [];
  #waitingBytes = 0;
  #runningBytes = 0;
  #awaitsRoom = false;

  constructor(limits: CallQueueLimits, output: CallOutput, start: (call: T) => void) {
    this.#limits = limits;
    this.#output = output;
    this.#start = start;
  }

  /** Whether no call runs or waits. */
  get idle(): boolean {
    return this.#running.size === 0 && this.#waiting.length === 0;
  }

  /** Whether so much waits that nobody should add to it. */
  get full(): boolean {
    return this.#waitingBytes >= this.#limits.readAhead;
  }

  /** The calls that run or wait now. */
  calls(): readonly T[] {
    return [...this.#running, ...this.#waiting];
  }

  add(call: T): void {
    this.#waiting.push(call);
    this.#waitingBytes += call.size;
    this.#advance();
  }

  /** Told when a call has ended. */
  end(call: T): void {
    this.#running.delete(call);
    this.#runningBytes -= call.size;
    this.#advance();
  }

  /** Starts a call that waits, whoever is before it: one that is to be given up ends at once. */
  hurry(call: T): void {
    const place = this.#waiting.indexOf(call);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    this.#run(call);
  }

  #advance(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const fits = this.#runningBytes + next.size <= runningBytes || this.#running.size === 0;
      if (!fits || this.#running.size >= this.#limits.calls) return;
      if (this.#output.full) {
        void this.#advanceLater();
        return;
      }
      this.#waiting.shift();
      this.#run(next);
    }
  }

  async #advanceLater(): Promise<void> {
    if (this.#awaitsRoom) return;
    this.#awaitsRoom = true;
    await this.#output.room();
    this.#awaitsRoom = false;
    this.#advance();
  }

  #run(call: T): void {
    this.#waitingBytes -= call.size;
    this.#running.add(call);
    this.#runningBytes += call.size;
    this.#start(call);
  }
}

// A signal that a thread sees which is busy with blocking calls and hears no messages.

/** Thrown by work that found its flag raised; whoever raised it knows why. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
  readonly code = 'ABORTED';
  constructor() {
    super('aborted');
  }
}

/** Shared between threads by its memory, which messages carry. */
export class AbortFlag {
  readonly memory: SharedArrayBuffer;
  readonly #value: Int32Array;

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#value = new Int32Array(memory);
  }

  raise(): void {
    Atomics.store(this.#value, 0, 1);
  }

  get raised(): boolean {
    return Atomics.load(this.#value, 0) === 1;
  }

  /** Throws {@link AbortedError}. To be called between files and between chunks. */
  throwIfRaised(): void {
    if (this.raised) throw new AbortedError();
  }
}

// What a message may cost that has begun to arrive and not ended.
import { ProtocolError } from './connection-errors.js';
import type { Limits } from './limits.js';

/** A message that is unfinished must grow by this much in each period of patience; bytes. */
const progress = 64 * 1024;

/** A message was not taken because others that are unfinished hold too much memory already. */
export class UnfinishedLimitError extends Error {
  override readonly name = 'UnfinishedLimitError';
  readonly code = 'TOO_MANY_UNFINISHED_BYTES';
}

/** The bytes that unfinished messages hold: those of one user, or of all. */
export class HeldBytes {
  readonly #whose: string;
  readonly #limit: number;
  readonly #all: HeldBytes | undefined;
  #bytes = 0;

  /** `all` counts, and limits, what these and others hold together. */
  constructor(whose: string, limit: number, all?: HeldBytes) {
    this.#whose = whose;
    this.#limit = limit;
    this.#all = all;
  }

  /** Throws {@link UnfinishedLimitError}; nothing is held then. */
  hold(bytes: number): void {
    if (this.#bytes + bytes > this.#limit)
      throw new UnfinishedLimitError(`${this.#whose}: more than ${this.#limit} bytes of unfinished messages`);
    this.#all?.hold(bytes);
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    this.#all?.release(bytes);
  }
}

/** The message that a connection waits for: it must go on, and hold no more than its user may. */
export class UnfinishedMessage {
  readonly #limits: Limits;
  readonly #held: HeldBytes;
  readonly #giveUp: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #size = 0;
  #sizeBefore = 0;
  #counted = 0;

  /** `giveUp` is called when the message has not gone on for too long. */
  constructor(limits: Limits, held: HeldBytes, giveUp: (error: Error) => void) {
    this.#limits = limits;
    this.#held = held;
    this.#giveUp = giveUp;
  }

  /** Told how much of it is here whenever more is waited for. Throws {@link UnfinishedLimitError}. */
  waits(size: number): void {
    this.#size = size;
    // What every connection may read ahead is limited by the number of connections.
    const more = size - this.#limits.readAhead - this.#counted;
    this.#timer ??= setInterval(() => this.#look(), this.#limits.unfinished);
    if (more <= 0) return;
    this.#held.hold(more);
    this.#counted += more;
  }

  /** Told when it is complete, or will never be. */
  ended(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#held.release(this.#counted);
    this.#counted = 0;
    this.#sizeBefore = 0;
  }

  #look(): void {
    if (this.#size < this.#sizeBefore + progress)
      this.#giveUp(new ProtocolError('a message has begun and does not go on'));
    this.#sizeBefore = this.#size;
  }
}

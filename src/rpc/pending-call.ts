// A call from when it is made until its last reply.
import { ProtocolError, TimeoutError } from './connection-errors.js';
import type { CallOptions, Check } from './transport.js';
import type { Reply } from './reply.js';
import { checkReply } from './reply.js';

/** One call on a connection, which gives it its replies in their order. */
export abstract class PendingCall {
  readonly method: string;
  #message: string;
  /** Whether the connection belongs to this call from now on until it is released. */
  readonly takesOver: boolean = false;
  /** The call that was sent after this one. */
  behind: PendingCall | undefined;
  readonly #options: CallOptions;
  #abandon: ((reason: unknown) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `message` is the call as it goes over the wire. */
  constructor(method: string, message: string, options: CallOptions) {
    this.method = method;
    this.#message = message;
    this.#options = options;
  }

  /** What goes over the wire. It is there once: a large one is not to be kept until its reply. */
  message(): string {
    const message = this.#message;
    this.#message = '';
    return message;
  }

  /** Whether somebody waits for the next reply: it stays where it is otherwise. */
  abstract readonly wanted: boolean;
  /** Takes a reply. */
  abstract take(reply: Reply): void;
  /** Ends the call without a reply. */
  abstract fail(error: unknown): void;

  /** Tells `abandon` if the signal is aborted, or the time is up, before the call is over. */
  watch(abandon: (reason: unknown) => void): void {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    this.#abandon = abandon;
    signal?.addEventListener('abort', this.#aborted, { once: true });
    this.startTimer();
  }

  /** Nothing happens to the call any more. */
  protected unwatch(): void {
    this.#abandon = undefined;
    this.stopTimer();
    this.#options.signal?.removeEventListener('abort', this.#aborted);
  }

  protected startTimer(): void {
    const { timeout } = this.#options;
    if (timeout === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#abandon?.(new TimeoutError(`${this.method}: no reply in ${timeout} ms`));
    }, timeout);
  }

  protected stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #aborted = (): void => this.#abandon?.(this.#options.signal?.reason);
}

/** What settles the promise of a call. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A call with one reply. */
export class SingleCall<T> extends PendingCall {
  override readonly takesOver: boolean;
  readonly wanted = true;
  readonly #check: Check<T>;
  readonly #settle: Settle<T>;

  constructor(
    method: string,
    message: string,
    options: CallOptions,
    check: Check<T>,
    settle: Settle<T>,
    takesOver = false,
  ) {
    super(method, message, options);
    this.takesOver = takesOver;
    this.#check = check;
    this.#settle = settle;
  }

  override take(reply: Reply): void {
    if (reply.continues)
      throw new ProtocolError(`${this.method}: several replies to a call that asked for one`);
    this.unwatch();
    try {
      this.#settle.resolve(checkReply(this.method, reply, this.#check));
    } catch (error) {
      this.#settle.reject(error);
    }
  }

  override fail(error: unknown): void {
    this.unwatch();
    this.#settle.reject(error);
  }
}

/** A call without a reply: it is over when it is written. */
export class OnewayCall extends PendingCall {
  readonly wanted = false;
  readonly #settle: Settle<Promise<void>>;

  constructor(method: string, message: string, options: CallOptions, settle: Settle<Promise<void>>) {
    super(method, message, options);
    this.#settle = settle;
  }

  written(flushed: Promise<void>): void {
    this.unwatch();
    this.#settle.resolve(flushed);
  }

  override take(): void {}

  override fail(error: unknown): void {
    this.unwatch();
    this.#settle.reject(error);
  }
}

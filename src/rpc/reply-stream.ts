// The replies of a call that asked for several, taken one by one.
import type { CallOptions, Check } from './transport.js';
import type { Settle } from './pending-call.js';
import { PendingCall } from './pending-call.js';
import type { Reply } from './reply.js';
import { checkReply } from './reply.js';

/** What a stream needs of its connection. */
export interface StreamSource {
  /** Sends the call. */
  start(call: PendingCall): void;
  /** Gives the call replies as long as they are here and wanted. */
  deliver(call: PendingCall): void;
  /** Tells the service that nobody wants more, in whatever way its protocol has. */
  abandon(call: PendingCall): void;
}

const done: IteratorReturnResult<void> = { done: true, value: undefined };

/** An iterator over replies. It reads no faster than it is asked, and gives the call up when it is left. */
export class ReplyStream<T> extends PendingCall implements AsyncIterableIterator<T, void, void> {
  readonly #source: StreamSource;
  readonly #check: Check<T>;
  #waiters: Settle<IteratorResult<T, void>>[] = [];
  #state: 'new' | 'running' | 'over' = 'new';
  /** Thrown at the next step: what ended the call while nobody waited. */
  #failure: { readonly error: unknown } | undefined;

  constructor(source: StreamSource, method: string, message: string, options: CallOptions, check: Check<T>) {
    super(method, message, options);
    this.#source = source;
    this.#check = check;
  }

  override get wanted(): boolean {
    return this.#waiters.length > 0;
  }

  next(): Promise<IteratorResult<T, void>> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'over') {
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure === undefined) resolve(done);
        else reject(failure.error);
        return;
      }
      this.#waiters.push({ resolve, reject });
      if (this.#state === 'new') this.#start();
      else this.#source.deliver(this);
      if (this.wanted) this.startTimer();
    });
  }

  /** Leaves the loop. */
  return(): Promise<IteratorResult<T, void>> {
    this.#leave();
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  override take(reply: Reply): void {
    const waiter = this.#waiters.shift();
    this.stopTimer();
    if (this.wanted) this.startTimer();
    try {
      const value = checkReply(this.method, reply, this.#check);
      if (!reply.continues) this.#end();
      waiter?.resolve({ done: false, value });
    } catch (error) {
      if (reply.continues) this.#leave();
      else this.#end();
      waiter?.reject(error);
    }
  }

  override fail(error: unknown): void {
    if (this.#state === 'over') return;
    const waiter = this.#waiters.shift();
    this.#end();
    if (waiter === undefined) this.#failure = { error };
    else waiter.reject(error);
  }

  #start(): void {
    this.#state = 'running';
    try {
      this.#source.start(this);
    } catch (error) {
      this.fail(error);
    }
  }

  #leave(): void {
    const running = this.#state === 'running';
    this.#end();
    if (running) this.#source.abandon(this);
  }

  /** Steps that were asked for beyond the end find nothing. */
  #end(): void {
    this.#state = 'over';
    this.unwatch();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(done);
  }
}

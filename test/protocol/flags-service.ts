// A service for tests of the protocol: it counts, waits, hands over and fails on demand.
import type { CallContext, Empty, Stream } from '../../src/rpc/index.js';
import type { OrgExampleFlagsService } from '../codegen/golden/org-example-flags.js';
import { Failed } from '../codegen/golden/org-example-flags.js';

/** A promise that is settled from outside. */
export class Deferred<T> {
  resolve: (value: T) => void = () => {};
  readonly promise = new Promise<T>((resolve) => {
    this.resolve = resolve;
  });
}

/** Serves org.example.flags and keeps what happened to it. */
export class FlagsService implements Partial<OrgExampleFlagsService> {
  /** What was told to be forgotten. */
  readonly forgotten: string[] = [];
  /** Resolves with each call of `fail` with code 100, which waits for its caller to go away. */
  waiting = new Deferred<CallContext>();
  /** Resolves when a call that waits, or counts, was given up. */
  abandoned = new Deferred<unknown>();
  /** What a call of `fail` with code 102 waits for. */
  readonly go = new Deferred<void>();
  /** How far `count` has come. */
  counted = 0;

  async *count(
    params: { readonly to: number },
    call: CallContext,
  ): AsyncGenerator<{ number: number }, { number: number }, void> {
    let ended = false;
    try {
      for (let number = 1; number < params.to; number++) {
        this.counted = number;
        if (call.more) yield { number };
      }
      ended = true;
      return { number: params.to };
    } finally {
      if (!ended) this.abandoned.resolve('returned');
    }
  }

  watch(params: { readonly to: number }, call: CallContext): Stream<{ number: number }> {
    return this.count(params, call);
  }

  async talk(_: object, call: CallContext): Promise<{ protocol: string }> {
    call.upgrade?.(async (raw) => {
      for await (const bytes of raw.read())
        await raw.write(Buffer.from(bytes.toString('latin1').toUpperCase()));
    });
    return { protocol: call.upgrade === undefined ? 'varlink' : 'upper' };
  }

  async forget(params: { readonly what: string }): Promise<Empty> {
    this.forgotten.push(params.what);
    return {};
  }

  async fail(
    params: { readonly code: number; readonly message?: string | undefined },
    call: CallContext,
  ): Promise<Empty> {
    if (params.code === 100) return await this.#wait(call);
    if (params.code === 102) await this.go.promise;
    if (params.code === 101) throw new TypeError('no such luck');
    throw new Failed(params.code, params.message);
  }

  async #wait(call: CallContext): Promise<Empty> {
    this.waiting.resolve(call);
    await new Promise((resolve) => {
      call.signal.addEventListener('abort', resolve, { once: true });
    });
    this.abandoned.resolve(call.signal.reason);
    throw call.signal.reason;
  }
}

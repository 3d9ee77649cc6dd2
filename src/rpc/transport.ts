// What a generated client needs of a connection, whatever its protocol.
import { standardErrors } from './standard-errors.js';
import type { ErrorFactory } from './descriptor.js';
import { FieldError } from './fields.js';
import type { RawConnection } from './raw-connection.js';
import type { VarlinkError } from './varlink-error.js';
import { UnknownError } from './varlink-error.js';

/** Client side: every reply, the last one included. */
export type Replies<T> = AsyncIterable<T>;

/** A reply as it arrived → the typed one. Throws `FieldError`. */
export type Check<T> = (value: unknown) => T;

export interface CallOptions {
  /** Gives the call up. A call that is under way takes its connection with it: varlink has no other way. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds to wait for a reply, each one of several; the call then fails with `TimeoutError` and is given up as
   * by `signal`. Without it a call waits as long as its connection says, and a stream for ever.
   */
  readonly timeout?: number;
}

/** The reply of an upgraded call, and the connection from its first byte after it. */
export interface Upgraded<T> {
  readonly reply: T;
  readonly raw: RawConnection;
  /** Goes back to calls on this connection. */
  readonly release: () => void;
}

export interface Transport {
  /** One call, one reply; of a method that streams, its last one. */
  call<T>(method: string, parameters: object, check: Check<T>, options?: CallOptions): Promise<T>;
  /** Every reply as it comes. The call is sent when the loop begins; leaving the loop early ends the connection. */
  more<T>(method: string, parameters: object, check: Check<T>, options?: CallOptions): Replies<T>;
  /** A call without any reply; resolves when it is written. */
  oneway(method: string, parameters: object, options?: CallOptions): Promise<void>;
  /** A call that takes the connection over; later calls wait for its release. */
  upgrade<T>(
    method: string,
    parameters: object,
    check: Check<T>,
    options?: CallOptions,
  ): Promise<Upgraded<T>>;
}

/** What became of each of several calls, in the order in which they were made. */
export type Outcomes<T extends readonly unknown[]> = {
  -readonly [K in keyof T]: PromiseSettledResult<Awaited<T[K]>>;
};

/** A transport with a life: what `connect` gives. */
export interface Connection extends Transport, AsyncDisposable {
  /**
   * Makes several calls at once: those that `calls` makes, without waiting for any, are sent together in one write. The
   * error of one is its own outcome and does not keep the others from theirs.
   */
  pipeline<T extends readonly unknown[]>(calls: () => readonly [...T]): Promise<Outcomes<T>>;
  /** Ends the connection; calls that wait for a reply fail. Resolves when all that belongs to it has ended. */
  close(): Promise<void>;
}

/** The same transport, throwing the error classes of an interface where one of its errors arrives. */
export function withErrors(
  transport: Transport,
  descriptor: { readonly name: string; readonly errors: Readonly<Record<string, ErrorFactory>> },
): Transport {
  const factories = new Map(
    Object.entries(descriptor.errors).map(([name, factory]) => [`${descriptor.name}.${name}`, factory]),
  );
  const known = (error: unknown): never => {
    throw typed(error, factories);
  };
  return {
    call: (method, parameters, check, options) =>
      transport.call(method, parameters, check, options).catch(known),
    more: (method, parameters, check, options) =>
      failingWith(known, transport.more(method, parameters, check, options)),
    oneway: (method, parameters, options) => transport.oneway(method, parameters, options),
    upgrade: (method, parameters, check, options) =>
      transport.upgrade(method, parameters, check, options).catch(known),
  };
}

/** No generator: a step costs little this way, and the loop can be left while it waits for one. */
function failingWith<T>(fail: (error: unknown) => never, replies: Replies<T>): Replies<T> {
  return {
    [Symbol.asyncIterator]: () => {
      const steps = replies[Symbol.asyncIterator]();
      return {
        next: () => steps.next().catch(fail),
        return: () => steps.return?.() ?? Promise.resolve({ done: true, value: undefined }),
      };
    },
  };
}

const standard: ReadonlyMap<string, ErrorFactory> = new Map(Object.entries(standardErrors));

/** The error of a reply: one of org.varlink.service, or an {@link UnknownError}. */
export function replyError(name: string, parameters: Readonly<Record<string, unknown>>): VarlinkError {
  return made(new UnknownError(name, parameters), standard) ?? new UnknownError(name, parameters);
}

function typed(error: unknown, factories: ReadonlyMap<string, ErrorFactory>): unknown {
  return error instanceof UnknownError ? (made(error, factories) ?? error) : error;
}

/** The class an unknown error stands for; undefined if there is none, or its fields are not as declared. */
function made(error: UnknownError, factories: ReadonlyMap<string, ErrorFactory>): VarlinkError | undefined {
  try {
    return factories.get(error.error)?.from(error.parameters);
  } catch (problem) {
    if (problem instanceof FieldError) return undefined;
    throw problem;
  }
}

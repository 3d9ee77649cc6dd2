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
    more: async function* (method, parameters, check, options) {
      try {
        yield* transport.more(method, parameters, check, options);
      } catch (error) {
        known(error);
      }
    },
    oneway: (method, parameters, options) => transport.oneway(method, parameters, options),
    upgrade: (method, parameters, check, options) =>
      transport.upgrade(method, parameters, check, options).catch(known),
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

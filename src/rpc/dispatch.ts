// From a call's name and parameters to the method that serves it, and from what it does to replies.
import type { CallContext, Stream } from './call-context.js';
import type { InterfaceDescriptor, MethodDescriptor } from './descriptor.js';
import { FieldError } from './fields.js';
import type { JsonText } from './reusable-reply.js';
import { serialize } from './reusable-reply.js';
import {
  ExpectedMore,
  ExpectedUpgrade,
  InterfaceNotFound,
  InvalidParameter,
  MethodNotFound,
  MethodNotImplemented,
} from './standard-errors.js';
import { UnexpectedError, VarlinkError } from './varlink-error.js';

/** A call as it arrived: nothing in it is checked but its shape. */
export interface IncomingCall {
  readonly method: string;
  readonly parameters: unknown;
  readonly more: boolean;
  readonly oneway: boolean;
  readonly upgrade: boolean;
  /** The protocol it came by, for those who keep book. */
  readonly door: 'varlink' | 'jsonrpc';
}

/** A call that has its answer, the last one of a stream. */
export interface AnsweredCall {
  readonly call: IncomingCall;
  readonly context: CallContext;
  /** What the method gave; undefined if it failed. */
  readonly reply?: object;
  readonly error?: VarlinkError;
  /** How long it took; milliseconds. */
  readonly duration: number;
}

/** Where the dispatcher tells what no caller may see. */
export interface DispatchLog {
  /** A method failed with something that is not an error of its interface. */
  unexpected?(error: unknown, method: string): void;
  /** A call had a field that its interface does not declare and does not mind. */
  unknownField?(method: string, path: string): void;
  /** A call was answered, or it was found that nobody waits for the answer any more. */
  answered?(call: AnsweredCall): void;
}

/**
 * Throws `PermissionDenied` for a method that its caller may not call, before anything of its parameters is looked at.
 * Where they count, gives what looks at them once they are known to be as declared.
 */
export type Permit = (method: string, context: CallContext) => ((parameters: object) => void) | undefined;

export interface ServeOptions {
  /** Who may call what; without it everybody everything. */
  readonly permit?: Permit;
  /** Turns what a method threw into an error of its interface; undefined where it cannot. */
  readonly errorFor?: (error: unknown, method: string) => VarlinkError | undefined;
}

interface Served extends ServeOptions {
  readonly descriptor: InterfaceDescriptor;
  readonly service: object;
}

/** Takes a reply that is not the last one. Where it gives a promise, the next reply has to wait for that. */
export type Send = (reply: JsonText) => Promise<void> | undefined;

type Write = (reply: object) => object;
type Handler = (parameters: object, call: CallContext) => Promise<object> | Stream<object>;

/** The interfaces of a service and the objects that provide them. Doors hand it calls; it knows no door. */
export class Dispatcher {
  readonly #interfaces = new Map<string, Served>();
  /** By their full names. */
  readonly #methods = new Map<string, { readonly served: Served; readonly method: MethodDescriptor }>();
  readonly #log: DispatchLog;

  constructor(log: DispatchLog = {}) {
    this.#log = log;
  }

  /** Serves an interface. A method missing from `service` answers MethodNotImplemented. */
  serve(descriptor: InterfaceDescriptor, service: object, options: ServeOptions = {}): void {
    const served = { ...options, descriptor, service };
    this.#interfaces.set(descriptor.name, served);
    for (const [name, method] of Object.entries(descriptor.methods))
      this.#methods.set(`${descriptor.name}.${name}`, { served, method });
  }

  /** The interfaces in the order they were added. */
  interfaces(): InterfaceDescriptor[] {
    return [...this.#interfaces.values()].map((served) => served.descriptor);
  }

  /** What is known of a method; undefined if it is not served. */
  describe(method: string): MethodDescriptor | undefined {
    return this.#methods.get(method)?.method;
  }

  /**
   * Runs a call: gives the replies before the last to `send` and resolves to the last, as the JSON that goes over the
   * wire. A stream is ended at its next reply once the signal is aborted. Throws nothing but {@link VarlinkError}.
   */
  async run(call: IncomingCall, context: CallContext, send: Send): Promise<JsonText> {
    const start = performance.now();
    const tell = (end: { readonly reply: object } | { readonly error: VarlinkError }): void =>
      this.#log.answered?.({ call, context, ...end, duration: performance.now() - start });
    try {
      const { reply, text } = await this.#answer(call, context, send);
      tell({ reply });
      return text;
    } catch (error) {
      tell({ error: error as VarlinkError });
      throw error;
    }
  }

  /** The last reply, also as the JSON that it is on the wire. Throws nothing but {@link VarlinkError}. */
  async #answer(
    call: IncomingCall,
    context: CallContext,
    send: Send,
  ): Promise<{ readonly reply: object; readonly text: JsonText }> {
    const found = this.#methods.get(call.method);
    if (found === undefined) throw this.#notFound(call.method);
    const { served, method } = found;
    const permit = served.permit?.(call.method, context);
    const handler = (served.service as Record<string, unknown>)[method.handler];
    if (typeof handler !== 'function') throw new MethodNotImplemented(call.method);
    const parameters = this.#check(call, served, method);
    permit?.(parameters);
    if (method.requires === 'more' && !call.more) throw new ExpectedMore();
    if (method.requires === 'upgrade' && !call.upgrade) throw new ExpectedUpgrade();
    const write = (method.write as Write | undefined) ?? asItIs;
    try {
      const result = (handler as Handler).call(served.service, parameters, context);
      const reply = method.stream
        ? await lastOf(result as Stream<object>, context.signal, call.more ? write : undefined, send)
        : await (result as Promise<object>);
      const text = serialize(reply, write);
      return { reply, text: typeof text === 'string' ? text : await text };
    } catch (error) {
      throw this.#errorFor(error, call.method, served, context.signal);
    }
  }

  #notFound(method: string): VarlinkError {
    const dot = method.lastIndexOf('.');
    if (dot <= 0) return new InvalidParameter('method');
    const name = method.slice(0, dot);
    return this.#interfaces.has(name) ? new MethodNotFound(method) : new InterfaceNotFound(name);
  }

  #check(call: IncomingCall, served: Served, method: MethodDescriptor): object {
    const unknown = (path: string): void => {
      if (served.descriptor.unknownFields === 'refuse') throw new InvalidParameter(path);
      this.#log.unknownField?.(call.method, path);
    };
    try {
      return method.check(call.parameters ?? {}, unknown);
    } catch (error) {
      if (error instanceof FieldError)
        throw new InvalidParameter(error.path === '' ? 'parameters' : error.path, { cause: error });
      throw error;
    }
  }

  #errorFor(error: unknown, method: string, served: Served, signal: AbortSignal): VarlinkError {
    if (error instanceof VarlinkError) return error;
    const known = served.errorFor?.(error, method);
    if (known !== undefined) return known;
    // What an aborted method throws is nobody's concern.
    if (!signal.aborted) this.#log.unexpected?.(error, method);
    const reason = error instanceof Error ? error.message : String(error);
    return new UnexpectedError(served.descriptor.name, reason, { cause: error });
  }
}

/** Runs a stream to its last reply; those before it are sent if there is a way to write them. */
async function lastOf(
  stream: Stream<object>,
  signal: AbortSignal,
  write: Write | undefined,
  send: Send,
): Promise<object> {
  // Not for await: it would lose the reply that the stream returns.
  let ended = false;
  try {
    for (;;) {
      const step = await stream.next();
      ended = step.done === true;
      if (step.done) return step.value;
      signal.throwIfAborted();
      if (write === undefined) continue;
      const text = serialize(step.value, write);
      const ready = send(typeof text === 'string' ? text : await text);
      if (ready !== undefined) await ready;
      signal.throwIfAborted();
    }
  } finally {
    if (!ended) await stream.return(undefined as never);
  }
}

function asItIs(reply: object | undefined): object {
  // A method without results may be written without a return.
  return reply ?? {};
}

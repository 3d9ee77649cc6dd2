// A varlink connection from the calling side.
import type { Socket } from 'node:net';
import { ConnectionClosedError, InvalidReplyError, ProtocolError } from '../connection-errors.js';
import type { ConnectOptions } from '../connect.js';
import { connectTo } from '../connect.js';
import { FieldError } from '../fields.js';
import { decodeJson } from '../json.js';
import { defaultLimits } from '../limits.js';
import type { CallOptions, Check, Transport, Upgraded } from '../transport.js';
import { replyError } from '../transport.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** A list of many images is long; this is a limit against a service gone mad. */
const maxReply = 512 * 1024 * 1024;

interface Reply {
  readonly parameters: unknown;
  readonly continues: boolean;
}

/** A call that was sent: its replies are the next messages once the calls before it have had theirs. */
interface PendingCall {
  next(): Promise<Reply>;
  /** Lets the calls behind it have their replies. */
  end(): void;
}

/** Connects to a varlink service. Throws `AddressError` or {@link ConnectionClosedError}. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<VarlinkConnection> {
  return new VarlinkConnection(await connectTo(address, options));
}

/**
 * One connection. Calls may be made without waiting for the replies of those before; the service answers them in
 * order. Giving up a call that was sent ends the connection, for there is no other way to tell the service.
 */
export class VarlinkConnection implements Transport, AsyncDisposable {
  readonly #socket: Socket;
  readonly #reader: Reader;
  readonly #writer: Writer;
  /** Resolves when the call sent last has had its last reply. */
  #last: Promise<void> = Promise.resolve();
  /** There while an upgraded call has the connection: resolves when calls may be sent again. */
  #takeover: Promise<void> | undefined;
  #abandoned = false;

  /** Takes over a connected socket, which should allow to be half open. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new Reader(socket, { message: maxReply, readAhead: defaultLimits.readAhead });
    this.#writer = new Writer(socket);
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  }

  async call<T>(method: string, parameters: object, check: Check<T>, options: CallOptions = {}): Promise<T> {
    const call = await this.#send(method, parameters, '', options.signal);
    try {
      const reply = await call.next();
      if (reply.continues) throw this.#broken(`${method}: several replies to a call that asked for one`);
      return checked(method, reply, check);
    } finally {
      call.end();
    }
  }

  async *more<T>(
    method: string,
    parameters: object,
    check: Check<T>,
    options: CallOptions = {},
  ): AsyncGenerator<T, void, void> {
    const call = await this.#send(method, parameters, ',"more":true', options.signal);
    let continues = true;
    try {
      while (continues) {
        // An error is a last reply, too.
        continues = false;
        const reply = await call.next();
        continues = reply.continues;
        yield checked(method, reply, check);
      }
    } finally {
      if (continues) this.#abandon();
      call.end();
    }
  }

  async oneway(method: string, parameters: object, options: CallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    while (this.#takeover !== undefined) await this.#takeover;
    await this.#writer.message(callText(method, parameters, ',"oneway":true'));
  }

  async upgrade<T>(
    method: string,
    parameters: object,
    check: Check<T>,
    options: CallOptions = {},
  ): Promise<Upgraded<T>> {
    const call = await this.#send(method, parameters, ',"upgrade":true', options.signal);
    try {
      const reply = await call.next();
      return {
        reply: checked(method, reply, check),
        raw: {
          read: (limit) => this.#reader.bytes(limit),
          write: (bytes) => this.#writer.bytes(bytes),
          end: () => this.#writer.end(),
        },
        release: () => call.end(),
      };
    } catch (error) {
      call.end();
      throw error;
    }
  }

  /** Ends the connection; calls that wait for a reply fail. Resolves when it is closed. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
    });
    this.#socket.destroySoon();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Sends a call at once, unless an upgraded one has the connection: the order of calls is the order of replies. */
  async #send(
    method: string,
    parameters: object,
    flag: string,
    signal: AbortSignal | undefined,
  ): Promise<PendingCall> {
    signal?.throwIfAborted();
    while (this.#takeover !== undefined) await this.#takeover;
    if (!this.#socket.writable) throw new ConnectionClosedError();
    // Not waited for: a service that waits for its replies to be read takes no calls until they are. If the call cannot
    // be sent the connection is closed, and its reply will say so.
    this.#writer.message(callText(method, parameters, flag)).catch(() => {});
    const turn = this.#last;
    let done = (): void => {};
    this.#last = new Promise((resolve) => {
      done = resolve;
    });
    const takesOver = flag.includes('upgrade');
    if (takesOver) this.#takeover = this.#last;
    const abort = (): void => this.#abandon();
    signal?.addEventListener('abort', abort, { once: true });
    return {
      next: async () => {
        await turn;
        const reply = await this.#reply();
        if (reply !== undefined) return reply;
        signal?.throwIfAborted();
        throw new ConnectionClosedError(`${method}: the service has closed the connection`);
      },
      end: () => {
        signal?.removeEventListener('abort', abort);
        if (takesOver) this.#takeover = undefined;
        done();
      },
    };
  }

  /** Cuts the connection off in the middle of a call: what has arrived is for nobody now. */
  #abandon(): void {
    this.#abandoned = true;
    this.#socket.destroy();
  }

  /** The next message; undefined at the end of the connection. Throws the error that it carries. */
  async #reply(): Promise<Reply | undefined> {
    const bytes = await this.#reader.message();
    if (bytes === undefined || this.#abandoned) return undefined;
    let message: unknown;
    try {
      message = decodeJson(bytes);
    } catch (error) {
      throw this.#broken('a reply is not JSON', error);
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message))
      throw this.#broken('a reply is not an object');
    const { parameters, error, continues } = message as Record<string, unknown>;
    if (typeof (continues ?? false) !== 'boolean') throw this.#broken('continues is neither true nor false');
    if (error === undefined || error === null)
      return { parameters: parameters ?? {}, continues: continues === true };
    if (typeof error !== 'string') throw this.#broken('the name of an error is not a string');
    throw replyError(error, (parameters ?? {}) as Record<string, unknown>);
  }

  /** The error for a service that does not speak varlink; ends the connection. */
  #broken(problem: string, cause?: unknown): ProtocolError {
    this.#abandon();
    return new ProtocolError(problem, { cause });
  }
}

function callText(method: string, parameters: object, flag: string): string {
  return `{"method":${JSON.stringify(method)},"parameters":${JSON.stringify(parameters)}${flag}}`;
}

function checked<T>(method: string, reply: Reply, check: Check<T>): T {
  try {
    return check(reply.parameters);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new InvalidReplyError(`${method}: ${error.message}`, { cause: error });
  }
}

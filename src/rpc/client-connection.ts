// What connections of every protocol have in common on the calling side.
import type { ConnectOptions, Link } from './connect.js';
import type { PendingCall } from './pending-call.js';
import { OnewayCall, SingleCall } from './pending-call.js';
import type { StreamSource } from './reply-stream.js';
import { ReplyStream } from './reply-stream.js';
import type { SocketWriter } from './socket-writer.js';
import type { CallOptions, Check, Connection, Outcomes, Upgraded } from './transport.js';

/** The calls of a connection, which give each its replies. */
export interface Calls extends StreamSource {
  /** Sends a call. Throws what keeps it from being sent. */
  start(call: PendingCall): void;
  /** Says that this side is about to close the socket: calls that wait then fail. */
  close(): void;
}

/** What a caller wants other than one reply. */
export type CallFlag = 'more' | 'oneway' | 'upgrade';

const noOptions: CallOptions = {};

/** A connection whose protocol says how a call is written and how replies find their calls. */
export abstract class ClientConnection implements Connection {
  protected abstract readonly calls: Calls;
  protected abstract readonly writer: SocketWriter;
  readonly #link: Link;
  readonly #callTimeout: number | undefined;

  /** Takes over a connected socket, which should allow to be half open. */
  constructor(link: Link, options: Pick<ConnectOptions, 'callTimeout'> = {}) {
    const { socket } = link;
    this.#link = link;
    this.#callTimeout = options.callTimeout;
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  }

  /** A call as it goes over the wire. */
  protected abstract message(method: string, parameters: object, flag?: CallFlag): string;

  abstract upgrade<T>(
    method: string,
    parameters: object,
    check: Check<T>,
    options?: CallOptions,
  ): Promise<Upgraded<T>>;

  call<T>(method: string, parameters: object, check: Check<T>, options = noOptions): Promise<T> {
    return this.single(method, parameters, undefined, check, options);
  }

  more<T>(method: string, parameters: object, check: Check<T>, options = noOptions): ReplyStream<T> {
    return new ReplyStream(this.calls, method, this.message(method, parameters, 'more'), options, check);
  }

  oneway(method: string, parameters: object, options = noOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = this.message(method, parameters, 'oneway');
      this.calls.start(new OnewayCall(method, text, options, { resolve, reject }));
    });
  }

  async pipeline<T extends readonly unknown[]>(calls: () => readonly [...T]): Promise<Outcomes<T>> {
    return await Promise.allSettled(calls());
  }

  async close(): Promise<void> {
    this.calls.close();
    await this.writer.finish();
    await this.#link.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A call with one reply. */
  protected single<T>(
    method: string,
    parameters: object,
    flag: 'upgrade' | undefined,
    check: Check<T>,
    options: CallOptions = noOptions,
  ): Promise<T> {
    const limited = this.#callTimeout === undefined ? options : { timeout: this.#callTimeout, ...options };
    return new Promise((resolve, reject) => {
      const text = this.message(method, parameters, flag);
      const takesOver = flag === 'upgrade';
      this.calls.start(new SingleCall(method, text, limited, check, { resolve, reject }, takesOver));
    });
  }
}

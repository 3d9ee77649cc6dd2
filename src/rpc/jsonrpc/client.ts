// A JSON-RPC connection from the calling side.
import type { ConnectOptions, Link } from '../connect.js';
import { openLink } from '../connect.js';
import { defaultLimits, maxReply } from '../limits.js';
import { OnewayCall, SingleCall } from '../pending-call.js';
import { ReplyStream } from '../reply-stream.js';
import type { CallOptions, Check, Connection, Outcomes } from '../transport.js';
import { SentCalls } from './sent-calls.js';
import { UpgradeUnsupportedError } from './errors.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

const noOptions: CallOptions = {};

/** Connects to a JSON-RPC service. Throws `AddressError` or `ConnectionClosedError`. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<JsonRpcConnection> {
  return new JsonRpcConnection(await openLink(address, options), options);
}

/**
 * One connection. Calls run side by side and are answered as they end. Giving one up, by its signal, its timeout or
 * by leaving a loop, ends that call only.
 */
export class JsonRpcConnection implements Connection {
  readonly #link: Link;
  readonly #callTimeout: number | undefined;
  readonly #writer: Writer;
  readonly #calls: SentCalls;

  /** Takes over a connected socket, which should allow to be half open. */
  constructor(link: Link, options: Pick<ConnectOptions, 'callTimeout'> = {}) {
    const { socket } = link;
    const { readAhead } = defaultLimits;
    this.#link = link;
    this.#callTimeout = options.callTimeout;
    this.#writer = new Writer(socket);
    const reader = new Reader(socket, { message: maxReply, readAhead, depth: Infinity });
    this.#calls = new SentCalls(socket, reader, this.#writer);
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  }

  call<T>(method: string, parameters: object, check: Check<T>, options = noOptions): Promise<T> {
    const limited = this.#callTimeout === undefined ? options : { timeout: this.#callTimeout, ...options };
    return new Promise((resolve, reject) => {
      const text = request(method, parameters, ',"more":false');
      this.#calls.start(new SingleCall(method, text, limited, check, { resolve, reject }));
    });
  }

  more<T>(method: string, parameters: object, check: Check<T>, options = noOptions): ReplyStream<T> {
    return new ReplyStream(this.#calls, method, request(method, parameters), options, check);
  }

  oneway(method: string, parameters: object, options = noOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = request(method, parameters);
      this.#calls.start(new OnewayCall(method, text, options, { resolve, reject }));
    });
  }

  /** Rejects with {@link UpgradeUnsupportedError}: the connection belongs to all calls on it. */
  upgrade(method: string): Promise<never> {
    return Promise.reject(
      new UpgradeUnsupportedError(
        `${method}: JSON-RPC cannot hand the connection over; call it over varlink`,
      ),
    );
  }

  async pipeline<T extends readonly unknown[]>(calls: () => readonly [...T]): Promise<Outcomes<T>> {
    return await Promise.allSettled(calls());
  }

  async close(): Promise<void> {
    this.#calls.close();
    await this.#writer.finish();
    await this.#link.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A request without its id and its end; `flag` is a member of it, or empty. */
function request(method: string, parameters: object, flag = ''): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${JSON.stringify(parameters)}${flag}`;
}

// A varlink connection from the calling side.
import type { ConnectOptions, Link } from '../connect.js';
import { openLink } from '../connect.js';
import { defaultLimits, maxReply } from '../limits.js';
import { OnewayCall, SingleCall } from '../pending-call.js';
import { ReplyStream } from '../reply-stream.js';
import { InterfaceNotFound, InvalidParameter } from '../standard-errors.js';
import type { CallOptions, Check, Connection, Outcomes, Upgraded } from '../transport.js';
import { VarlinkError } from '../varlink-error.js';
import { Reader } from './reader.js';
import { SentCalls } from './sent-calls.js';
import { Writer } from './writer.js';

const describing = 'org.varlink.service.GetInterfaceDescription';
const upgradeFlag = ',"upgrade":true';
const noOptions: CallOptions = {};

/** Connects to a varlink service. Throws `AddressError` or `ConnectionClosedError`. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<VarlinkConnection> {
  return new VarlinkConnection(await openLink(address, options), options);
}

/**
 * One connection. Calls may be made without waiting for the replies of those before; the service answers them in
 * order. Giving up a call that was sent ends the connection, for there is no other way to tell the service.
 */
export class VarlinkConnection implements Connection {
  readonly #link: Link;
  readonly #callTimeout: number | undefined;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #calls: SentCalls;

  /** Takes over a connected socket, which should allow to be half open. */
  constructor(link: Link, options: Pick<ConnectOptions, 'callTimeout'> = {}) {
    const { socket } = link;
    this.#link = link;
    this.#callTimeout = options.callTimeout;
    this.#reader = new Reader(socket, { message: maxReply, readAhead: defaultLimits.readAhead });
    this.#writer = new Writer(socket);
    this.#calls = new SentCalls(link, this.#reader, this.#writer);
    // The close that follows is what counts.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  }

  call<T>(method: string, parameters: object, check: Check<T>, options = noOptions): Promise<T> {
    const reply = this.#single(method, parameters, '', check, options);
    return method === describing ? reply.catch((error) => describingFailed(error, parameters)) : reply;
  }

  more<T>(method: string, parameters: object, check: Check<T>, options = noOptions): ReplyStream<T> {
    return new ReplyStream(this.#calls, method, message(method, parameters, ',"more":true'), options, check);
  }

  oneway(method: string, parameters: object, options = noOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = message(method, parameters, ',"oneway":true');
      this.#calls.start(new OnewayCall(method, text, options, { resolve, reject }));
    });
  }

  async upgrade<T>(
    method: string,
    parameters: object,
    check: Check<T>,
    options = noOptions,
  ): Promise<Upgraded<T>> {
    let taken = true;
    const release = (): void => {
      if (taken) this.#calls.release();
      taken = false;
    };
    try {
      const reply = await this.#single(method, parameters, upgradeFlag, check, options);
      return {
        reply,
        raw: {
          read: (limit) => this.#reader.bytes(limit),
          write: (bytes) => this.#writer.bytes(bytes),
          end: () => this.#writer.end(),
        },
        release,
      };
    } catch (error) {
      // After any other failure nobody knows what the service speaks now.
      if (error instanceof VarlinkError) release();
      else this.#link.socket.destroy();
      throw error;
    }
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

  #single<T>(
    method: string,
    parameters: object,
    flag: '' | typeof upgradeFlag,
    check: Check<T>,
    options: CallOptions,
  ): Promise<T> {
    const limited = this.#callTimeout === undefined ? options : { timeout: this.#callTimeout, ...options };
    return new Promise((resolve, reject) => {
      const text = message(method, parameters, flag);
      const takesOver = flag === upgradeFlag;
      this.#calls.start(new SingleCall(method, text, limited, check, { resolve, reject }, takesOver));
    });
  }
}

/** A call as it goes over the wire; `flag` is a member of it, or empty. */
function message(method: string, parameters: object, flag: string): string {
  return `{"method":${JSON.stringify(method)},"parameters":${JSON.stringify(parameters)}${flag}}\0`;
}

/** Older Go services call an interface that they do not have a bad parameter. */
function describingFailed(error: unknown, parameters: { readonly interface?: unknown }): never {
  throw error instanceof InvalidParameter
    ? new InterfaceNotFound(String(parameters.interface), { cause: error })
    : error;
}

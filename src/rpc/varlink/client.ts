// A varlink connection from the calling side.
import type { CallFlag } from '../client-connection.js';
import { ClientConnection } from '../client-connection.js';
import type { ConnectOptions, Link } from '../connect.js';
import { openLink } from '../connect.js';
import { defaultLimits, maxReply } from '../limits.js';
import { InterfaceNotFound, InvalidParameter } from '../standard-errors.js';
import type { CallOptions, Check, Upgraded } from '../transport.js';
import { VarlinkError } from '../varlink-error.js';
import { Reader } from './reader.js';
import { SentCalls } from './sent-calls.js';
import { Writer } from './writer.js';

const describing = 'org.varlink.service.GetInterfaceDescription';

/** Connects to a varlink service. Throws `AddressError` or `ConnectionClosedError`. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<VarlinkConnection> {
  return new VarlinkConnection(await openLink(address, options), options);
}

/**
 * One connection. Calls may be made without waiting for the replies of those before; the service answers them in
 * order. Giving up a call that was sent ends the connection, for there is no other way to tell the service.
 */
export class VarlinkConnection extends ClientConnection {
  protected override readonly calls: SentCalls;
  protected override readonly writer: Writer;
  readonly #socket: Link['socket'];
  readonly #reader: Reader;

  constructor(link: Link, options: Pick<ConnectOptions, 'callTimeout'> = {}) {
    super(link, options);
    this.#socket = link.socket;
    this.#reader = new Reader(link.socket, { message: maxReply, readAhead: defaultLimits.readAhead });
    this.writer = new Writer(link.socket);
    this.calls = new SentCalls(link, this.#reader, this.writer);
  }

  override call<T>(method: string, parameters: object, check: Check<T>, options?: CallOptions): Promise<T> {
    const reply = super.call(method, parameters, check, options);
    return method === describing ? reply.catch((error) => describingFailed(error, parameters)) : reply;
  }

  override async upgrade<T>(
    method: string,
    parameters: object,
    check: Check<T>,
    options?: CallOptions,
  ): Promise<Upgraded<T>> {
    let taken = true;
    const release = (): void => {
      if (taken) this.calls.release();
      taken = false;
    };
    try {
      const reply = await this.single(method, parameters, 'upgrade', check, options);
      return {
        reply,
        raw: {
          read: (limit) => this.#reader.bytes(limit),
          write: (bytes) => this.writer.bytes(bytes),
          end: () => this.writer.end(),
        },
        release,
      };
    } catch (error) {
      // After any other failure nobody knows what the service speaks now.
      if (error instanceof VarlinkError) release();
      else this.#socket.destroy();
      throw error;
    }
  }

  protected override message(method: string, parameters: object, flag?: CallFlag): string {
    const member = flag === undefined ? '' : `,"${flag}":true`;
    return `{"method":${JSON.stringify(method)},"parameters":${JSON.stringify(parameters)}${member}}\0`;
  }
}

/** Older Go services call an interface that they do not have a bad parameter. */
function describingFailed(error: unknown, parameters: { readonly interface?: unknown }): never {
  throw error instanceof InvalidParameter
    ? new InterfaceNotFound(String(parameters.interface), { cause: error })
    : error;
}

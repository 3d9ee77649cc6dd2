// A JSON-RPC connection from the calling side.
import type { CallFlag } from '../client-connection.js';
import { ClientConnection } from '../client-connection.js';
import type { ConnectOptions, Link } from '../connect.js';
import { openLink } from '../connect.js';
import { defaultLimits, maxReply } from '../limits.js';
import { UpgradeUnsupportedError } from './errors.js';
import { Reader } from './reader.js';
import { SentCalls } from './sent-calls.js';
import { Writer } from './writer.js';

/** Connects to a JSON-RPC service. Throws `AddressError` or `ConnectionClosedError`. */
export async function connect(address: string, options: ConnectOptions = {}): Promise<JsonRpcConnection> {
  return new JsonRpcConnection(await openLink(address, options), options);
}

/**
 * One connection. Calls run side by side and are answered as they end. Giving one up, by its signal, its timeout or
 * by leaving a loop, ends that call only.
 */
export class JsonRpcConnection extends ClientConnection {
  protected override readonly calls: SentCalls;
  protected override readonly writer: Writer;

  constructor(link: Link, options: Pick<ConnectOptions, 'callTimeout'> = {}) {
    super(link, options);
    const { readAhead } = defaultLimits;
    this.writer = new Writer(link.socket);
    const reader = new Reader(link.socket, { message: maxReply, readAhead, depth: Infinity });
    this.calls = new SentCalls(link.socket, reader, this.writer);
  }

  /** Rejects with {@link UpgradeUnsupportedError}: the connection belongs to all calls on it. */
  override upgrade(method: string): Promise<never> {
    return Promise.reject(
      new UpgradeUnsupportedError(
        `${method}: JSON-RPC cannot hand the connection over; call it over varlink`,
      ),
    );
  }

  /** A request without its id and its end. */
  protected override message(method: string, parameters: object, flag?: CallFlag): string {
    const single = flag === undefined ? ',"more":false' : '';
    return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${JSON.stringify(parameters)}${single}`;
  }
}

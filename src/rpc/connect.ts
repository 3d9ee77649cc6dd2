// Connecting to an address.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Address } from './address.js';
import { parseAddress } from './address.js';
import { ConnectionClosedError } from './connection-errors.js';

export interface ConnectOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until connecting is given up; none by default. */
  readonly timeout?: number;
}

/** Opens a socket to an address. Throws `AddressError`, or {@link ConnectionClosedError} if nobody answers there. */
export async function connectTo(text: string, options: ConnectOptions = {}): Promise<Socket> {
  const socket = connect({ ...target(parseAddress(text)), allowHalfOpen: true, noDelay: true });
  const signals = [
    options.signal,
    options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout),
  ];
  try {
    const signal = AbortSignal.any(signals.filter((signal) => signal !== undefined));
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    if (options.signal?.aborted === true) throw error;
    const problem = (error as Error).name === 'AbortError' ? 'no answer in time' : (error as Error).message;
    throw new ConnectionClosedError(`connect to ${text}: ${problem}`, { cause: error });
  }
}

function target(address: Address): { path: string } | { host: string; port: number } {
  switch (address.kind) {
    case 'unix':
      return { path: address.path };
    case 'abstract':
      return { path: `\0${address.name}` };
    default:
      return { host: address.host, port: address.port };
  }
}

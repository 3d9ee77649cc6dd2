// Connecting to an address.
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import type { Address, OpenAbstract } from './address.js';
import { abstractPath } from './address.js';
import type { ClientAddressOptions } from './client-address.js';
import { parseClientAddress } from './client-address.js';
import { ConnectionClosedError } from './connection-errors.js';
import { startProgram } from './program.js';

export interface ConnectOptions extends ClientAddressOptions {
  /** Gives connecting up. */
  readonly signal?: AbortSignal;
  /** Milliseconds until connecting is given up; none by default. */
  readonly timeout?: number;
  /** Milliseconds that calls with one reply wait for it where their own `timeout` does not say; for ever by default. */
  readonly callTimeout?: number;
  /** How abstract addresses are connected to; by Node itself without it, which needs version 22. */
  readonly connectAbstract?: OpenAbstract;
}

/** A connected stream of bytes. */
export interface Link {
  readonly socket: Socket;
  /** There if a program is at the other end: resolves when it has ended, to what is to be said of that, or to ''. */
  readonly ended?: Promise<string>;
}

/**
 * Connects to an address, or starts the program that it names. Throws `AddressError`, or {@link ConnectionClosedError}
 * if nobody answers there. What is wrong with a program is told only when it ends.
 */
export async function openLink(text: string, options: ConnectOptions = {}): Promise<Link> {
  const address = parseClientAddress(text, options);
  options.signal?.throwIfAborted();
  return address.kind === 'program'
    ? startProgram(text, address)
    : { socket: await open(text, address, options) };
}

async function open(text: string, address: Address, options: ConnectOptions): Promise<Socket> {
  if (address.kind === 'abstract' && options.connectAbstract !== undefined)
    return adopt(text, address.name, options.connectAbstract);
  const socket = connect({ ...target(text, address), allowHalfOpen: true, noDelay: true });
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
    options.signal?.throwIfAborted();
    const problem = (error as Error).name === 'AbortError' ? 'no answer in time' : (error as Error).message;
    throw new ConnectionClosedError(`connect to ${text}: ${problem}`, { cause: error });
  }
}

function adopt(text: string, name: string, connectAbstract: OpenAbstract): Socket {
  try {
    return new Socket({ fd: connectAbstract(name), allowHalfOpen: true });
  } catch (error) {
    throw new ConnectionClosedError(`connect to ${text}: ${(error as Error).message}`, { cause: error });
  }
}

function target(text: string, address: Address): { path: string } | { host: string; port: number } {
  switch (address.kind) {
    case 'unix':
      return { path: address.path };
    case 'abstract':
      return { path: abstractPath(text, address.name) };
    default:
      return { host: address.host, port: address.port };
  }
}

// Connecting to an address.
import { once } from 'node:events';
import type { NetConnectOpts, Socket } from 'node:net';
import { connect } from 'node:net';
import { abstractRelay } from './abstract-relay.js';
import type { Address } from './address.js';
import { padsAbstractNames } from './address.js';
import type { ClientAddressOptions } from './client-address.js';
import { parseClientAddress } from './client-address.js';
import { ConnectionClosedError } from './connection-errors.js';
import { startProgram } from './program.js';
import { endOf, startTls, tlsReason, type TlsClientFiles } from './tls-link.js';

export interface ConnectOptions extends ClientAddressOptions {
  /** What `tls:` addresses show and trust. */
  readonly tls?: TlsClientFiles;
  /** Gives connecting up. */
  readonly signal?: AbortSignal;
  /** Milliseconds until connecting is given up; none by default. */
  readonly timeout?: number;
  /** Milliseconds that calls with one reply wait for it where their own `timeout` does not say; for ever by default. */
  readonly callTimeout?: number;
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
  if (address.kind === 'program') return startProgram(text, address);
  if (address.kind === 'abstract' && padsAbstractNames())
    return startProgram(text, abstractRelay(address.name));
  if (address.kind !== 'tls')
    return { socket: await open(text, connect(socketOptions(address)), 'connect', options) };
  const socket = await startTls(text, address, options.tls ?? {});
  const ended = endOf(text, socket);
  return { socket: await open(text, socket, 'secureConnect', options), ended };
}

function socketOptions(address: Address): NetConnectOpts {
  return { ...target(address), allowHalfOpen: true, noDelay: true };
}

async function open(
  text: string,
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  options: ConnectOptions,
): Promise<Socket> {
  const signals = [
    options.signal,
    options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout),
  ];
  try {
    const signal = AbortSignal.any(signals.filter((signal) => signal !== undefined));
    await once(socket, ready, { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    options.signal?.throwIfAborted();
    const problem = (error as Error).name === 'AbortError' ? 'no answer in time' : tlsReason(error);
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

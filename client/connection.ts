// The connection to the service: one for each command, closed when it is over.
import { getSystemErrorMap } from 'node:util';
import { IoPodmanClient } from '../src/generated/io-podman.js';
import type { Connection } from '../src/rpc/index.js';
import { connect } from './connect.js';
import type { Context } from './context.js';
import { CommandError } from './errors.js';
import { printable } from './output/printable.js';
import { traced } from './trace.js';

const connectTimeout = 30_000;

/** Runs `use` with a client of the service. */
export function withClient<T>(context: Context, use: (client: IoPodmanClient) => Promise<T>): Promise<T> {
  return withConnection(context, context.signal, (connection) => use(new IoPodmanClient(connection)));
}

/**
 * Runs `use` with a connection that is closed afterwards, or when `signal` is aborted: every call on it fails then.
 * Throws {@link CommandError} if nobody answers at the address.
 */
export async function withConnection<T>(
  context: Context,
  signal: AbortSignal,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { address } = context;
  const start = context.now();
  const connection = await open(address, signal);
  context.debug?.(`connected to ${printable(address)} after ${context.now() - start} ms`);
  const close = (): void => void connection.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    return await use(traced(context, connection));
  } finally {
    signal.removeEventListener('abort', close);
    await connection.close();
  }
}

async function open(address: string, signal: AbortSignal): Promise<Connection> {
  try {
    return await connect(address, { signal, timeout: connectTimeout });
  } catch (error) {
    throw notConnected(address, error);
  }
}

/** What to say when nobody answers at an address. */
export function notConnected(address: string, error: unknown): CommandError {
  const { cause, message } = error as Error;
  const { errno } = (cause ?? {}) as { errno?: number };
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  const text = known === undefined ? message : `cannot connect to imaged at ${address}: ${known}`;
  return new CommandError(text, undefined, { cause: error });
}

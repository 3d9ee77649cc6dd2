// The connection to the service: one for each command, closed when it is over.
import { getSystemErrorMap } from 'node:util';
import { IoPodmanClient } from '../src/generated/io-podman.js';
import type { Connection } from '../src/rpc/index.js';
import { connect } from './connect.js';
import type { Context } from './context.js';
import { CommandError } from './errors.js';
import { printable } from './output/printable.js';
import { traced } from './trace.js';
import type { Destination } from './remote/destination.js';
import { SharedSsh } from './remote/shared-ssh.js';

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
  return await withService(context, await destinationOf(context), signal, use);
}

/** Which service a command works with. */
export async function destinationOf(context: Context): Promise<Destination> {
  return (await context.destination?.()) ?? { address: context.address, tls: {} };
}

/** As {@link withConnection}, to the service at a destination. */
export async function withService<T>(
  context: Context,
  destination: Destination,
  signal: AbortSignal,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  await using shared = await SharedSsh.of(destination, signal);
  const start = context.now();
  const connection = await open(destination, shared.options, signal);
  context.debug?.(`connected to ${printable(destination.address)} after ${context.now() - start} ms`);
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

async function open(
  { address, tls }: Destination,
  sshOptions: readonly string[],
  signal: AbortSignal,
): Promise<Connection> {
  try {
    return await connect(address, { signal, timeout: connectTimeout, tls, sshOptions });
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

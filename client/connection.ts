// The connection to the service: one for each command, closed when it is over.
import { getSystemErrorMap } from 'node:util';
import { IoPodmanClient } from '../src/generated/io-podman.js';
import { connect } from '../src/rpc/varlink/client.js';
import type { VarlinkConnection } from '../src/rpc/varlink/client.js';
import type { Context } from './context.js';
import { CommandError } from './errors.js';

const connectTimeout = 30_000;

/** Runs `use` with a client of the service. Ctrl-C closes the connection, and every call on it fails. */
export async function withClient<T>(
  context: Context,
  use: (client: IoPodmanClient) => Promise<T>,
): Promise<T> {
  await using connection = await openConnection(context, context.signal);
  return await use(new IoPodmanClient(connection));
}

/** A connection that `signal` closes. Throws {@link CommandError} if nobody answers at the address. */
export async function openConnection({ address }: Context, signal: AbortSignal): Promise<VarlinkConnection> {
  try {
    const connection = await connect(address, { signal, timeout: connectTimeout });
    signal.addEventListener('abort', () => void connection.close(), { once: true });
    return connection;
  } catch (error) {
    const { cause, message } = error as Error;
    const { errno } = (cause ?? {}) as { errno?: number };
    const known = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
    const text = known === undefined ? message : `cannot connect to imaged at ${address}: ${known}`;
    throw new CommandError(text, undefined, { cause: error });
  }
}

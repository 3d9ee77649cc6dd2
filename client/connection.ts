// The connection to the service: one for each command, closed when it is over.
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
  const connection = await connect(address, { signal, timeout: connectTimeout }).catch((error: unknown) => {
    throw new CommandError(`cannot connect to imaged: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  });
  const close = (): void => void connection.close();
  signal.addEventListener('abort', close, { once: true });
  return connection;
}

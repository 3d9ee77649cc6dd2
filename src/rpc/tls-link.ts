// Connecting with TLS: the server's name is checked, and this side shows a certificate.
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { AddressError } from './address.js';

/** Files in PEM; what is not said is what Node has. */
export interface TlsClientFiles {
  /** The authority of the server. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A socket that begins its handshake. Throws {@link AddressError} for files that cannot be read. */
export async function startTls(
  address: string,
  { host, port }: { readonly host: string; readonly port: number },
  files: TlsClientFiles,
): Promise<TLSSocket> {
  const options: ConnectionOptions & { readonly noDelay: boolean; readonly allowHalfOpen: boolean } = {
    host,
    port,
    ...(await materialOf(address, files)),
    // Addresses are no server names.
    ...(isIP(host) === 0 && { servername: host }),
    minVersion: 'TLSv1.2',
    allowHalfOpen: true,
    noDelay: true,
  };
  try {
    return connect(options);
  } catch (cause) {
    throw new AddressError(address, `its certificate or key: ${tlsReason(cause)}`, { cause });
  }
}

/** What OpenSSL says, without its places and numbers. */
export function tlsReason(error: unknown): string {
  const { library, reason, message } = error as {
    readonly library?: unknown;
    readonly reason?: unknown;
    readonly message: string;
  };
  return library !== undefined && typeof reason === 'string' ? reason : message;
}

/**
 * Resolves when the socket is closed, to why if there is something to say: a server that does not want this side's certificate says so
 * when the handshake is over for this side.
 */
export async function endOf(address: string, socket: TLSSocket): Promise<string> {
  let said = '';
  socket.on('error', (error) => {
    said = `${address}: ${tlsReason(error)}`;
  });
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  return said;
}

async function materialOf(address: string, { ca, cert, key }: TlsClientFiles): Promise<ConnectionOptions> {
  const read = async (path: string): Promise<Buffer> =>
    await readFile(path).catch((cause: unknown) => {
      throw new AddressError(address, `its file ${path}: ${(cause as Error).message}`, { cause });
    });
  if ((cert === undefined) !== (key === undefined))
    throw new AddressError(address, 'a certificate needs its key, and a key its certificate');
  return {
    ...(ca !== undefined && { ca: await read(ca) }),
    ...(cert !== undefined && { cert: await read(cert) }),
    ...(key !== undefined && { key: await read(key) }),
  };
}

// TLS for the serving side: both ends show certificates, and only those of the own authority come in.
import { constants } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { tlsReason } from './tls-link.js';

/** Files in PEM. */
export interface TlsFiles {
  /** The certificate of this service, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** The authorities whose clients come in. */
  readonly clientCa: string;
}

/** A file of certificates that cannot be used, or a caller that has none that counts. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code = 'TLS_REFUSED';
}

/** A caller whose certificate was good. */
export interface SecureCaller {
  readonly socket: TLSSocket;
  /** The common name of its certificate; empty if that has none. */
  readonly name: string;
}

/** What a caller has for its side of the handshake; milliseconds. */
const handshakeTime = 10_000;
/** How often files are looked at again; milliseconds. */
const lookInterval = 1000;
/** Characters of a name that counts. */
const longestName = 256;

interface Waiting {
  resolve(caller: SecureCaller): void;
  reject(error: TlsError): void;
}

/** Makes handshakes. Certificates that are renewed count for the next caller. */
export class TlsAcceptor {
  readonly #files: TlsFiles;
  readonly #warn: (message: string) => void;
  readonly #server: Server;
  /** By the other end's address and port, which no two connections share. */
  readonly #waiting = new Map<string, Waiting>();
  #version: string;
  #looked = performance.now();
  #looking: Promise<void> | undefined;

  private constructor(
    files: TlsFiles,
    material: SecureContextOptions,
    version: string,
    warn: (message: string) => void,
  ) {
    this.#files = files;
    this.#version = version;
    this.#warn = warn;
    this.#server = createServer({
      ...material,
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: handshakeTime,
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
  }

  /** Reads the files. Throws {@link TlsError}. */
  static async open(files: TlsFiles, warn: (message: string) => void): Promise<TlsAcceptor> {
    const version = await versionOf(files);
    return new TlsAcceptor(files, await materialOf(files), version, warn);
  }

  /** The caller on a connected socket. Throws {@link TlsError}; the socket is closed then. */
  async accept(socket: Socket): Promise<SecureCaller> {
    await this.#look();
    const key = keyOf(socket);
    try {
      if (socket.destroyed || this.#waiting.has(key)) throw new TlsError('the caller has left');
      return await new Promise<SecureCaller>((resolve, reject) => {
        this.#waiting.set(key, { resolve, reject });
        // Whoever knows better why it was closed says so first.
        socket.once('close', () =>
          setImmediate(() => reject(new TlsError('the caller left during the handshake'))),
        );
        // No session of an earlier handshake is taken up: a certificate that was revoked since would still count.
        this.#server.emit('connection', socket);
      });
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      throw error;
    } finally {
      this.#waiting.delete(key);
    }
  }

  #secured(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    const { CN: name = '' } = (
      socket.getPeerCertificate() as Partial<ReturnType<TLSSocket['getPeerCertificate']>>
    ).subject ?? { CN: '' };
    const waiting = this.#waiting.get(keyOf(socket));
    if (waiting === undefined) socket.destroy();
    // Several names are no name.
    else
      waiting.resolve({ socket, name: typeof name === 'string' && name.length <= longestName ? name : '' });
  }

  #failed(error: Error, socket: TLSSocket): void {
    const { authorizationError: refused } = socket as { readonly authorizationError?: unknown };
    const why = typeof refused === 'string' ? refused : tlsReason(error);
    this.#waiting.get(keyOf(socket))?.reject(new TlsError(`TLS: ${why}`, { cause: error }));
  }

  async #look(): Promise<void> {
    if (performance.now() - this.#looked >= lookInterval) {
      this.#looked = performance.now();
      this.#looking = this.#renew();
    }
    await this.#looking;
  }

  /** Never rejects: what was good stays. */
  async #renew(): Promise<void> {
    try {
      const version = await versionOf(this.#files);
      if (version === this.#version) return;
      this.#server.setSecureContext(await materialOf(this.#files));
      this.#version = version;
    } catch (error) {
      this.#warn(`the certificates stay as they were: ${(error as Error).message}`);
    }
  }
}

async function materialOf({ cert, key, clientCa }: TlsFiles): Promise<SecureContextOptions> {
  const material: SecureContextOptions = {
    cert: await textOf('--tls-cert', cert),
    key: await textOf('--tls-key', key),
    ca: await textOf('--tls-client-ca', clientCa),
    minVersion: 'TLSv1.2',
    // A second handshake costs this side more than the other, and nobody needs it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  try {
    createSecureContext(material);
  } catch (cause) {
    throw new TlsError(`--tls-cert ${cert}, --tls-key ${key}: ${tlsReason(cause)}`, { cause });
  }
  return material;
}

async function textOf(option: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TlsError(`${option} ${path}: ${(cause as Error).message}`, { cause });
  });
  if (text.includes('-----BEGIN ')) return text;
  throw new TlsError(`${option} ${path}: it is not in the format PEM`);
}

async function versionOf({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const states = await Promise.all(
    [cert, key, clientCa].map(async (path) => {
      const state = await stat(path, { bigint: true }).catch(() => undefined);
      return state === undefined ? '' : `${state.dev}:${state.ino}:${state.mtimeNs}:${state.size}`;
    }),
  );
  return states.join(' ');
}

function keyOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

// Opens the socket under an HTTP exchange: TCP or TLS, straight or through a proxy's CONNECT.
import { isIP, connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsIdentity } from '../../oci/blob.js';
import { secureContext } from './secure-context.js';

/** Receives what a socket reads, in buffers it provides. */
export interface ReadSink {
  /** Where the next read goes. */
  buffer(): Buffer;
  /** `length` bytes were read to the front of the last buffer; false pauses the socket. */
  read(length: number): boolean;
}

/** Waited too long; `what` names the phase. */
export class HttpTimeoutError extends Error {
  override readonly name = 'HttpTimeoutError';
  readonly code = 'HTTP_TIMEOUT';
  constructor(what: string, milliseconds: number) {
    super(`${what} timed out after ${milliseconds / 1000} s`);
  }
}

/** The port of `url`, the scheme's one if it has none. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** Host of `url` as the system calls want it: IPv6 addresses without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/**
 * A connected socket to the origin of `url`. Reads go straight into the buffers of `sink`, which saves
 * a copy and most of the callbacks.
 */
export async function openSocket(
  url: URL,
  identity: TlsIdentity,
  timeout: number,
  sink: ReadSink,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const host = hostOf(url);
  const onread = {
    buffer: () => sink.buffer(),
    callback: (length: number) => sink.read(length),
  };
  const base = { host, port: portOf(url), onread, keepAlive: true, noDelay: true };
  const secure = url.protocol === 'https:';
  const socket = secure
    ? connectTls({
        ...base,
        secureContext: secureContext(identity),
        rejectUnauthorized: !identity.insecure,
        ALPNProtocols: ['http/1.1'],
        ...(isIP(host) === 0 && { servername: host }),
      })
    : connectTcp(base);
  await settled(socket, secure ? 'secureConnect' : 'connect', timeout, signal);
  return socket;
}

/** Waits for `event`; destroys the socket on an error, on time-out and on abort. */
async function settled(socket: Socket, event: string, timeout: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = withResolvers<void>();
  const onAbort = (): void => void socket.destroy(signal.reason);
  const timer = setTimeout(() => socket.destroy(new HttpTimeoutError('connecting', timeout)), timeout);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once(event, resolve);
  socket.once('error', reject);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    socket.off('error', reject);
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

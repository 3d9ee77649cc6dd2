// One exchange over node:http whose answer is read later, with a limit on every wait.
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpTimeouts, ProxySettings, TlsIdentity } from '../../oci/blob.js';
import { startRequest } from './agents.js';
import { HttpTimeoutError } from './timeout.js';

/** What is asked; the body is small enough to be sent again. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** Whom to trust, through what, how patiently. */
export interface ExchangeOptions {
  readonly identity: TlsIdentity;
  readonly proxies: ProxySettings | undefined;
  readonly timeouts: HttpTimeouts;
}

/** A body this short is read to its end for the sake of the connection. */
const worthKeeping = 64 * 1024;

/**
 * Resolves with the head of the answer, the body paused; the caller reads or {@link discard}s it.
 * Throws the system's errors, HttpTimeoutError and the abort reason.
 */
export async function httpExchange(
  wanted: HttpRequest,
  { identity, proxies, timeouts }: ExchangeOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (;;) {
    signal.throwIfAborted();
    const request = startRequest(wanted.method, wanted.url, wanted.headers, identity, proxies);
    try {
      return await responseOf(request, wanted.body, timeouts, signal);
    } catch (error) {
      // The server closed a kept connection just when we took it: nothing was answered, so nothing was lost.
      const stale = request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (!stale || signal.aborted) throw error;
    }
  }
}

function responseOf(
  request: ClientRequest,
  body: Buffer | undefined,
  timeouts: HttpTimeouts,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { connect, head } = timeouts;
    const onAbort = (): void => void request.destroy(signal.reason as Error);
    let timer = setTimeout(() => request.destroy(new HttpTimeoutError('connecting', connect)), connect);
    const onFinish = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => request.destroy(new HttpTimeoutError('waiting for the response', head)), head);
    };
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      // Some answer before they have read all of the body.
      request.off('finish', onFinish);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Written out when the connection stands, TLS included.
    request.once('finish', onFinish);
    request.once('response', (response) => {
      settle();
      response.pause();
      resolve(response);
    });
    request.on('error', (error) => {
      settle();
      reject(error);
    });
    request.end(body);
  });
}

/** Gives an answer up; its connection is kept if that costs little. */
export function discard(response: IncomingMessage): void {
  // What still happens to it interests nobody.
  response.on('error', () => undefined);
  const length = Number(response.headers['content-length'] ?? Infinity);
  if (response.complete || length <= worthKeeping) response.resume();
  else response.destroy();
}

/** The beginning of an answer's body, as much as comes within the limits of bytes and milliseconds; for the text of an error. */
export async function beginningOf(
  response: IncomingMessage,
  limit: number,
  milliseconds: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => response.destroy(), milliseconds);
  try {
    for await (const piece of response) {
      pieces.push(piece as Buffer);
      size += (piece as Buffer).length;
      if (size >= limit) break;
    }
  } catch {
    // What has come is better than nothing.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(pieces).subarray(0, limit);
}

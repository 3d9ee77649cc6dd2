// A file from anywhere by http(s), as it comes: redirects followed, every wait limited.
import type { IncomingMessage } from 'node:http';
import type { HttpTimeouts, ProxySettings } from '../oci/blob.js';
import { basicAuthorization } from './credentials.js';
import { discard, httpExchange } from './transport/http-exchange.js';
import { headersFor, isRedirect, maxRedirects, RedirectError, redirectTarget } from './transport/redirect.js';
import { HttpTimeoutError } from './transport/timeout.js';

/** It cannot be had. The message names the address without what is secret in it. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly code = 'DOWNLOAD';
  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`${shownUrl(url)}: ${reason}`, options);
  }
}

export interface DownloadOptions {
  readonly userAgent: string;
  /** A file of trust roots that takes the place of the built-in ones. */
  readonly rootsFile?: string | undefined;
  readonly proxies: ProxySettings;
  readonly timeouts: HttpTimeouts;
}

export interface Download {
  /** Ends with an error when nothing comes for too long. Leaving the loop ends the connection. */
  readonly body: AsyncIterable<Buffer>;
  /** Bytes, if the server says so. */
  readonly length: number | undefined;
  /** Seconds since 1970; undefined if the server does not say, or nothing that can be understood. */
  readonly modified: number | undefined;
}

/** Resolves with the head of the answer. Throws {@link DownloadError} and the signal's reason. */
export async function startDownload(
  address: string,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<Download> {
  const { timeouts } = options;
  try {
    const response = await followed(address, options, signal);
    const length = Number(response.headers['content-length'] ?? Number.NaN);
    const modified = Date.parse(response.headers['last-modified'] ?? '') / 1000;
    return {
      body: bodyOf(address, response, timeouts, signal),
      length: Number.isSafeInteger(length) ? length : undefined,
      modified: Number.isFinite(modified) ? Math.max(0, Math.floor(modified)) : undefined,
    };
  } catch (error) {
    throw asDownloadError(address, error, signal);
  }
}

/** An address without user, password and query. */
export function shownUrl(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  if (url.search !== '') url.search = '?…';
  return decodeURI(url.href);
}

async function followed(
  address: string,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { userAgent, rootsFile, proxies, timeouts } = options;
  let url = parsed(address);
  let headers: Readonly<Record<string, string>> = {
    'user-agent': userAgent,
    accept: '*/*',
    ...credentials(url),
  };
  const identity = { insecure: false, ...(rootsFile === undefined ? {} : { rootsFile }) };
  for (let redirects = 0; ; redirects++) {
    url.username = '';
    url.password = '';
    const request = { method: 'GET', url, headers };
    const response = await httpExchange(request, { identity, proxies, timeouts }, signal);
    const { statusCode = 0 } = response;
    if (statusCode === 200 || statusCode === 203) return response;
    discard(response);
    if (!isRedirect(statusCode)) throw new DownloadError(address, `invalid response status ${statusCode}`);
    if (redirects === maxRedirects) throw new RedirectError(`more than ${maxRedirects} redirects`);
    const next = redirectTarget(url, response.headers.location);
    headers = headersFor(headers, url, next);
    url = next;
  }
}

function parsed(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new DownloadError(address, 'no http(s) address');
  url.hash = '';
  return url;
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  return { authorization: basicAuthorization(decodeURIComponent(username), decodeURIComponent(password)) };
}

async function* bodyOf(
  address: string,
  response: IncomingMessage,
  { idle }: HttpTimeouts,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const onAbort = (): void => void response.destroy(signal.reason as Error);
  const onTimeout = (): void => void response.destroy(new HttpTimeoutError('reading the body', idle));
  const { socket } = response;
  signal.addEventListener('abort', onAbort, { once: true });
  socket.setTimeout(idle);
  socket.on('timeout', onTimeout);
  try {
    signal.throwIfAborted();
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw asDownloadError(address, error, signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.off('timeout', onTimeout);
    if (!response.complete) response.destroy();
  }
}

function asDownloadError(address: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof DownloadError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DownloadError(address, reason, { cause: error });
}

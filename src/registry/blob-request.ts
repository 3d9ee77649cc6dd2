// One GET of a blob: places in order, redirects by hand, a new token when the old one has run out, retries.
import type { HttpBlob, HttpTimeouts } from '../oci/blob.js';
import { RegistryError, codeOfStatus } from './errors.js';
import { reasonOf } from './failure-text.js';
import { parseRetryAfter, withRetries } from './retry.js';
import { HttpConnection } from './transport/connection.js';
import { headersFor, isRedirect, maxRedirects, redirectTarget } from './transport/redirect.js';
import type { ResponseHead } from './transport/response-head.js';
import { header } from './transport/response-head.js';

/** An answered request whose body has not been read. */
export interface BlobResponse {
  readonly connection: HttpConnection;
  readonly head: ResponseHead;
}

/** What applies when the caller says nothing. */
export const defaultTimeouts: HttpTimeouts = { connect: 30_000, head: 60_000, idle: 60_000, retry: 1000 };

/** Asks for one blob, as often as it takes; keeps the token that was renewed on the way. */
export class BlobRequester {
  readonly #blob: HttpBlob;
  readonly timeouts: HttpTimeouts;
  #headers: Readonly<Record<string, string>>;

  constructor(blob: HttpBlob) {
    this.#blob = blob;
    this.#headers = blob.headers;
    this.timeouts = blob.timeouts ?? defaultTimeouts;
  }

  /** The place errors speak of; without query, which may be a signature. */
  get place(): URL {
    return new URL(this.#blob.url);
  }

  /** The blob from byte `offset` on, if the server honours ranges; 200 or 206. Throws {@link RegistryError}. */
  async get(offset: number, signal: AbortSignal): Promise<BlobResponse> {
    const range = offset === 0 ? {} : { range: `bytes=${offset}-` };
    for (const external of this.#blob.external ?? []) {
      const url = this.#externalUrl(external);
      if (url === undefined) continue;
      const { authorization: _, ...plain } = this.#blob.headers;
      const response = await this.#attempt(url, { ...plain, ...range }, signal).catch(() => undefined);
      signal.throwIfAborted();
      if (response !== undefined && accepted(response.head, offset)) return response;
      response?.connection.destroy();
    }
    return await withRetries(() => this.#authorized(offset, range, signal), this.timeouts.retry, signal);
  }

  async #authorized(
    offset: number,
    range: Record<string, string>,
    signal: AbortSignal,
  ): Promise<BlobResponse> {
    let response = await this.#attempt(this.place, { ...this.#headers, ...range }, signal);
    if (response.head.status === 401 && this.#blob.renewal !== undefined) {
      response.connection.destroy();
      // Rare, and most of a worker's start-up time if it were imported above.
      const { requestToken } = await import('./token.js');
      const options = { identity: this.#blob, proxies: this.#blob.proxies, timeouts: this.timeouts };
      const { token } = await requestToken(this.#blob.renewal, options, signal);
      this.#headers = { ...this.#headers, authorization: `Bearer ${token}` };
      response = await this.#attempt(this.place, { ...this.#headers, ...range }, signal);
    }
    if (accepted(response.head, offset)) return response;
    response.connection.destroy();
    throw this.#refused(response.head);
  }

  #externalUrl(text: string): URL | undefined {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    return url.protocol === 'https:' || (this.#blob.insecure && url.protocol === 'http:') ? url : undefined;
  }

  async #attempt(
    start: URL,
    startHeaders: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<BlobResponse> {
    let url = start;
    let headers = startHeaders;
    try {
      for (let hops = 0; hops <= maxRedirects; hops++) {
        const response = await get(url, headers, this.#blob, this.timeouts, signal);
        if (!isRedirect(response.head.status)) return response;
        response.connection.destroy();
        const target = redirectTarget(url, header(response.head, 'location'));
        headers = headersFor(headers, url, target);
        url = target;
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.failure(
        'REGISTRY_UNREACHABLE',
        `Error fetching blob: Get "${start.origin}${start.pathname}": `,
        cause,
      );
    }
    throw this.failure('REGISTRY_PROTOCOL', `Error fetching blob: stopped after ${maxRedirects} redirects`);
  }

  #refused(head: ResponseHead): RegistryError {
    const status = `${head.status} (${head.statusText})`;
    const { host } = this.place;
    if (head.status === 429) {
      const retryAfter = parseRetryAfter(header(head, 'retry-after'), Date.now());
      const details = { op: 'blob', host, status: 429, retryAfter };
      return new RegistryError('REGISTRY_THROTTLED', 'too many requests to registry', details);
    }
    const message = `Error fetching blob: invalid status code from registry ${status}`;
    const retryAfter = parseRetryAfter(header(head, 'retry-after'), Date.now());
    return new RegistryError(codeOfStatus(head.status), message, {
      op: 'blob',
      host,
      status: head.status,
      retryAfter,
    });
  }

  /** A {@link RegistryError} about this blob with the reason for it behind `message`. */
  failure(code: RegistryError['code'], message: string, cause?: unknown): RegistryError {
    const reason = cause === undefined ? '' : reasonOf(cause);
    return new RegistryError(code, `${message}${reason}`, {
      op: 'blob',
      host: this.place.host,
      cause,
      ...(reason !== '' && { reason }),
    });
  }
}

function accepted(head: ResponseHead, offset: number): boolean {
  return head.status === 200 || (head.status === 206 && offset > 0);
}

/** One request on one connection, no redirects. The caller reads the body or destroys the connection. */
export async function get(
  url: URL,
  headers: Readonly<Record<string, string>>,
  blob: HttpBlob,
  timeouts: HttpTimeouts,
  signal: AbortSignal,
): Promise<BlobResponse> {
  const connection = await HttpConnection.open(url, blob, timeouts, signal);
  try {
    return { connection, head: await connection.exchange(requestText('GET', url, headers, ''), signal) };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** The bytes of a request. Header values come from configuration and tokens: a line break in one is refused. */
export function requestText(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): string {
  const fields = Object.entries({ host: url.host, 'accept-encoding': 'identity', ...headers });
  for (const [name, value] of fields) {
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw new TypeError(`invalid value of header ${name}`);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines}\r\n${body}`;
}

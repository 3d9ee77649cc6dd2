// One GET of a blob: places in order, redirects by hand, a new token when the old one has run out, retries.
import type { IncomingMessage } from 'node:http';
import type { HttpBlob, HttpTimeouts } from '../oci/blob.js';
import { RegistryError, codeOfFailure, codeOfStatus } from './errors.js';
import { reasonOf } from './failure-text.js';
import { withNewToken } from './renewal.js';
import { parseRetryAfter, withRetries } from './retry.js';
import type { ExchangeOptions } from './transport/http-exchange.js';
import { discard, httpExchange } from './transport/http-exchange.js';
import { headersFor, isRedirect, maxRedirects, redirectTarget } from './transport/redirect.js';

type Headers = Readonly<Record<string, string>>;

/** What applies when the caller says nothing. */
export const defaultTimeouts: HttpTimeouts = timeoutsWithin(60_000);

/** Those of somebody who waits this long for a sign of life; milliseconds. */
export function timeoutsWithin(silence: number): HttpTimeouts {
  return { connect: Math.min(silence, 30_000), head: silence, idle: silence, retry: 1000 };
}

/** Asks for one blob, as often as it takes; keeps the token that was renewed on the way. */
export class BlobRequester {
  readonly #blob: HttpBlob;
  readonly timeouts: HttpTimeouts;
  readonly #options: ExchangeOptions;
  #headers: Headers;

  constructor(blob: HttpBlob) {
    this.#blob = blob;
    this.#headers = blob.headers;
    this.timeouts = blob.timeouts ?? defaultTimeouts;
    this.#options = { identity: blob, proxies: blob.proxies, timeouts: this.timeouts };
  }

  /** Where the registry has the blob; without query, since errors speak of it. */
  get place(): URL {
    return new URL(this.#blob.url);
  }

  /** The blob from byte `offset` on, if the server honours ranges; 200 or 206. Throws {@link RegistryError}. */
  async get(offset: number, signal: AbortSignal): Promise<IncomingMessage> {
    for (const url of this.#externalPlaces()) {
      const response = await this.#tryExternal(url, offset, signal);
      if (response !== undefined) return response;
    }
    return await withRetries(() => this.#ask(offset, signal), { delay: this.timeouts.retry }, signal);
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

  #externalPlaces(): readonly URL[] {
    const urls = (this.#blob.external ?? [])
      .filter((text) => URL.canParse(text))
      .map((text) => new URL(text));
    return urls.filter(
      ({ protocol }) => protocol === 'https:' || (this.#blob.insecure && protocol === 'http:'),
    );
  }

  async #tryExternal(url: URL, offset: number, signal: AbortSignal): Promise<IncomingMessage | undefined> {
    try {
      const headers = headersFor(this.#blob.headers, this.place, url);
      const response = await this.#follow(url, { ...headers, ...rangeFrom(offset) }, signal);
      if (isContent(response, offset)) return response;
      discard(response);
    } catch {
      // The registry itself is asked for what cannot be had elsewhere.
      signal.throwIfAborted();
    }
    return undefined;
  }

  async #ask(offset: number, signal: AbortSignal): Promise<IncomingMessage> {
    let response = await this.#follow(this.place, { ...this.#headers, ...rangeFrom(offset) }, signal);
    if (response.statusCode === 401 && this.#blob.renewal !== undefined) {
      discard(response);
      this.#headers = await withNewToken(this.#headers, this.#blob.renewal, this.#options, signal);
      response = await this.#follow(this.place, { ...this.#headers, ...rangeFrom(offset) }, signal);
    }
    if (isContent(response, offset)) return response;
    discard(response);
    throw this.#refusal(response);
  }

  async #follow(start: URL, startHeaders: Headers, signal: AbortSignal): Promise<IncomingMessage> {
    let url = start;
    let headers = startHeaders;
    const { origin, pathname } = this.place;
    try {
      for (let hops = 0; hops <= maxRedirects; hops++) {
        const response = await httpExchange({ method: 'GET', url, headers }, this.#options, signal);
        if (!isRedirect(response.statusCode!)) return response;
        discard(response);
        const target = redirectTarget(url, response.headers.location);
        headers = headersFor(headers, url, target);
        url = target;
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.failure(codeOfFailure(cause), `Error fetching blob: Get "${origin}${pathname}": `, cause);
    }
    throw this.failure('REGISTRY_PROTOCOL', `Error fetching blob: stopped after ${maxRedirects} redirects`);
  }

  #refusal({ statusCode: status = 0, statusMessage, headers }: IncomingMessage): RegistryError {
    const retryAfter = parseRetryAfter(headers['retry-after'], Date.now());
    const message =
      status === 429
        ? 'too many requests to registry'
        : `Error fetching blob: invalid status code from registry ${status} (${statusMessage})`;
    return new RegistryError(codeOfStatus(status), message, {
      op: 'blob',
      host: this.place.host,
      status,
      retryAfter,
    });
  }
}

function rangeFrom(offset: number): Headers {
  return offset === 0 ? {} : { range: `bytes=${offset}-` };
}

function isContent({ statusCode }: IncomingMessage, offset: number): boolean {
  return statusCode === 200 || (statusCode === 206 && offset > 0);
}

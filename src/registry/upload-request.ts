// The requests of one upload: at the place the registry names each time, with credentials for the registry alone, and a new
// token when the old one has run out.
import type { IncomingMessage } from 'node:http';
import type { HttpTimeouts, UploadTarget } from '../oci/blob.js';
import { defaultTimeouts } from './blob-request.js';
import { RegistryError, codeOfStatus, innermostCode, type RegistryErrorCode } from './errors.js';
import { answerFailure, reasonOf, transportFailure } from './failure-text.js';
import { withNewToken } from './renewal.js';
import { parseRetryAfter } from './retry.js';
import type { ExchangeOptions } from './transport/http-exchange.js';
import { beginningOf, discard, httpExchange } from './transport/http-exchange.js';
import {
  headersFor,
  isRedirect,
  maxRedirects,
  redirectTarget,
  uploadLocation,
} from './transport/redirect.js';
import { StreamedRequest } from './transport/streamed-request.js';

/** Bytes of an error's body that are read. */
const maxErrorBody = 64 * 1024;
/** A registry may move a large blob before it says that it has it: so many times as long as for other answers. */
const finishing = 5;

const octets: Readonly<Record<string, string>> = { 'content-type': 'application/octet-stream' };

/** Asks for one upload; keeps the token that was renewed on the way. Failures are {@link RegistryError}. */
export class UploadRequester {
  readonly timeouts: HttpTimeouts;
  readonly #target: UploadTarget;
  readonly #options: ExchangeOptions;
  #headers: Readonly<Record<string, string>>;

  constructor(target: UploadTarget) {
    this.#target = target;
    this.#headers = target.headers;
    this.timeouts = target.timeouts ?? defaultTimeouts;
    this.#options = { identity: target, proxies: target.proxies, timeouts: this.timeouts };
  }

  /** Where uploads begin. */
  get place(): URL {
    return new URL(this.#target.url);
  }

  /** Whether a new token can be had. */
  get renewable(): boolean {
    return this.#target.renewal !== undefined;
  }

  /** Milliseconds to wait for the answer to a request that gives the registry work. */
  get patience(): number {
    return finishing * this.timeouts.head;
  }

  /**
   * Sends a request, again after redirects that keep the method and once with a new token. `what` stands in front of the
   * reason when it fails; answers of 400 and more are failures.
   */
  async send(
    method: string,
    url: URL,
    what: string,
    { body, patience = this.timeouts.head }: { readonly body?: Buffer; readonly patience?: number },
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    let response = await this.#follow(method, url, what, body, patience, signal);
    const { renewal } = this.#target;
    if (response.statusCode === 401 && renewal !== undefined) {
      discard(response);
      this.#headers = await withNewToken(this.#headers, renewal, this.#options, signal);
      response = await this.#follow(method, url, what, body, patience, signal);
    }
    if (isSuccess(response)) return response;
    throw await this.refusal(response, what);
  }

  /** Starts a PATCH whose body is written as it comes. */
  stream(url: URL, signal: AbortSignal): StreamedRequest {
    const headers = { ...this.#headersTo(url), ...octets };
    return new StreamedRequest({ method: 'PATCH', url, headers }, this.#options, signal);
  }

  /** Where the upload goes on, by an answer to what was sent to `from`. */
  location({ headers }: IncomingMessage, from: URL, what: string): URL {
    try {
      return uploadLocation(from, headers.location);
    } catch (cause) {
      const message = `${what}: the registry's answer has no usable Location`;
      throw this.failure('REGISTRY_PROTOCOL', message, { cause });
    }
  }

  /** The error of an answer that is none that was hoped for; its body is read for it. */
  async refusal(response: IncomingMessage, what: string): Promise<RegistryError> {
    const { statusCode: status = 0, statusMessage: statusText = '', headers } = response;
    const body = await beginningOf(response, maxErrorBody, this.timeouts.head);
    const { text, registryCode } = answerFailure({ status, statusText, body });
    const retryAfter = parseRetryAfter(headers['retry-after'], Date.now());
    return this.failure(codeOfStatus(status), `${what}: ${text}`, {
      status,
      reason: text,
      retryAfter,
      registryCode,
    });
  }

  /** The error of a request without an answer. */
  unanswered(code: RegistryErrorCode, method: string, url: URL, what: string, cause: unknown): RegistryError {
    const reason = reasonOf(cause);
    return this.failure(code, `${what}: ${transportFailure(method, url, cause)}`, { cause, reason });
  }

  failure(
    code: RegistryErrorCode,
    message: string,
    details: Omit<ConstructorParameters<typeof RegistryError>[2], 'op' | 'host'>,
  ): RegistryError {
    return new RegistryError(code, message, { op: 'upload', host: this.place.host, ...details });
  }

  async #follow(
    method: string,
    start: URL,
    what: string,
    body: Buffer | undefined,
    patience: number,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const options = { ...this.#options, timeouts: { ...this.timeouts, head: patience } };
    let url = start;
    try {
      for (let hops = 0; hops <= maxRedirects; hops += 1) {
        const headers = { ...this.#headersTo(url), ...bodyHeaders(method, body) };
        const response = await httpExchange({ method, url, headers, body }, options, signal);
        if (!keepsMethod(response)) return response;
        discard(response);
        url = redirectTarget(url, response.headers.location);
      }
    } catch (cause) {
      signal.throwIfAborted();
      // Who needs that long does not need it again.
      const given = patience > this.timeouts.head && innermostCode(cause) === 'HTTP_TIMEOUT';
      const code = given ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_UNREACHABLE';
      throw this.unanswered(code, method, url, what, cause);
    }
    throw this.failure('REGISTRY_PROTOCOL', `${what}: stopped after ${maxRedirects} redirects`, {});
  }

  /** Wherever a registry has us send a blob, its credentials stay with it. */
  #headersTo(url: URL): Readonly<Record<string, string>> {
    return headersFor(this.#headers, this.place, url);
  }
}

export function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** 307 and 308; the others would make a GET of it. */
function keepsMethod({ statusCode = 0 }: IncomingMessage): boolean {
  return isRedirect(statusCode) && statusCode >= 307;
}

/** POST and PUT without a body say so: some servers wait for one, or answer 411. */
function bodyHeaders(method: string, body: Buffer | undefined): Readonly<Record<string, string>> {
  if (body !== undefined) return { ...octets, 'content-length': String(body.length) };
  return method === 'POST' || method === 'PUT' ? { 'content-length': '0' } : {};
}

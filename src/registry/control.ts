// The small requests to a registry, whose answers are read whole: pings, tokens, manifests.
import type { Readable } from 'node:stream';
import type { buildConnector, Dispatcher } from 'undici';
import type { HttpTimeouts, ProxySettings, TlsIdentity } from '../oci/blob.js';
import { TooLargeError } from './errors.js';
import type { RegistryTraffic } from './traffic.js';
import { HttpTimeoutError, TooSlowError } from './transport/timeout.js';
import { proxyFor } from './transport/proxy.js';
import { RedirectError, headersFor, isRedirect, maxRedirects, redirectTarget } from './transport/redirect.js';
import { secureContext } from './transport/secure-context.js';

/** A request, and how much of an answer is acceptable. */
export interface ControlRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Bytes of a good answer's body at most. */
  readonly limit: number;
}

/** A whole answer. */
export interface ControlAnswer {
  /** Who has answered, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly statusText: string;
  /** Every value of a header by its lower-case name. */
  header(name: string): readonly string[];
  readonly body: Buffer;
}

/** Bytes of an error's body that are read; the rest is of no use to anybody. */
const maxErrorBody = 1024 * 1024;

/** Bytes a second that come at least of an answer for which nobody waits less than the time of a silence. */
const slowestRate = 16 * 1024;
/** For the TLS handshake, once there is a connection; milliseconds. */
const handshakePatience = 10_000;

/** How a host is reached. */
export interface ControlOptions {
  readonly identity: TlsIdentity;
  readonly proxies?: ProxySettings | undefined;
  readonly timeouts: HttpTimeouts;
  /** Counts what is asked. */
  readonly traffic?: RegistryTraffic | undefined;
}

/** Half of the time that the daemon would need to start, if it were imported above. */
export async function loadHttpClient() {
  return await import('undici');
}

/** Connections of one TLS identity, kept open between requests until {@link close}. */
export class ControlConnection {
  readonly #options: ControlOptions;
  /** By proxy; the empty text stands for none. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  #alert: Error | undefined;

  /** Connects nowhere yet. */
  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** Follows redirects, without taking credentials to another origin. Throws transport errors as they come. */
  async send(request: ControlRequest, signal: AbortSignal): Promise<ControlAnswer> {
    let { url, headers } = request;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const answer = await this.#exchange({ ...request, url, headers }, signal);
      if (!isFollowed(request.method, answer.status)) return answer;
      const target = redirectTarget(url, answer.header('location')[0]);
      headers = headersFor(headers, url, target);
      url = target;
    }
    throw new RedirectError(`stopped after ${maxRedirects} redirects`);
  }

  /** Ends every connection, those with a request under way too. */
  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
  }

  async #exchange(wanted: ControlRequest, signal: AbortSignal): Promise<ControlAnswer> {
    signal.throwIfAborted();
    const { method, url, headers, body, limit } = wanted;
    const { head, idle } = this.#options.timeouts;
    const dispatcher = await this.#dispatcher(url);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new HttpTimeoutError('waiting for the response', head)), head);
    const request = dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers,
      body: body ?? null,
      signal: AbortSignal.any([signal, late.signal]),
      // The client's own timers are a second wide.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const response = await request
      .catch((error: NodeJS.ErrnoException) => {
        this.#options.traffic?.answered(undefined);
        const alert = this.#alert;
        this.#alert = undefined;
        throw error.code === 'UND_ERR_SOCKET' ? (alert ?? error) : error;
      })
      .finally(() => clearTimeout(timer));
    this.#options.traffic?.answered(response.statusCode);
    const good = response.statusCode < 300;
    const content = await readBody(response.body, good ? limit : maxErrorBody, good, idle);
    return {
      url,
      status: response.statusCode,
      statusText: response.statusText,
      header: (name) => [response.headers[name] ?? []].flat(),
      body: content,
    };
  }

  /** Takes note of what a server says against us after the handshake: its client calls that a closed connection. */
  #heeded(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) =>
      connect(options, (...[error, socket]) => {
        socket?.prependOnceListener('error', (alert: NodeJS.ErrnoException) => {
          if (alert.code?.startsWith('ERR_SSL_') === true) this.#alert = alert;
        });
        callback(...([error, socket] as Parameters<buildConnector.Callback>));
      });
  }

  async #dispatcher(url: URL): Promise<Dispatcher> {
    const { Agent, ProxyAgent, buildConnector } = await loadHttpClient();
    const { identity, timeouts, proxies } = this.#options;
    const proxy = proxyFor(url, proxies);
    const key = proxy?.href ?? '';
    let dispatcher = this.#dispatchers.get(key);
    if (dispatcher === undefined) {
      const tls = {
        timeout: timeouts.connect,
        secureContext: secureContext(identity),
        rejectUnauthorized: !identity.insecure,
      };
      const timeout = Math.min(timeouts.connect, handshakePatience);
      const secure = this.#heeded(buildConnector({ ...tls, timeout }));
      const connect = inTwoSteps(buildConnector(tls), secure, timeout);
      dispatcher =
        proxy === undefined
          ? new Agent({ connect, connections: 6 })
          : new ProxyAgent({ uri: proxy.href, requestTls: tls, connections: 6, proxyTunnel: false });
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }
}

/** Where a POST would lead has no business with what is in it; with a PUT, some redirects would make a GET of it. */
function isFollowed(method: ControlRequest['method'], status: number): boolean {
  if (!isRedirect(status) || method === 'POST') return false;
  return method !== 'PUT' || status >= 307;
}

/** Connects, then shakes hands, with a time for each. */
function inTwoSteps(
  plain: buildConnector.connector,
  secure: buildConnector.connector,
  handshake: number,
): buildConnector.connector {
  return (options, callback) => {
    if (options.protocol !== 'https:') {
      plain(options, callback);
      return;
    }
    plain({ ...options, protocol: 'http:', port: options.port || '443' }, (failed, httpSocket) => {
      if (failed !== null) {
        callback(failed, null);
        return;
      }
      secure({ ...options, httpSocket }, (error, socket) => {
        if (error === null) callback(null, socket);
        else callback(isTimeout(error) ? new HttpTimeoutError('the TLS handshake', handshake) : error, null);
      });
    });
  };
}

function isTimeout(error: NodeJS.ErrnoException): boolean {
  return error.code === 'UND_ERR_CONNECT_TIMEOUT';
}

async function readBody(body: Readable, limit: number, strict: boolean, patience: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const start = performance.now();
  let last = start;
  let size = 0;
  let timer = setTimeout(checkPace, patience);
  try {
    // Leaving the loop early destroys the body and with it the connection.
    for await (const piece of body as AsyncIterable<Buffer>) {
      last = performance.now();
      size += piece.length;
      if (size > limit && strict) throw new TooLargeError(limit);
      if (size > limit) break;
      pieces.push(piece);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(pieces);

  function checkPace(): void {
    const now = performance.now();
    const untilSilence = last + patience - now;
    const untilTooSlow = start + patience + (size / slowestRate) * 1000 - now;
    if (untilSilence <= 0) body.destroy(new HttpTimeoutError('reading the answer', patience));
    else if (untilTooSlow <= 0) body.destroy(new TooSlowError(size, now - start));
    else timer = setTimeout(checkPace, Math.min(untilSilence, untilTooSlow));
  }
}

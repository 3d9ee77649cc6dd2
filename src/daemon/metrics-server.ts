// Metrics and health over HTTP, for Prometheus and for those who watch over services.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen, listenOnDescriptor, type Listening, type ListenOptions } from '../rpc/listen.js';
import type { Health, HealthChecks } from './health.js';
import type { Metrics } from './metrics.js';

/** Those who watch are few; whoever comes beyond is closed at once. */
const mostConnections = 32;
/** From the first byte of a request to its end, and for the reading of an answer; milliseconds. */
const patience = 5000;
const mostHeaderBytes = 8 * 1024;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class MetricsServer {
  readonly #metrics: Metrics;
  readonly #health: HealthChecks;
  readonly #listening: Listening[] = [];
  readonly #servers: Server[] = [];

  constructor(metrics: Metrics, health: HealthChecks) {
    this.#metrics = metrics;
    this.#health = health;
  }

  /** Resolves to where it listens. Throws `AddressError`. */
  async listen(address: string, options: ListenOptions): Promise<string> {
    return await this.#open((server) => listen(server, address, options));
  }

  async listenOn(fd: number): Promise<string> {
    return await this.#open((server) => listenOnDescriptor(server, fd));
  }

  async close(): Promise<void> {
    const closed = this.#listening.splice(0).map((listening) => listening.close());
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(closed);
  }

  async #open(listenWith: (server: Server) => Promise<Listening>): Promise<string> {
    const server = createServer(
      {
        maxHeaderSize: mostHeaderBytes,
        headersTimeout: patience,
        requestTimeout: patience,
        connectionsCheckingInterval: patience / 2,
        keepAliveTimeout: patience,
      },
      (request, response) => void this.#serve(request, response),
    );
    server.maxConnections = mostConnections;
    // Of those, too, who do not read.
    server.setTimeout(2 * patience);
    const listening = await listenWith(server);
    server.on('error', () => undefined);
    this.#listening.push(listening);
    this.#servers.push(server);
    return `http+${listening.address}`;
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const { status, type, body } = await this.#answer(request).catch(() => plain(500, 'internal error'));
    const headers = {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      // What else comes with a request is not read.
      ...(hasBody(request) && { connection: 'close' }),
    };
    response.writeHead(status, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD');
    switch (url.split('?', 1)[0]) {
      case '/metrics':
        return {
          status: 200,
          type: 'text/plain; version=0.0.4; charset=utf-8',
          body: await this.#metrics.text(),
        };
      case '/healthz':
        return said(this.#health.alive());
      case '/readyz':
        return said(await this.#health.ready());
      default:
        return plain(404, 'there are /metrics, /healthz and /readyz');
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function said({ ok, report }: Health): Answer {
  return { status: ok ? 200 : 503, type: 'application/json', body: `${JSON.stringify(report)}\n` };
}

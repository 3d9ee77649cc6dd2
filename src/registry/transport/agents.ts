// The connections that blobs go over: kept open between blobs, per thread and per identity.
import type { ClientRequest } from 'node:http';
import { Agent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ProxySettings, TlsIdentity } from '../../oci/blob.js';
import { basicAuthorization } from '../credentials.js';
import { proxyFor } from './proxy.js';
import { identityKey, secureContext } from './secure-context.js';

const agents = new Map<string, Agent>();
const maxAgents = 32;
/** Kept connections nobody has used for this long are closed; milliseconds. */
const keptFor = 15_000;
/** Until a proxy has connected us; milliseconds. */
const tunnelPatience = 30_000;
const keepOpen = { keepAlive: true, scheduling: 'lifo', maxFreeSockets: 8, timeout: keptFor } as const;

/** Starts a request through the right agent and, if there is one, the right proxy. The caller ends the request. */
export function startRequest(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  identity: TlsIdentity,
  proxies: ProxySettings | undefined,
): ClientRequest {
  const proxy = proxyFor(url, proxies);
  const common = { method, headers: { 'accept-encoding': 'identity', ...headers } };
  if (url.protocol === 'https:') {
    const agent = agentOf(`https ${proxy?.href ?? ''} ${identityKey(identity)}`, () =>
      secureAgent(identity, proxy),
    );
    return httpsRequest(url, { ...common, agent });
  }
  const agent = agentOf('http', () => new Agent(keepOpen));
  if (proxy === undefined) return httpRequest(url, { ...common, agent });
  return httpRequest({
    ...common,
    agent,
    host: proxy.hostname,
    port: proxy.port || 80,
    path: url.href,
    headers: { ...common.headers, host: url.host, ...proxyAuthorization(proxy) },
  });
}

/** Ends the connections that nobody uses. */
export function closeIdleConnections(): void {
  for (const agent of agents.values()) agent.destroy();
  agents.clear();
}

function agentOf(key: string, make: () => Agent): Agent {
  let agent = agents.get(key);
  if (agent === undefined) {
    if (agents.size >= maxAgents) closeIdleConnections();
    agent = make();
    agents.set(key, agent);
  }
  return agent;
}

function secureAgent(identity: TlsIdentity, proxy: URL | undefined): HttpsAgent {
  const options = {
    ...keepOpen,
    secureContext: secureContext(identity),
    rejectUnauthorized: !identity.insecure,
    ALPNProtocols: ['http/1.1'],
  };
  return proxy === undefined ? new HttpsAgent(options) : new TunnelAgent(options, proxy);
}

/** Connects by asking a proxy for a tunnel (RFC 9110 §9.3.6). */
class TunnelAgent extends HttpsAgent {
  readonly #proxy: URL;

  constructor(options: ConstructorParameters<typeof HttpsAgent>[0], proxy: URL) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: Parameters<Agent['createConnection']>[0],
    callback?: (error: Error | null, stream: Duplex) => void,
  ): null {
    const host = options.host ?? '';
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${options.port}`;
    const ask = this.#proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const tunnel = ask(this.#proxy, {
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyAuthorization(this.#proxy) },
      agent: false,
      // The request that waits for it may be gone long before.
      signal: AbortSignal.timeout(tunnelPatience),
    });
    const fail = (error: Error): void => callback?.(error, undefined as unknown as Duplex);
    tunnel.once('error', fail);
    tunnel.once('response', ({ statusCode }) => {
      tunnel.destroy();
      fail(new Error(`proxy refused to connect to ${target}: status ${statusCode}`));
    });
    tunnel.once('connect', ({ statusCode }, socket: Socket) => {
      tunnel.off('error', fail);
      if (statusCode === 200) {
        // Without the host, a certificate for an address would be checked against `localhost`.
        callback?.(
          null,
          connectTls({ ...this.options, socket, host, ...(isIP(host) === 0 && { servername: host }) }),
        );
      } else {
        socket.destroy();
        fail(new Error(`proxy refused to connect to ${target}: status ${statusCode}`));
      }
    });
    tunnel.end();
    return null;
  }
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const value = basicAuthorization(decodeURIComponent(username), decodeURIComponent(password));
  return { 'proxy-authorization': value };
}

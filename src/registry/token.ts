// Bearer tokens: how one is asked of the realm that a registry names.
import type { TokenRequest } from '../oci/blob.js';
import type { Challenge } from './challenge.js';
import type { ControlOptions } from './control.js';
import { ControlConnection } from './control.js';
import type { Credentials } from './credentials.js';
import { basicAuthorization } from './credentials.js';
import { RegistryError, codeOfFailure, codeOfStatus } from './errors.js';
import { answerFailure, transportFailure } from './failure-text.js';
import { parseRetryAfter, withRetries } from './retry.js';

/** A token and how long it can be used, in milliseconds. */
export interface BearerToken {
  readonly token: string;
  readonly lifetime: number;
}

const maxTokenBytes = 1024 * 1024;
const leastSeconds = 60;
const clientId = 'containers/image';

/** The request that a bearer challenge asks for. Throws {@link RegistryError} for a realm that is no URL to trust. */
export function tokenRequest(
  challenge: Challenge,
  scopes: readonly string[],
  credentials: Credentials | undefined,
  insecure: boolean,
  host: string,
): TokenRequest {
  const realm = challenge.parameters.get('realm') ?? '';
  const usable = URL.canParse(realm) && /^https?:$/.test(new URL(realm).protocol);
  if (!usable) throw refused(host, 'missing realm in bearer auth challenge');
  const url = new URL(realm);
  if (url.protocol !== 'https:' && !insecure) {
    throw refused(host, `refused to ask for a token without TLS at ${url.origin}`);
  }
  const service = challenge.parameters.get('service') ?? '';
  const wanted = scopes.map((scope): [string, string] => ['scope', scope]);
  const named: [string, string][] = service === '' ? wanted : [['service', service], ...wanted];
  if (credentials?.kind === 'identity-token') {
    const form = new URLSearchParams([
      ...named,
      ['grant_type', 'refresh_token'],
      ['refresh_token', credentials.token],
      ['client_id', clientId],
    ]);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { url: url.href, headers, form: form.toString() };
  }
  if (credentials !== undefined) url.searchParams.set('account', credentials.username);
  for (const [name, value] of named) url.searchParams.append(name, value);
  if (credentials === undefined || credentials.password === '') return { url: url.href, headers: {} };
  const authorization = basicAuthorization(credentials.username, credentials.password);
  return { url: url.href, headers: { authorization } };
}

/** Asks for a token over a connection of its own; for a worker that has nothing but the request. */
export async function requestToken(
  request: TokenRequest,
  options: ControlOptions,
  signal: AbortSignal,
): Promise<BearerToken> {
  const connection = new ControlConnection(options);
  try {
    return await fetchToken(connection, request, { delay: options.timeouts.retry }, signal);
  } finally {
    await connection.close();
  }
}

/** Asks for a token. Throws {@link RegistryError}; no message has anything of the request but its host. */
export function fetchToken(
  connection: ControlConnection,
  request: TokenRequest,
  retry: Parameters<typeof withRetries>[1],
  signal: AbortSignal,
): Promise<BearerToken> {
  return withRetries(() => fetchOnce(connection, request, signal), retry, signal);
}

async function fetchOnce(
  connection: ControlConnection,
  request: TokenRequest,
  signal: AbortSignal,
): Promise<BearerToken> {
  const url = new URL(request.url);
  const { headers, form } = request;
  const method = form === undefined ? 'GET' : 'POST';
  const answer = await connection
    .send({ method, url, headers, limit: maxTokenBytes, ...(form !== undefined && { body: form }) }, signal)
    .catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new RegistryError(codeOfFailure(cause), transportFailure(method, url, cause), {
        op: 'token',
        host: url.host,
        cause,
      });
    });
  if (answer.status !== 200) {
    const retryAfter = parseRetryAfter(answer.header('retry-after')[0], Date.now());
    const details = { op: 'token', host: url.host, status: answer.status, retryAfter };
    const reason = answerFailure(answer).text;
    const message =
      answer.status === 401
        ? `unable to retrieve auth token: invalid username/password: ${reason}`
        : `Requesting bear token: invalid status code from registry ${answer.status} (${answer.statusText})`;
    throw new RegistryError(codeOfStatus(answer.status), message, details);
  }
  return parseToken(answer.body, url.host, Date.now());
}

/** The token in a realm's answer. */
function parseToken(body: Buffer, host: string, now: number): BearerToken {
  let fields: Record<string, unknown> | null;
  try {
    fields = JSON.parse(body.toString()) as Record<string, unknown> | null;
  } catch (cause) {
    throw refused(host, 'the answer of the token server is no JSON', cause);
  }
  const token = [fields?.['token'], fields?.['access_token']].find(
    (text) => typeof text === 'string' && text !== '',
  );
  if (typeof token !== 'string') throw refused(host, 'the answer of the token server has no token');
  const seconds = fields?.['expires_in'];
  const issued = Date.parse(String(fields?.['issued_at']));
  const lifetime = Math.max(typeof seconds === 'number' ? seconds : 0, leastSeconds) * 1000;
  // A realm's clock may be wrong: it can make the lifetime shorter, never longer.
  const age = Number.isNaN(issued) ? 0 : Math.max(now - issued, 0);
  return { token, lifetime: Math.max(lifetime - age, 0) };
}

function refused(host: string, message: string, cause?: unknown): RegistryError {
  return new RegistryError('REGISTRY_PROTOCOL', message, { op: 'token', host, cause });
}

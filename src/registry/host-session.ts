// A conversation with one registry: which scheme it speaks, what it wants to see, requests with that.
import type { TlsIdentity, TokenRequest } from '../oci/blob.js';
import type { Challenge } from './challenge.js';
import { parseChallenges } from './challenge.js';
import type { ControlAnswer, ControlRequest } from './control.js';
import { ControlConnection } from './control.js';
import type { ControlOptions } from './control.js';
import type { Credentials } from './credentials.js';
import { basicAuthorization } from './credentials.js';
import { codeOfFailure, innermostCode, RegistryError } from './errors.js';
import { transportFailure } from './failure-text.js';
import { parseRetryAfter, triesBesideOthers, usualTries, withRetries } from './retry.js';
import { SingleFlight } from './single-flight.js';
import type { BearerToken } from './token.js';
import { fetchToken, tokenRequest } from './token.js';

/** What a session is about. */
export interface HostOptions extends ControlOptions {
  /** As in a reference: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  readonly userAgent: string;
}

/** What a request may do and as whom. */
export interface Access {
  /** `repository:library/debian:pull`, usually alone. */
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
}

/** A request to a registry's API. */
export interface SessionRequest {
  readonly method: ControlRequest['method'];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Bytes of a good answer at most. */
  readonly limit: number;
  /** Is an answer with this status what was asked for? */
  readonly accepts: (status: number) => boolean;
}

/** Authorization of a request, and how to get it anew. */
export interface Authorization {
  readonly header?: string;
  readonly renewal?: TokenRequest;
}

/** Where a registry answers, and with which challenges. */
interface Endpoint {
  readonly base: URL;
  readonly challenges: readonly Challenge[];
}

const pingLimit = 1024 * 1024;
// A token is renewed before it expires while a request is under way.
const usedLifetime = 0.9;

/** Kept for one operation; {@link close} ends its connections. */
export class HostSession {
  /** host[:port] that is connected to. */
  readonly host: string;
  readonly identity: TlsIdentity;
  /** While there is another registry to turn to, this one is left as soon as it cannot be reached. */
  dispensable = false;
  readonly #options: HostOptions;
  readonly #connection: ControlConnection;
  readonly #closing = new AbortController();
  readonly #endpoint = new SingleFlight<Endpoint>();
  readonly #tokens = new SingleFlight<BearerToken>(({ lifetime }) => lifetime * usedLifetime);
  /** What a registry that let the ping pass wanted for scopes. */
  readonly #challenges = new Map<string, readonly Challenge[]>();

  constructor(options: HostOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.host = options.domain === 'docker.io' ? 'registry-1.docker.io' : options.domain;
    this.#connection = new ControlConnection(options);
  }

  /** Headers of every request. */
  get headers(): Readonly<Record<string, string>> {
    return {
      'docker-distribution-api-version': 'registry/2.0',
      'user-agent': this.#options.userAgent,
    };
  }

  /** The absolute URL of a path of the API, `library/debian/tags/list`. Pings first. */
  async url(path: string, signal: AbortSignal): Promise<URL> {
    const { base } = await this.#ping(signal);
    return new URL(path, base);
  }

  /**
   * Sends a request with the authorization that the registry wants, once more with a new one when it does not
   * like that, and again when the registry is busy. Without `access` nothing says who we are. `refuse` makes the error of
   * an answer that is not what was asked for.
   */
  request(
    op: string,
    path: string,
    access: Access | undefined,
    request: SessionRequest,
    refuse: (answer: ControlAnswer) => RegistryError,
    signal: AbortSignal,
  ): Promise<ControlAnswer> {
    const attempt = async (): Promise<ControlAnswer> => {
      const url = await this.url(path, signal);
      const send = async (): Promise<ControlAnswer> => {
        const authorization = access === undefined ? {} : await this.authorize(access, signal);
        return await this.#send(op, url, request, authorization, signal);
      };
      let answer = await send();
      // A challenge of the place we were sent on to is not one of this registry.
      const challenged = answer.status === 401 && answer.url.origin === url.origin;
      if (challenged && access !== undefined && this.#isAnotherChance(access, answer)) {
        answer = await send();
      }
      if (request.accepts(answer.status)) return answer;
      throw refuse(answer);
    };
    return withRetries(attempt, this.#retry, signal);
  }

  /** The authorization for `access`; asks for a token when the registry wants one. */
  async authorize({ scopes, credentials }: Access, signal: AbortSignal): Promise<Authorization> {
    const { challenges } = await this.#ping(signal);
    const key = scopes.join(' ');
    const wanted = this.#challenges.get(key) ?? challenges;
    const challenge = wanted.find(({ scheme }) => scheme === 'basic' || scheme === 'bearer');
    if (challenge === undefined) return {};
    if (challenge.scheme === 'basic') {
      if (credentials?.kind !== 'password') return {};
      return { header: basicAuthorization(credentials.username, credentials.password) };
    }
    const renewal = tokenRequest(challenge, scopes, credentials, this.identity.insecure, this.host);
    const work = (): Promise<BearerToken> =>
      fetchToken(this.#connection, renewal, this.#retry, this.#closing.signal);
    const { token } = await this.#tokens.get(key, work, signal);
    return { header: `Bearer ${token}`, renewal };
  }

  get #retry() {
    const tries = this.dispensable ? triesBesideOthers : usualTries;
    return { delay: this.#options.timeouts.retry, tries, traffic: this.#options.traffic };
  }

  async close(): Promise<void> {
    this.#closing.abort(
      new RegistryError('REGISTRY_UNREACHABLE', 'registry client closed', this.#about('close')),
    );
    await this.#connection.close();
  }

  /** Takes note of the challenge in a 401; false: there is nothing to try with it. */
  #isAnotherChance({ scopes, credentials }: Access, answer: ControlAnswer): boolean {
    const challenges = parseChallenges(answer.header('www-authenticate'));
    const key = scopes.join(' ');
    const known = this.#challenges.has(key);
    const bearer = challenges.some(({ scheme }) => scheme === 'bearer');
    const basic = challenges.some(({ scheme }) => scheme === 'basic') && credentials?.kind === 'password';
    if (!bearer && (!basic || known)) return false;
    this.#challenges.set(key, challenges);
    this.#tokens.forget(key);
    return true;
  }

  async #send(
    op: string,
    url: URL,
    { method, headers, body, limit }: Omit<SessionRequest, 'accepts'>,
    authorization: Authorization,
    signal: AbortSignal,
  ): Promise<ControlAnswer> {
    const allHeaders = {
      ...this.headers,
      ...headers,
      ...(authorization.header !== undefined && { authorization: authorization.header }),
    };
    try {
      const sent = { method, url, headers: allHeaders, limit, ...(body !== undefined && { body }) };
      return await this.#connection.send(sent, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const message = transportFailure(method, url, cause);
      throw new RegistryError(codeOfFailure(cause), message, { ...this.#about(op), cause });
    }
  }

  #about(op: string): { op: string; host: string } {
    return { op, host: this.host };
  }

  #ping(signal: AbortSignal): Promise<Endpoint> {
    const work = (): Promise<Endpoint> =>
      withRetries(() => this.#settleScheme(), this.#retry, this.#closing.signal);
    return this.#endpoint.get('', work, signal);
  }

  /** https, or http when the registry may be insecure and does not speak https. */
  async #settleScheme(): Promise<Endpoint> {
    const schemes = this.identity.insecure ? ['https', 'http'] : ['https'];
    let failure: RegistryError | undefined;
    for (const scheme of schemes) {
      const base = new URL(`${scheme}://${this.host}/v2/`);
      try {
        const answer = await this.#send(
          'ping',
          base,
          { method: 'GET', headers: {}, limit: pingLimit },
          {},
          this.#closing.signal,
        );
        if (answer.status === 200 || answer.status === 401) {
          return { base, challenges: parseChallenges(answer.header('www-authenticate')) };
        }
        failure = this.#pingRefused(answer);
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        failure = error;
        // On the same port there is nobody for plain http either.
        if (base.port !== '' && innermostCode(error) === 'UND_ERR_CONNECT_TIMEOUT') break;
      }
    }
    const odd = failure?.status !== undefined && failure.code === 'REGISTRY_PROTOCOL';
    if (odd && (await this.#isVersionOne(schemes))) {
      throw new RegistryError('REGISTRY_PROTOCOL', "can't talk to a V1 docker registry", this.#about('ping'));
    }
    throw new RegistryError(
      failure!.code,
      `error pinging docker registry ${this.host}: ${failure!.message}`,
      {
        ...this.#about('ping'),
        status: failure!.status,
        reason: failure!.reason,
        retryAfter: failure!.retryAfter,
        cause: failure!.cause,
      },
    );
  }

  #pingRefused(answer: ControlAnswer): RegistryError {
    const { status, statusText } = answer;
    const message = `invalid status code from registry ${status} (${statusText})`;
    const code =
      status === 429 ? 'REGISTRY_THROTTLED' : status >= 500 ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_PROTOCOL';
    const retryAfter = parseRetryAfter(answer.header('retry-after')[0], Date.now());
    return new RegistryError(code, message, { ...this.#about('ping'), status, retryAfter });
  }

  async #isVersionOne(schemes: readonly string[]): Promise<boolean> {
    for (const scheme of schemes) {
      const url = new URL(`${scheme}://${this.host}/v1/_ping`);
      const request = { method: 'GET', headers: {}, limit: pingLimit } as const;
      const answer = await this.#send('ping', url, request, {}, this.#closing.signal).catch(() => undefined);
      if (answer?.status === 200 || answer?.status === 401) return true;
    }
    return false;
  }
}

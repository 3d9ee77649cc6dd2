// Small documents at any http(s) address: what is kept beside a registry, such as signatures.
import type { HttpTimeouts, ProxySettings } from '../oci/blob.js';
import { defaultTimeouts } from './blob-request.js';
import { loadCertificates } from './certificates.js';
import { ControlConnection, type ControlAnswer } from './control.js';
import { basicAuthorization } from './credentials.js';
import { codeOfFailure, codeOfStatus, RegistryError } from './errors.js';
import { reasonOf, transportFailure } from './failure-text.js';
import { withRetries } from './retry.js';

export interface DocumentClientOptions {
  readonly userAgent: string;
  /** certs.d directories; what they say of a host counts here, too. */
  readonly certificateDirectories?: readonly string[];
  readonly rootsFile?: string | undefined;
  readonly proxies?: ProxySettings | undefined;
  readonly timeouts?: HttpTimeouts | undefined;
}

/** One operation's way to them; {@link close} when it is over. */
export class DocumentClient {
  readonly #options: DocumentClientOptions;
  readonly #timeouts: HttpTimeouts;
  readonly #connections = new Map<string, ControlConnection>();

  constructor(options: DocumentClientOptions) {
    this.#options = options;
    this.#timeouts = options.timeouts ?? defaultTimeouts;
  }

  /**
   * The document, of at most `limit` bytes; undefined if there is none. A user name and a password in the URL are sent along.
   * Throws {@link RegistryError}.
   */
  async get(url: URL, limit: number, signal: AbortSignal): Promise<Buffer | undefined> {
    const attempt = async (): Promise<Buffer | undefined> => {
      const answer = await this.#ask(url, limit, signal);
      const { status, statusText } = answer;
      if (status === 200) return answer.body;
      if (status === 404) return undefined;
      const message = `status ${status} (${statusText})`;
      throw new RegistryError(codeOfStatus(status), message, { op: 'document', host: url.host, status });
    };
    return await withRetries(attempt, { delay: this.#timeouts.retry }, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
    this.#connections.clear();
  }

  async #ask(url: URL, limit: number, signal: AbortSignal): Promise<ControlAnswer> {
    const { username, password } = url;
    const headers = {
      'user-agent': this.#options.userAgent,
      ...(username !== '' && {
        authorization: basicAuthorization(decodeURIComponent(username), decodeURIComponent(password)),
      }),
    };
    try {
      return await this.#connection(url.host).send({ method: 'GET', url, headers, limit }, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const details = { op: 'document', host: url.host, reason: reasonOf(cause), cause };
      throw new RegistryError(codeOfFailure(cause), transportFailure('GET', url, cause), details);
    }
  }

  #connection(host: string): ControlConnection {
    let connection = this.#connections.get(host);
    if (connection === undefined) {
      const { certificateDirectories = [], rootsFile, proxies } = this.#options;
      connection = new ControlConnection({
        identity: {
          insecure: false,
          ...(rootsFile !== undefined && { rootsFile }),
          ...loadCertificates(certificateDirectories, host),
        },
        proxies,
        timeouts: this.#timeouts,
      });
      this.#connections.set(host, connection);
    }
    return connection;
  }
}

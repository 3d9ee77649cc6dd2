// The conversations of one operation with registries, one for each host: who we are there, and how they are reached.
import type { HttpAccess, HttpTimeouts, ProxySettings } from '../oci/blob.js';
import { formatReference, type Reference } from '../oci/reference.js';
import { defaultTimeouts } from './blob-request.js';
import { loadCertificates } from './certificates.js';
import type { Credentials, CredentialSource } from './credentials.js';
import { RegistryError } from './errors.js';
import { HostSession, type Access } from './host-session.js';
import type { PullSource } from './registries-config.js';
import type { RegistryTraffic } from './traffic.js';
import type { UnreachableHosts } from './unreachable.js';

/** Whom a client trusts, who it is and how patient. */
export interface RegistryClientOptions {
  readonly userAgent: string;
  /** Given with the request; only for the host that the user named. */
  readonly explicitCredentials?: Credentials | undefined;
  /** Looked up otherwise. */
  readonly credentials?: CredentialSource | undefined;
  /** certs.d directories, the first that knows a host counts. */
  readonly certificateDirectories?: readonly string[];
  /** The host's own bundle of trust roots. */
  readonly rootsFile?: string | undefined;
  readonly proxies?: ProxySettings | undefined;
  readonly timeouts?: HttpTimeouts | undefined;
  /** What was learnt by earlier operations. */
  readonly unreachable?: UnreachableHosts | undefined;
  /** Counts what is asked. */
  readonly traffic?: RegistryTraffic | undefined;
}

/** What is to be done with a repository. */
export type Actions = 'pull' | 'pull,push';

export class RegistrySessions {
  readonly #options: RegistryClientOptions;
  readonly #timeouts: HttpTimeouts;
  readonly #sessions = new Map<string, HostSession>();

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#timeouts = options.timeouts ?? defaultTimeouts;
  }

  /** The conversation with the host of `source`. Throws {@link RegistryError} for a name without one. */
  of({ reference, insecure }: PullSource): HostSession {
    const { domain } = reference;
    if (domain === '') {
      // `my_host.com/x` is a name that parses: an underscore makes no host of it.
      const message = `${formatReference(reference)} names no registry`;
      throw new RegistryError('REGISTRY_UNREACHABLE', message, { op: 'ping', host: domain });
    }
    return this.at(domain, insecure, domain);
  }

  /** `named`: as certs.d has it. */
  at(domain: string, insecure: boolean, named: string): HostSession {
    const key = `${domain} ${insecure}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      const { certificateDirectories = [], rootsFile, proxies, userAgent, traffic } = this.#options;
      session = new HostSession({
        domain,
        userAgent,
        proxies,
        traffic,
        timeouts: this.#timeouts,
        identity: {
          insecure,
          ...(rootsFile !== undefined && { rootsFile }),
          ...loadCertificates(certificateDirectories, named),
        },
      });
      this.#sessions.set(key, session);
    }
    return session;
  }

  /** Who we are at a repository, for these actions. */
  async access({ reference, requested }: PullSource, actions: Actions, signal: AbortSignal): Promise<Access> {
    const { explicitCredentials } = this.#options;
    const ours = reference.domain === requested.domain ? explicitCredentials : undefined;
    const credentials = ours ?? (await this.stored(reference, signal));
    return { scopes: [`repository:${reference.path}:${actions}`], credentials };
  }

  /** Credentials that were not given for this operation. */
  async stored(reference: Reference, signal: AbortSignal): Promise<Credentials | undefined> {
    return await this.#options.credentials?.find(reference, signal);
  }

  /** A path of the API as plain data: address, trust, and an authorization that was valid a moment ago and can be renewed. */
  async place(
    source: PullSource,
    path: string,
    access: Access,
    signal: AbortSignal,
  ): Promise<HttpAccess & { readonly url: string }> {
    const session = this.of(source);
    const { header, renewal } = await session.authorize(access, signal);
    const url = await session.url(path, signal);
    const { proxies } = this.#options;
    return {
      url: url.href,
      headers: { ...session.headers, ...(header !== undefined && { authorization: header }) },
      ...session.identity,
      ...(renewal !== undefined && { renewal }),
      ...(proxies !== undefined && { proxies }),
      timeouts: this.#timeouts,
    };
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    this.#sessions.clear();
  }
}

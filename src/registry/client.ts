// The pull side of the distribution protocol: manifests, configurations, and where layers are to be read.
import { createHash } from 'node:crypto';
import type { HttpBlob, HttpTimeouts, ProxySettings } from '../oci/blob.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { digestAlgorithm, parseDigest } from '../oci/digest.js';
import { manifestMediaType, maxManifestBytes } from '../oci/manifest.js';
import { manifestMediaTypes } from '../oci/media-types.js';
import { formatReference, repositoryName } from '../oci/reference.js';
import { defaultTimeouts } from './blob-request.js';
import { loadCertificates } from './certificates.js';
import type { ControlAnswer } from './control.js';
import type { Credentials, CredentialSource } from './credentials.js';
import { RegistryError, TooLargeError, codeOfStatus } from './errors.js';
import { answerFailure } from './failure-text.js';
import type { Access } from './host-session.js';
import { HostSession } from './host-session.js';
import { openBlob } from './open-blob.js';
import type { PullSource } from './registries-config.js';
import { isOutOfReach, parseRetryAfter } from './retry.js';
import { searchRepositories, type FoundRepository, type RepositoryQuery } from './search.js';
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
}

/** A manifest as it was sent. */
export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** Bytes of a configuration at most. */
export const maxConfigBytes = 4 * 1024 * 1024;

/** One operation's way to registries. Failures are {@link RegistryError}; {@link close} when it is over. */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #timeouts: HttpTimeouts;
  readonly #sessions = new Map<string, HostSession>();

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#timeouts = options.timeouts ?? defaultTimeouts;
  }

  /** The manifest that `source` refers to, by digest if it has one. It has that digest, but is not parsed. */
  async manifest(source: PullSource, signal: AbortSignal): Promise<FetchedManifest> {
    const { reference } = source;
    const session = this.#session(source);
    const wanted = reference.digest ?? reference.tag ?? 'latest';
    const fail = (error: RegistryError): RegistryError => {
      const what = `Error reading manifest ${wanted} in ${repositoryName(reference)}`;
      return error.op === 'ping' ? error : wrapped(error, what, reference.path);
    };
    const request = { headers: { accept: manifestMediaTypes.join(', ') }, limit: maxManifestBytes };
    try {
      const access = await this.#access(source, signal);
      const path = `${reference.path}/manifests/${wanted}`;
      const answer = await session.get(
        'manifest',
        path,
        access,
        request,
        (bad) => refusal(bad, session.host),
        signal,
      );
      return checkedManifest(answer, reference.digest);
    } catch (error) {
      throw error instanceof RegistryError ? fail(error) : error;
    }
  }

  /**
   * The manifest from the first source that delivers it, and that source, which is the one to read
   * everything else from. When all fail, the last one's error, which mentions the others.
   */
  async firstManifest(
    sources: readonly PullSource[],
    signal: AbortSignal,
  ): Promise<FetchedManifest & { readonly source: PullSource }> {
    const failures: string[] = [];
    for (const source of sources) {
      const last = source === sources.at(-1);
      try {
        return { source, ...(await (last ? this.manifest(source, signal) : this.#mirrored(source, signal))) };
      } catch (error) {
        signal.throwIfAborted();
        if (last) throw failures.length > 0 ? withMirrors(error, source, failures) : error;
        failures.push(`[${formatReference(source.reference)}: ${(error as Error).message}]`);
      }
    }
    throw new RangeError('no sources');
  }

  /**
   * Where a blob is, ready for `openBlob` in any thread: address, trust, and an authorization that was valid
   * a moment ago and can be renewed there.
   */
  async blob(source: PullSource, descriptor: Descriptor, signal: AbortSignal): Promise<HttpBlob> {
    const session = this.#session(source);
    const authorization = await session.authorize(await this.#access(source, signal), signal);
    const url = await session.url(`${source.reference.path}/blobs/${descriptor.digest}`, signal);
    const { proxies } = this.#options;
    return {
      kind: 'http',
      url: url.href,
      headers: {
        ...session.headers,
        ...(authorization.header !== undefined && { authorization: authorization.header }),
      },
      ...session.identity,
      ...(descriptor.urls !== undefined && descriptor.urls.length > 0 && { external: descriptor.urls }),
      ...(authorization.renewal !== undefined && { renewal: authorization.renewal }),
      ...(proxies !== undefined && { proxies }),
      timeouts: this.#timeouts,
    };
  }

  /** All of a small blob, a configuration, checked against digest and size. Throws {@link TooLargeError} as well. */
  async blobBytes(source: PullSource, descriptor: Descriptor, signal: AbortSignal): Promise<Buffer> {
    if (descriptor.size > maxConfigBytes) throw new TooLargeError(maxConfigBytes);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of await openBlob(await this.blob(source, descriptor, signal), signal)) {
      pieces.push(piece as Buffer);
      size += (piece as Buffer).length;
      if (size > descriptor.size) break;
    }
    const bytes = Buffer.concat(pieces);
    const details = { op: 'blob', host: this.#session(source).host, repository: source.reference.path };
    if (size !== descriptor.size) {
      const message = `blob ${descriptor.digest} has ${size > descriptor.size ? 'more' : 'fewer'} than the ${descriptor.size} bytes it should have`;
      throw new RegistryError('REGISTRY_MISMATCH', message, details);
    }
    const digest = digestOf(bytes, digestAlgorithm(descriptor.digest));
    if (digest !== descriptor.digest) {
      const message = `Digest did not match, expected ${descriptor.digest}, got ${digest}`;
      throw new RegistryError('REGISTRY_MISMATCH', message, details);
    }
    return bytes;
  }

  /** The repositories of a registry, `docker.io`, that fit. Throws {@link RegistryError}, HttpTimeoutError. */
  async search(
    registry: { readonly host: string; readonly insecure: boolean },
    query: RepositoryQuery,
    signal: AbortSignal,
  ): Promise<readonly FoundRepository[]> {
    const { host, insecure } = registry;
    // The hub's other hosts have no search.
    const session = this.#sessionAt(host === 'docker.io' ? 'index.docker.io' : host, insecure, host);
    const credentials = await this.#options.credentials?.find({ domain: host, path: '' }, signal);
    return await searchRepositories(session, query, credentials, signal);
  }

  /** Ends every connection. Blobs that are being read elsewhere have their own. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
    this.#sessions.clear();
  }

  /** One that cannot be reached costs one try, and none while that is remembered. */
  async #mirrored(source: PullSource, signal: AbortSignal): Promise<FetchedManifest> {
    const session = this.#session(source);
    const { unreachable } = this.#options;
    if (unreachable?.has(session.host) === true) {
      const message = `${session.host} could not be reached a moment ago`;
      throw new RegistryError('REGISTRY_UNREACHABLE', message, { op: 'ping', host: session.host });
    }
    session.dispensable = true;
    try {
      return await this.manifest(source, signal);
    } catch (error) {
      if (isOutOfReach(error) && !signal.aborted) unreachable?.note(session.host);
      throw error;
    } finally {
      session.dispensable = false;
    }
  }

  #session({ reference, insecure }: PullSource): HostSession {
    const { domain } = reference;
    if (domain === '') {
      // `my_host.com/x` is a name that parses: an underscore makes no host of it.
      const message = `${formatReference(reference)} names no registry`;
      throw new RegistryError('REGISTRY_UNREACHABLE', message, { op: 'ping', host: domain });
    }
    return this.#sessionAt(domain, insecure, domain);
  }

  /** `named`: as certs.d has it. */
  #sessionAt(domain: string, insecure: boolean, named: string): HostSession {
    const key = `${domain} ${insecure}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      const { certificateDirectories = [], rootsFile, proxies, userAgent } = this.#options;
      session = new HostSession({
        domain,
        userAgent,
        proxies,
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

  async #access({ reference, requested }: PullSource, signal: AbortSignal): Promise<Access> {
    const { explicitCredentials, credentials: files } = this.#options;
    const ours = reference.domain === requested.domain ? explicitCredentials : undefined;
    const credentials = ours ?? (await files?.find(reference, signal));
    return { scope: `repository:${reference.path}:pull`, credentials };
  }
}

function checkedManifest(answer: ControlAnswer, wanted: Digest | undefined): FetchedManifest {
  const { body: bytes } = answer;
  const digest = digestOf(bytes, wanted === undefined ? 'sha256' : digestAlgorithm(wanted));
  const [promised] = answer.header('docker-content-digest');
  // By tag the header is the only thing to compare with; of other algorithms than ours it says nothing.
  const expected = wanted ?? (promised?.startsWith('sha256:') === true ? promised : digest);
  if (digest !== expected) {
    const message = `Manifest does not match provided manifest digest ${expected}`;
    throw new RegistryError('REGISTRY_MISMATCH', message, { op: 'manifest', host: '' });
  }
  return { bytes, mediaType: manifestMediaType(bytes, answer.header('content-type')[0]), digest };
}

function digestOf(bytes: Buffer, algorithm: string): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
}

function refusal(answer: ControlAnswer, host: string): RegistryError {
  const { text, registryCode } = answerFailure(answer);
  const retryAfter = parseRetryAfter(answer.header('retry-after')[0], Date.now());
  const { status } = answer;
  return new RegistryError(codeOfStatus(status), text, {
    op: 'manifest',
    host,
    status,
    registryCode,
    retryAfter,
  });
}

function wrapped(error: RegistryError, what: string, repository: string): RegistryError {
  const { op, host, status, registryCode, retryAfter, reason, cause } = error;
  return new RegistryError(error.code, `${what}: ${error.message}`, {
    op,
    host,
    repository,
    status,
    registryCode,
    retryAfter,
    reason,
    cause,
  });
}

function withMirrors(error: unknown, source: PullSource, failures: readonly string[]): unknown {
  if (!(error instanceof RegistryError)) return error;
  const others = `(Mirrors also failed: ${failures.join(' ')}): ${formatReference(source.reference)}`;
  return wrapped(error, others, source.reference.path);
}

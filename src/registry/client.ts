// The pull side of the distribution protocol: manifests, configurations, and where layers are to be read.
import type { HttpBlob } from '../oci/blob.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import { digestOf } from '../oci/digest.js';
import { manifestMediaType, maxManifestBytes } from '../oci/manifest.js';
import { manifestMediaTypes } from '../oci/media-types.js';
import { hasManifestDigest, manifestDigest } from '../oci/schema1.js';
import { formatReference, repositoryName } from '../oci/reference.js';
import type { ControlAnswer } from './control.js';
import { RegistryError, TooLargeError } from './errors.js';
import { openBlob } from './open-blob.js';
import { refusal, wrapped } from './refusal.js';
import type { PullSource } from './registries-config.js';
import { RepositoryWriter } from './repository-writer.js';
import { isOutOfReach } from './retry.js';
import { searchRepositories, type FoundRepository, type RepositoryQuery } from './search.js';
import { RegistrySessions, type RegistryClientOptions } from './sessions.js';
import { listTags } from './tags.js';
import type { UnreachableHosts } from './unreachable.js';

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
  readonly #sessions: RegistrySessions;
  readonly #unreachable: UnreachableHosts | undefined;

  constructor(options: RegistryClientOptions) {
    this.#sessions = new RegistrySessions(options);
    this.#unreachable = options.unreachable;
  }

  /** For pushes into a repository. */
  writer(target: PullSource): RepositoryWriter {
    return new RepositoryWriter(this.#sessions, target);
  }

  /** The manifest that `source` refers to, by digest if it has one. It has that digest, but is not parsed. */
  async manifest(source: PullSource, signal: AbortSignal): Promise<FetchedManifest> {
    const { reference } = source;
    const session = this.#sessions.of(source);
    const wanted = reference.digest ?? reference.tag ?? 'latest';
    const fail = (error: RegistryError): RegistryError => {
      const what = `Error reading manifest ${wanted} in ${repositoryName(reference)}`;
      return error.op === 'ping' ? error : wrapped(error, what, reference.path);
    };
    const request = {
      method: 'GET',
      headers: { accept: manifestMediaTypes.join(', ') },
      limit: maxManifestBytes,
      accepts: (status: number) => status === 200,
    } as const;
    try {
      const access = await this.#sessions.access(source, 'pull', signal);
      const path = `${reference.path}/manifests/${wanted}`;
      const answer = await session.request(
        'manifest',
        path,
        access,
        request,
        (bad) => refusal('manifest', bad, session.host),
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
    return await this.#first(
      sources,
      async (source) => ({ source, ...(await this.manifest(source, signal)) }),
      signal,
    );
  }

  /** At most `limit` tags, from the first source that lists them, as {@link firstManifest}. */
  async tags(sources: readonly PullSource[], limit: number, signal: AbortSignal): Promise<readonly string[]> {
    return await this.#first(sources, (source) => this.#tags(source, limit, signal), signal);
  }

  /**
   * Where a blob is, ready for `openBlob` in any thread: address, trust, and an authorization that was valid
   * a moment ago and can be renewed there.
   */
  async blob(source: PullSource, descriptor: Descriptor, signal: AbortSignal): Promise<HttpBlob> {
    const access = await this.#sessions.access(source, 'pull', signal);
    const path = `${source.reference.path}/blobs/${descriptor.digest}`;
    return {
      kind: 'http',
      ...(await this.#sessions.place(source, path, access, signal)),
      ...(descriptor.urls !== undefined && descriptor.urls.length > 0 && { external: descriptor.urls }),
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
    const details = { op: 'blob', host: this.#sessions.of(source).host, repository: source.reference.path };
    if (size !== descriptor.size) {
      const message = `blob ${descriptor.digest} has ${size > descriptor.size ? 'more' : 'fewer'} than the ${descriptor.size} bytes it should have`;
      throw new RegistryError('REGISTRY_MISMATCH', message, details);
    }
    const digest = digestOf(bytes, descriptor.digest);
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
    const session = this.#sessions.at(host === 'docker.io' ? 'index.docker.io' : host, insecure, host);
    const credentials = await this.#sessions.stored({ domain: host, path: '' }, signal);
    return await searchRepositories(session, query, credentials, signal);
  }

  /** Ends every connection. Blobs that are being read elsewhere have their own. */
  async close(): Promise<void> {
    await this.#sessions.close();
  }

  async #tags(source: PullSource, limit: number, signal: AbortSignal): Promise<readonly string[]> {
    const { reference } = source;
    try {
      const access = await this.#sessions.access(source, 'pull', signal);
      return await listTags(this.#sessions.of(source), reference.path, access, limit, signal);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.op === 'ping') throw error;
      throw wrapped(error, `fetching tags list of ${repositoryName(reference)}`, reference.path);
    }
  }

  /** What `ask` gives for the first source for which it gives anything. */
  async #first<T>(
    sources: readonly PullSource[],
    ask: (source: PullSource) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const failures: string[] = [];
    for (const source of sources) {
      const last = source === sources.at(-1);
      try {
        return await (last ? ask(source) : this.#mirrored(source, ask, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (last) throw failures.length > 0 ? withMirrors(error, source, failures) : error;
        failures.push(`[${formatReference(source.reference)}: ${(error as Error).message}]`);
      }
    }
    throw new RangeError('no sources');
  }

  /** One that cannot be reached costs one try, and none while that is remembered. */
  async #mirrored<T>(
    source: PullSource,
    ask: (source: PullSource) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const session = this.#sessions.of(source);
    const unreachable = this.#unreachable;
    if (unreachable?.has(session.host) === true) {
      const message = `${session.host} could not be reached a moment ago`;
      throw new RegistryError('REGISTRY_UNREACHABLE', message, { op: 'ping', host: session.host });
    }
    session.dispensable = true;
    try {
      return await ask(source);
    } catch (error) {
      if (isOutOfReach(error) && !signal.aborted) unreachable?.note(session.host);
      throw error;
    } finally {
      session.dispensable = false;
    }
  }
}

function checkedManifest(answer: ControlAnswer, wanted: Digest | undefined): FetchedManifest {
  const { body: bytes } = answer;
  const [contentType] = answer.header('content-type');
  const [promised = ''] = answer.header('docker-content-digest');
  // By tag the header is the only thing to compare with; of other algorithms than ours it says nothing.
  const expected = wanted ?? (promised.startsWith('sha256:') ? (promised as Digest) : undefined);
  if (expected !== undefined && !hasManifestDigest(bytes, expected, contentType)) {
    const message = `Manifest does not match provided manifest digest ${expected}`;
    throw new RegistryError('REGISTRY_MISMATCH', message, { op: 'manifest', host: '' });
  }
  const mediaType = manifestMediaType(bytes, contentType);
  return { bytes, mediaType, digest: wanted ?? manifestDigest(bytes, mediaType) };
}

function withMirrors(error: unknown, source: PullSource, failures: readonly string[]): unknown {
  if (!(error instanceof RegistryError)) return error;
  const others = `(Mirrors also failed: ${failures.join(' ')}): ${formatReference(source.reference)}`;
  return wrapped(error, others, source.reference.path);
}

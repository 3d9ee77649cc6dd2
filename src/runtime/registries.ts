// The registries as this host is configured: what short names mean, how a reference is opened for reading.
import { decompose } from '../oci/local-name.js';
import type { FetchedFile, FetchOptions } from './files/fetch-file.js';
import type { Reference } from '../oci/reference.js';
import type { Credentials, FoundRepository, RepositoryQuery } from '../registry/index.js';
import type { RegistriesConfig } from '../registry/registries-config.js';
import { loadRegistriesConfig } from '../registry/registries-load.js';
import type { ConfigurationPaths } from './configuration-paths.js';
import type { ImageDestination } from './copy/image-sink.js';
import type { ImageSource } from './copy/image-source.js';
import type { ShortNames } from './images/resolve.js';
import { localLayers } from './transports/local-layers.js';
import type { RegistryAccess, RegistryReach } from './transports/registry-client.js';
import type { StoreSinkContext } from './transports/store-destination.js';

/** One reading of the configuration files. */
export class Registries implements ShortNames {
  readonly #config: RegistriesConfig;
  readonly #paths: ConfigurationPaths;
  readonly #version: string;
  readonly #reach: RegistryReach;

  /** Throws RegistriesConfigError. Cheap while the files do not change. */
  constructor(paths: ConfigurationPaths, version: string, reach: RegistryReach = {}) {
    this.#config = loadRegistriesConfig(paths.registries);
    this.#paths = paths;
    this.#version = version;
    this.#reach = reach;
  }

  /** The same with credentials from this file alone. */
  withAuthfile(authfile: string): Registries {
    return new Registries({ ...this.#paths, authfile }, this.#version, this.#reach);
  }

  get search(): readonly string[] {
    return this.#config.search;
  }

  get insecure(): readonly string[] {
    return this.#config.insecure;
  }

  get blocked(): readonly string[] {
    return this.#config.blocked;
  }

  /** For looking among local images: without candidates a short name is looked up without them. */
  candidates(name: string): readonly Reference[] {
    return decompose(name).hasRegistry ? [] : this.#config.candidates(name);
  }

  /** For pulling. Throws ShortNameError. */
  pullCandidates(name: string): readonly Reference[] {
    return this.#config.resolveShortName(name);
  }

  /** The image behind a reference in full, from the first mirror or registry that has it. */
  async open(
    reference: Reference,
    credentials: Credentials | undefined,
    signal: AbortSignal,
  ): Promise<ImageSource> {
    const sources = this.#config.pullSources(reference);
    // Loading the client takes longer than starting the daemon, which may never pull.
    const { openRegistrySource } = await import('./transports/registry-source.js');
    return await openRegistrySource(this.#access(credentials), sources, signal);
  }

  /** A place for images in the repository that a reference in full names, never a mirror's. Throws RegistryBlockedError. */
  async create(
    reference: Reference,
    credentials: Credentials | undefined,
    { store, pool, known }: StoreSinkContext,
  ): Promise<ImageDestination> {
    const target = this.#config.pushTarget(reference);
    const { registryDestination } = await import('./transports/registry-destination.js');
    const { signatureStore } = await import('./transports/registry-signatures.js');
    return registryDestination({
      target,
      access: this.#access(credentials),
      pool,
      known,
      hints: localLayers(store, target.reference.domain),
      signatures: signatureStore(this.#paths),
    });
  }

  /** What a registry has that fits. Throws RegistryError, RegistryBlockedError. */
  async searchAt(
    host: string,
    query: RepositoryQuery,
    signal: AbortSignal,
  ): Promise<readonly FoundRepository[]> {
    const registry = this.#config.registry(host);
    const { registryClient } = await import('./transports/registry-client.js');
    const client = registryClient(this.#access(undefined));
    try {
      return await client.search(registry, query, signal);
    } finally {
      await client.close();
    }
  }

  /** At most `limit` tags of a repository, from the first mirror or registry that lists them. Throws RegistryError, RegistryBlockedError. */
  async tags(
    repository: Reference,
    credentials: Credentials | undefined,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const sources = this.#config.pullSources(repository);
    const { registryClient } = await import('./transports/registry-client.js');
    const client = registryClient(this.#access(credentials));
    try {
      return await client.tags(sources, limit, signal);
    } finally {
      await client.close();
    }
  }

  /** A file from anywhere, through this host's proxies. Throws as {@link fetchFile} does. */
  async fetchFile(
    address: string,
    options: Omit<FetchOptions, 'network'>,
    signal: AbortSignal,
  ): Promise<FetchedFile> {
    const { networkOptions } = await import('./transports/registry-client.js');
    const { fetchFile } = await import('./files/fetch-file.js');
    return await fetchFile(address, { ...options, network: networkOptions(this.#access(undefined)) }, signal);
  }

  #access(credentials: Credentials | undefined): RegistryAccess {
    return {
      paths: this.#paths,
      userAgent: `imaged/${this.#version}`,
      credentials,
      credentialHelpers: this.#config.credentialHelpers,
      ...this.#reach,
    };
  }
}

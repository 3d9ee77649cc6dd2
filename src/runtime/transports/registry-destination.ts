// A repository of a registry as the place where an image goes.
import type { BlobLocation } from '../../oci/blob.js';
import type { Digest } from '../../oci/digest.js';
import { compressionOf } from '../../oci/layer-type.js';
import { dockerManifest, dockerManifestList, ociIndex, ociManifest } from '../../oci/media-types.js';
import { repositoryName } from '../../oci/reference.js';
import {
  isManifestRefused,
  RegistryError,
  type PullSource,
  type RegistryClient,
  type RepositoryWriter,
} from '../../registry/index.js';
import { untilAborted } from '../../sys/until-aborted.js';
import { CopyError, messageOf } from '../errors.js';
import {
  ManifestRefusedError,
  type ImageDestination,
  type ImageSink,
  type LayerPlan,
  type LayerRequest,
  type SinkNeeds,
  type StoredBlob,
  type WrittenImage,
} from '../copy/image-sink.js';
import type { Signature, SourceManifest } from '../copy/image-source.js';
import type { KnownBlob } from '../copy/known-blob.js';
import type { KnownBlobs } from '../copy/known-blobs.js';
import type { LayerMover } from './layer-shelf.js';
import { registryClient, type RegistryAccess } from './registry-client.js';
import type { SignatureStore } from './registry-signatures.js';
import { RepositoryBlobs, type LayerHints } from './repository-blobs.js';

export interface RegistryDestinationOptions {
  /** The repository, with a tag or the only digest that it takes. */
  readonly target: PullSource;
  readonly access: RegistryAccess;
  readonly pool: LayerMover;
  readonly known: KnownBlobs;
  readonly hints?: LayerHints | undefined;
  /** Without one, there is no place for signatures. */
  readonly signatures?: SignatureStore | undefined;
}

/** Connects when something is asked of it. */
export function registryDestination(options: RegistryDestinationOptions): ImageDestination {
  const client = registryClient(options.access);
  const repository = new Repository(options, client);
  return {
    image: () => new RepositorySink(repository),
    finish: async () => undefined,
    async [Symbol.asyncDispose]() {
      await repository.remember();
      await client.close();
    },
  };
}

/** What the images of one destination have in common: no blob goes there twice. */
class Repository {
  readonly target: PullSource;
  readonly client: RegistryClient;
  readonly writer: RepositoryWriter;
  readonly blobs: RepositoryBlobs;
  readonly signatures: SignatureStore | undefined;
  readonly #pool: LayerMover;
  readonly #known: KnownBlobs;
  readonly #uploads = new Map<string, Promise<StoredBlob>>();
  #learnt: KnownBlob[] = [];

  constructor(options: RegistryDestinationOptions, client: RegistryClient) {
    const { target, pool, known, hints, signatures } = options;
    this.target = target;
    this.client = client;
    this.writer = client.writer(target);
    this.blobs = new RepositoryBlobs(this.writer, known, hints);
    this.signatures = signatures;
    this.#pool = pool;
    this.#known = known;
  }

  async putLayer(
    { layer, recode }: LayerRequest,
    content: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    const key = `${layer.content.digest} ${recode}`;
    for (let other = this.#uploads.get(key); other !== undefined; other = this.#uploads.get(key)) {
      const stored = await untilAborted(other, signal).catch(() => undefined);
      signal.throwIfAborted();
      if (stored !== undefined) return stored;
    }
    const upload = this.#upload(layer, recode, content, onBytes, signal);
    this.#uploads.set(key, upload);
    try {
      return await upload;
    } catch (error) {
      this.#uploads.delete(key);
      signal.throwIfAborted();
      throw new CopyError(`Error writing blob: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The config goes last of all blobs. */
  async putConfig(digest: Digest, bytes: Buffer, signal: AbortSignal): Promise<void> {
    try {
      if (await this.writer.hasBlob(digest, signal)) return;
      await this.writer.putBlob(digest, bytes, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new CopyError(`Error writing config blob: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Everything has to be looked for, and brought, again. */
  forget(): void {
    this.blobs.forget();
    this.#uploads.clear();
  }

  /** Blobs that the repository has now. */
  async learn(digests: readonly Digest[], signal: AbortSignal): Promise<void> {
    const places = [await this.blobs.place(signal)];
    this.#learnt.push(...digests.map((digest) => ({ digest, places })));
    await this.remember();
  }

  /** Hands on what was learnt so far, also of images that were not completed. */
  async remember(): Promise<void> {
    await this.#known.note(this.#learnt.splice(0));
  }

  async #upload(
    { content, diffId }: LayerPlan,
    recode: LayerRequest['recode'],
    blob: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    const unchanged = recode === 'as-is' || recode === compressionOf(content.mediaType);
    if (unchanged && blob.kind === 'http' && (await this.blobs.mountFrom(blob.url, content.digest, signal))) {
      return { digest: content.digest, size: content.size };
    }
    const target = await this.writer.uploadTarget(signal);
    const expected = { digest: content.digest, size: content.size, diffId };
    const summary = await this.#pool.transfer({ blob, expected, recode, target }, signal, onBytes);
    const { digest, size, compression } = summary;
    this.blobs.add(digest);
    const looked = summary.diffId !== undefined && compression !== 'none';
    const form = looked ? { diffId: summary.diffId, size, compression } : undefined;
    this.#learnt.push({ digest, form, places: [await this.blobs.place(signal)] });
    return { digest, size, compression };
  }
}

/** One image, or one index with its images. */
class RepositorySink implements ImageSink {
  readonly needs: SinkNeeds;
  readonly #repository: Repository;
  #incomplete = false;

  constructor(repository: Repository) {
    this.#repository = repository;
    const { reference, requested } = repository.target;
    const refuses = `no place for signatures of ${repositoryName(requested)} is configured`;
    this.needs = {
      manifestTypes: [ociManifest, dockerManifest, ociIndex, dockerManifestList],
      layers: 'compressed',
      digest: reference.digest,
      refusesSignatures: repository.signatures === undefined ? refuses : undefined,
    };
  }

  async present(
    requests: readonly LayerRequest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<LayerPlan, StoredBlob>> {
    return await this.#repository.blobs.present(requests, signal);
  }

  async putLayer(
    request: LayerRequest,
    content: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    return await this.#repository.putLayer(request, content, onBytes, signal);
  }

  async commit(image: WrittenImage, signal: AbortSignal): Promise<boolean> {
    const repository = this.#repository;
    const { config, configBytes, manifest, layers, signatures, instance } = image;
    await repository.putConfig(config.digest, configBytes, signal);
    try {
      await this.#put(manifest, instance, signal);
    } catch (error) {
      // Once, since it may say so of blobs that it does not want.
      if (!isIncomplete(error) || this.#incomplete) throw error;
      this.#incomplete = true;
      repository.forget();
      return false;
    }
    await this.#sign(manifest, signatures, signal);
    await repository.learn(
      [...layers, config].map(({ digest }) => digest),
      signal,
    );
    return true;
  }

  async commitIndex(
    index: SourceManifest,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#put(index, false, signal);
    await this.#sign(index, signatures, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Registries remove what no manifest names.
  }

  /** An instance of an index has no name but its digest. */
  async #put(manifest: SourceManifest, instance: boolean, signal: AbortSignal): Promise<void> {
    const { writer, target } = this.#repository;
    const { tag = 'latest', digest } = target.reference;
    const reference = instance || digest !== undefined ? manifest.digest : tag;
    try {
      await writer.putManifest(reference, manifest, signal);
    } catch (error) {
      signal.throwIfAborted();
      const message = `Error writing manifest: ${messageOf(error)}`;
      if (isManifestRefused(error))
        throw new ManifestRefusedError(messageOf(error), { cause: new CopyError(message, { cause: error }) });
      throw new CopyError(message, { cause: error });
    }
  }

  async #sign(
    { digest }: SourceManifest,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<void> {
    if (signatures.length === 0) return;
    const repository = this.#repository;
    await repository.signatures?.write(repository, digest, signatures, signal);
  }
}

function isIncomplete(error: unknown): boolean {
  const cause = error instanceof CopyError ? error.cause : undefined;
  if (!(cause instanceof RegistryError)) return false;
  return cause.registryCode === 'MANIFEST_BLOB_UNKNOWN' || cause.registryCode === 'BLOB_UNKNOWN';
}

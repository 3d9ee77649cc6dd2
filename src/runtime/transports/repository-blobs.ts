// Which layers a repository has, or gets from another one of its registry, without our sending anything.
import { compressionOf, isForeign } from '../../oci/layer-type.js';
import type { Digest } from '../../oci/digest.js';
import { RegistryError, type RepositoryWriter } from '../../registry/index.js';
import { CopyError, messageOf } from '../errors.js';
import type { LayerPlan, LayerRequest, StoredBlob } from '../copy/image-sink.js';
import { placeOf, type BlobPlace } from '../copy/known-blob.js';
import type { KnownBlobs } from '../copy/known-blobs.js';

/** What somebody else knows of a layer, by the digest of its tar. */
export interface LayerHints {
  /** Blobs with this tar in them. */
  formsOf(diffId: Digest, signal: AbortSignal): Promise<readonly StoredBlob[]>;
  /** Repositories of this registry that may have it. */
  repositoriesWith(diffId: Digest, signal: AbortSignal): Promise<readonly string[]>;
}

/** Requests at a time. */
const atOnce = 6;
/** Blobs that are looked for instead of one layer. */
const mostForms = 5;
/** Repositories that are asked for one blob. */
const mostRepositories = 5;

/** For one destination. */
export class RepositoryBlobs {
  readonly #writer: RepositoryWriter;
  readonly #known: KnownBlobs;
  readonly #hints: LayerHints | undefined;
  readonly #there = new Set<Digest>();

  constructor(writer: RepositoryWriter, known: KnownBlobs, hints: LayerHints | undefined) {
    this.#writer = writer;
    this.#known = known;
    this.#hints = hints;
  }

  /** The layers that need not be sent. Throws {@link CopyError}; nothing is under way then. */
  async present(
    requests: readonly LayerRequest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<LayerPlan, StoredBlob>> {
    const present = new Map<LayerPlan, StoredBlob>();
    const failures: unknown[] = [];
    const waiting = requests.values();
    const look = async (): Promise<void> => {
      for (const request of waiting) {
        if (failures.length > 0) return;
        try {
          const stored = await this.#find(request, signal);
          if (stored !== undefined) present.set(request.layer, stored);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, look));
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
    return present;
  }

  /** A blob that was sent. */
  add(digest: Digest): void {
    this.#there.add(digest);
  }

  /** Something was taken away: everything has to be looked for again. */
  forget(): void {
    this.#there.clear();
  }

  async #find(request: LayerRequest, signal: AbortSignal): Promise<StoredBlob | undefined> {
    const { blob, content } = request.layer;
    const { digest, size, urls = [] } = blob;
    // Such a layer stays where its URLs say; one that is no longer as it was is a layer like others.
    if (isForeign(blob.mediaType) && urls.length > 0 && content.digest === digest) return { digest, size };
    const forms = await this.#formsFor(request, signal);
    for (const form of forms) if (await this.#has(form.digest, signal)) return form;
    for (const form of forms) if (await this.#mountKnown(form.digest, request.layer, signal)) return form;
    return undefined;
  }

  /** The blob of the manifest, and such as were once made of the same tar, where we would make another one. */
  async #formsFor(
    { layer, recode, reusable }: LayerRequest,
    signal: AbortSignal,
  ): Promise<readonly StoredBlob[]> {
    const { blob, content, diffId } = layer;
    const forms = new Map<Digest, StoredBlob>();
    if (reusable) forms.set(blob.digest, { digest: blob.digest, size: blob.size });
    if (compressionOf(content.mediaType) !== 'none' || recode === 'as-is' || recode === 'plain') {
      return [...forms.values()];
    }
    const known = [
      ...(await this.#known.formsOf(diffId)),
      ...((await this.#hints?.formsOf(diffId, signal)) ?? []),
    ];
    for (const { digest, size, compression } of known) {
      if (compression === recode && !forms.has(digest)) forms.set(digest, { digest, size, compression });
    }
    return [...forms.values()].slice(0, mostForms);
  }

  async #has(digest: Digest, signal: AbortSignal): Promise<boolean> {
    if (this.#there.has(digest)) return true;
    try {
      const there = await this.#writer.hasBlob(digest, signal);
      if (there) this.#there.add(digest);
      return there;
    } catch (error) {
      signal.throwIfAborted();
      const message = `Error trying to reuse blob ${digest} at destination: ${messageOf(error)}`;
      throw new CopyError(message, { cause: error });
    }
  }

  async #mountKnown(digest: Digest, { diffId }: LayerPlan, signal: AbortSignal): Promise<boolean> {
    const { host, repository: own } = await this.place(signal);
    const known = await this.#known.repositoriesWith(digest, host);
    const others = new Set([...known, ...((await this.#hints?.repositoriesWith(diffId, signal)) ?? [])]);
    others.delete(own);
    for (const repository of [...others].slice(0, mostRepositories)) {
      if ((await this.#isIn(repository, digest, signal)) && (await this.#mount(digest, repository, signal))) {
        return true;
      }
    }
    return false;
  }

  async #mount(digest: Digest, repository: string, signal: AbortSignal): Promise<boolean> {
    const mounted = await this.#writer.mountBlob(digest, repository, signal);
    if (mounted) this.#there.add(digest);
    return mounted;
  }

  /** Where we may not look, nothing is to be had. */
  async #isIn(repository: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#writer.hasBlob(digest, signal, repository);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RegistryError) return false;
      throw error;
    }
  }

  /** Whether a blob that is read from this registry, at this URL, need not be. */
  async mountFrom(url: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
    const from = placeOf(url);
    const own = await this.place(signal);
    if (from === undefined || from.host !== own.host || from.repository === own.repository) return false;
    return await this.#mount(digest, from.repository, signal);
  }

  /** What the repository is known by. */
  async place(signal: AbortSignal): Promise<BlobPlace> {
    const { url } = await this.#writer.uploadTarget(signal);
    return placeOf(url) ?? { host: new URL(url).host, repository: '' };
  }
}

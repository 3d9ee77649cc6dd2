// Which layers a repository has, or gets from another one of its registry, without our sending anything.
import { compressionOf } from '../../oci/layer-type.js';
import type { Digest } from '../../oci/digest.js';
import { RegistryError, type RepositoryWriter } from '../../registry/index.js';
import { CopyError, messageOf } from '../errors.js';
import type { LayerPlan, LayerRequest, StoredBlob } from '../image-sink.js';
import { placeOf, type BlobPlace } from '../known-blob.js';
import type { KnownBlobs } from '../known-blobs.js';

/** Repositories of a registry that may have a layer, best first. */
export type MountCandidates = (diffId: Digest, signal: AbortSignal) => Promise<readonly string[]>;

/** Requests at a time. */
const atOnce = 6;
/** Repositories that are asked for one blob. */
const mostRepositories = 5;

/** For one destination. */
export class RepositoryBlobs {
  readonly #writer: RepositoryWriter;
  readonly #known: KnownBlobs;
  readonly #candidates: MountCandidates | undefined;
  readonly #there = new Set<Digest>();

  constructor(writer: RepositoryWriter, known: KnownBlobs, candidates: MountCandidates | undefined) {
    this.#writer = writer;
    this.#known = known;
    this.#candidates = candidates;
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
    const forms = await this.#formsFor(request);
    for (const form of forms) if (await this.#has(form.digest, signal)) return form;
    for (const form of forms) if (await this.#mount(form.digest, request.layer, signal)) return form;
    return undefined;
  }

  /** The blob of the manifest, and such as were once made of the same tar, where we would make another one. */
  async #formsFor({ layer, recode, reusable }: LayerRequest): Promise<readonly StoredBlob[]> {
    const { blob, content, diffId } = layer;
    const own = reusable ? [{ digest: blob.digest, size: blob.size }] : [];
    if (compressionOf(content.mediaType) !== 'none' || recode === 'as-is' || recode === 'plain') return own;
    const known = await this.#known.formsOf(diffId);
    const fitting = known.filter(
      ({ digest, compression }) => compression === recode && digest !== blob.digest,
    );
    return [...own, ...fitting.map(({ digest, size, compression }) => ({ digest, size, compression }))];
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

  async #mount(digest: Digest, { diffId }: LayerPlan, signal: AbortSignal): Promise<boolean> {
    const place = await this.place(signal);
    const known = await this.#known.repositoriesWith(digest, place.host);
    const named = (await this.#candidates?.(diffId, signal)) ?? [];
    const others = new Set([...known, ...named].filter((repository) => repository !== place.repository));
    for (const repository of [...others].slice(0, mostRepositories)) {
      const there = await this.#isIn(repository, digest, signal);
      if (there && (await this.#writer.mountBlob(digest, repository, signal))) {
        this.#there.add(digest);
        return true;
      }
    }
    return false;
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

  /** What the repository is known by. */
  async place(signal: AbortSignal): Promise<BlobPlace> {
    const { url } = await this.#writer.uploadTarget(signal);
    return placeOf(url) ?? { host: new URL(url).host, repository: '' };
  }
}

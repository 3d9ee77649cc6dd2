// Layers on their way into an archive or a directory: each content once, in the order of the image.
import type { Room, Shelf, ShelfFile } from '../../archive/shelf.js';
import type { BlobLocation, Recode } from '../../oci/blob.js';
import type { Digest } from '../../oci/digest.js';
import { compressionOf } from '../../oci/layer-type.js';
import { CopyError, messageOf } from '../errors.js';
import type { LayerPlan, LayerRequest, StoredBlob } from '../copy/image-sink.js';
import type { LayerPool } from '../layers/layer-pool.js';
import { untilAborted } from '../../sys/until-aborted.js';

/** Who moves layers. */
export type LayerMover = Pick<LayerPool, 'transfer'>;

export interface LayerShelfOptions {
  readonly shelf: Shelf;
  readonly pool: LayerMover;
  /** The file of the layer with this digest. */
  readonly nameOf: (digest: Digest) => string;
  /** A blob that was there before. */
  readonly existing?: ((blob: LayerPlan['blob']) => Promise<StoredBlob | undefined>) | undefined;
  /** Every layer becomes a tar, named by its diffID. */
  readonly plain?: boolean | undefined;
}

/** For one destination, which takes one image after the other. */
export class LayerShelf {
  readonly #options: LayerShelfOptions;
  readonly #stored = new Map<string, StoredBlob>();
  readonly #blobs = new Map<Digest, StoredBlob>();
  readonly #places = new Map<string, () => Promise<Room>>();
  readonly #running = new Map<string, Promise<StoredBlob>>();
  #begun = false;
  /** Of the image that is being written. */
  readonly #uncommitted = new Set<string>();

  constructor(options: LayerShelfOptions) {
    this.#options = options;
  }

  /** The layers that are there; all others get their places, so that these do not depend on who is faster. */
  async present(requests: readonly LayerRequest[]): Promise<ReadonlyMap<LayerPlan, StoredBlob>> {
    const { existing, shelf } = this.#options;
    const present = new Map<LayerPlan, StoredBlob>();
    for (const request of requests) {
      const { layer, reusable } = request;
      const way = this.#wayOf(request);
      const reused = reusable
        ? (this.#blobs.get(layer.blob.digest) ?? (await existing?.(layer.blob)))
        : undefined;
      const stored = this.#stored.get(way.key) ?? reused;
      if (stored !== undefined) present.set(layer, stored);
      else if (!this.#places.has(way.key)) this.#places.set(way.key, shelf.take(way.file));
    }
    return present;
  }

  async put(
    request: LayerRequest,
    content: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    const way = this.#wayOf(request);
    let running = this.#running.get(way.key);
    if (running === undefined) {
      running = this.#bring(request.layer, way, content, onBytes, signal);
      this.#running.set(way.key, running);
    }
    try {
      return await running;
    } catch (error) {
      signal.throwIfAborted();
      throw new CopyError(`layer ${request.layer.content.digest}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** An image is begun. One is written after the other, as what is taken back must be the last that came. */
  begin(): void {
    if (this.#begun) throw new CopyError('the destination takes one image after the other');
    this.#begun = true;
  }

  /** What was put so far stays. */
  commit(): void {
    this.#begun = false;
    this.#uncommitted.clear();
    this.#places.clear();
    this.#running.clear();
  }

  /** Forgets what was put since the last commit. */
  rollBack(): void {
    for (const key of this.#uncommitted) {
      const stored = this.#stored.get(key);
      this.#stored.delete(key);
      if (stored !== undefined) this.#blobs.delete(stored.digest);
    }
    this.commit();
  }

  async #bring(
    layer: LayerPlan,
    way: Way,
    blob: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    const place = this.#places.get(way.key);
    if (place === undefined) throw new CopyError('the layer was not asked for');
    const move = async (recode: Recode, to: () => Promise<Room>): Promise<StoredBlob> => {
      const { content, diffId } = layer;
      const { path, offset, pipe = false, keep } = await untilAborted(to(), signal);
      const expected = { digest: content.digest, size: content.size, diffId };
      const target = pipe ? ({ kind: 'pipe', path } as const) : ({ kind: 'file', path, offset } as const);
      const task = { blob, expected, recode, target };
      const { digest, size, compression } = await this.#options.pool.transfer(task, signal, onBytes);
      await keep({ name: this.#options.nameOf(digest), size });
      return { digest, size, compression };
    };
    let stored = await move(way.recode, place);
    // Its type has lied: what is there now is nobody's.
    if (way.zipped && stored.compression === 'none') {
      stored = await move(way.wanted, this.#options.shelf.take({}));
    }
    this.#stored.set(way.key, stored);
    this.#blobs.set(stored.digest, stored);
    this.#uncommitted.add(way.key);
    return stored;
  }

  #wayOf({ layer, recode }: LayerRequest): Way {
    const { content, diffId } = layer;
    const { plain = false, nameOf } = this.#options;
    if (plain || recode === 'plain') {
      // Content with the digest of the tar is the tar.
      const size = content.digest === diffId ? { size: content.size } : {};
      const file = { name: nameOf(diffId), ...size };
      return { key: diffId, recode: 'plain', wanted: 'plain', zipped: false, file };
    }
    const key = `${content.digest} ${recode}`;
    // What is zipped by its type need not be waited for by those after it.
    const zipped = recode === compressionOf(content.mediaType);
    if (recode !== 'as-is' && !zipped) return { key, recode, wanted: recode, zipped, file: {} };
    const file = { name: nameOf(content.digest), size: content.size };
    return { key, recode: 'as-is', wanted: recode, zipped, file };
  }
}

/** How a layer is brought: the same key is the same result. */
interface Way {
  readonly key: string;
  readonly recode: Recode;
  /** What was asked for. */
  readonly wanted: Recode;
  /** It is so already, if its type is right. */
  readonly zipped: boolean;
  /** What is known of the file it becomes. */
  readonly file: Partial<ShelfFile>;
}

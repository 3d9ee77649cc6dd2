// The images of the store as the interface lists them (images-and-transports §8.2).
import { repositoryName } from '../../oci/reference.js';
import { manifestDigests, type Store, type StoredImage, type StoreView } from '../../store/index.js';
import { ImageHierarchy } from './hierarchy.js';
import { ImageFactsCache, type ImageFacts } from './image-facts.js';
import { inSlices } from '../../sys/slices.js';
import { parsedName } from './resolve.js';
import { instant, secondTime } from '../time.js';

/** One image, with every value filled that the original left empty. Sizes are bytes. */
export interface ImageSummary {
  readonly id: string;
  readonly digest: string;
  readonly digests: readonly string[];
  readonly parentId: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** RFC 3339, seconds. */
  readonly created: string;
  readonly size: number;
  readonly virtualSize: number;
  readonly containers: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly isParent: boolean;
  readonly topLayer: string;
  readonly readOnly: boolean;
  /** Former names, newest first. */
  readonly history: readonly string[];
}

/** A view with what was derived from it. */
export interface Catalogue {
  readonly view: StoreView;
  readonly hierarchy: ImageHierarchy;
  readonly summaries: readonly ImageSummary[];
  readonly summariesById: ReadonlyMap<string, ImageSummary>;
  /** Ids of the images that are lists of manifests. */
  readonly indexes: ReadonlySet<string>;
}

/** Catalogues of a store, made again only when the store has changed. */
export class ImageList {
  readonly #store: Store;
  readonly #facts: ImageFactsCache;
  #latest: { readonly view: StoreView; readonly catalogue: Promise<Catalogue> } | undefined;
  /** What {@link #latest} has become. */
  #made: Catalogue | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#facts = new ImageFactsCache(store);
  }

  /** The catalogue of the store as it is now; the same object while nothing changes. */
  async catalogue(signal?: AbortSignal): Promise<Catalogue> {
    const view = await this.#store.view(signal);
    if (this.#latest?.view !== view) this.#latest = { view, catalogue: this.#make(view) };
    return this.#latest.catalogue;
  }

  /** What {@link catalogue} would give without waiting; undefined if it would have to wait. */
  peek(): Catalogue | undefined {
    const view = this.#made && this.#store.peek();
    return view !== undefined && this.#made?.view === view ? this.#made : undefined;
  }

  /** What the configs of all images say. */
  async facts(
    signal: AbortSignal,
  ): Promise<{ readonly view: StoreView; readonly facts: (image: StoredImage) => ImageFacts }> {
    const view = await this.#store.view(signal);
    await this.#facts.load(view);
    return { view, facts: (image) => this.#facts.get(image) };
  }

  async #make(view: StoreView): Promise<Catalogue> {
    await this.#facts.load(view);
    const hierarchy = await ImageHierarchy.of(view, this.#facts);
    const summaries: ImageSummary[] = [];
    const summariesById = new Map<string, ImageSummary>();
    const indexes = new Set<string>();
    await inSlices(view.images, (image) => {
      const summary = this.#summarise(view, hierarchy, image);
      summaries.push(summary);
      summariesById.set(summary.id, summary);
      if (this.#facts.get(image).isIndex) indexes.add(image.id);
    });
    return (this.#made = { view, hierarchy, summaries, summariesById, indexes });
  }

  #summarise(view: StoreView, hierarchy: ImageHierarchy, image: StoredImage): ImageSummary {
    const size = imageSize(view, image);
    return {
      id: image.id,
      digest: manifestDigest(image),
      digests: [...manifestDigests(image)],
      parentId: hierarchy.parentOf(image)?.id ?? '',
      repoTags: image.names,
      repoDigests: repoDigests(image),
      created: secondTime(image.created),
      size,
      virtualSize: size,
      containers: view.containersOf(image.id).length,
      labels: this.#facts.get(image).labels,
      isParent: hierarchy.childrenOf(image).length > 0,
      topLayer: image.layer ?? '',
      readOnly: image.readOnly,
      history: formerNames(image),
    };
  }
}

/** The summary of an image of the catalogue's view. */
export function summaryOf(catalogue: Catalogue, image: StoredImage): ImageSummary {
  const summary = catalogue.summariesById.get(image.id);
  if (summary === undefined) throw new RangeError(`image ${image.id} is not in the catalogue`);
  return summary;
}

/** When the image was made, to the nanosecond: summaries have seconds, and the images of one build share theirs. */
export function madeAt(image: StoredImage): bigint {
  return instant(image.created) ?? 0n;
}

/** The digest the image was pulled by: of the index if there was one. Empty for a record without a manifest. */
export function manifestDigest(image: StoredImage): string {
  return image.digest ?? image.bigDataDigests.get('manifest') ?? '';
}

/** Every repository the image is named in with every digest it has, sorted. */
export function repoDigests(image: StoredImage): readonly string[] {
  const digests = manifestDigests(image);
  const all = new Set<string>();
  for (const name of image.names) {
    const reference = parsedName(name);
    if (reference === undefined) continue;
    const repository = repositoryName(reference);
    for (const digest of digests) all.add(`${repository}@${digest}`);
  }
  return [...all].toSorted();
}

/** Names the image had before, newest first, without the first of them if it is the last current name. */
export function formerNames(image: StoredImage): readonly string[] {
  const history = image.namesHistory;
  return history[0] !== undefined && history[0] === image.names.at(-1) ? history.slice(1) : history;
}

/** Bytes of all layers unpacked, of all data stored with the image, and of its signatures. */
export function imageSize(view: StoreView, image: StoredImage): number {
  let size = 0;
  const counted = new Set<string>();
  for (const top of [image.layer, ...image.mappedLayers]) {
    let id = top;
    while (id !== undefined && !counted.has(id)) {
      counted.add(id);
      const layer = view.layer(id);
      size += Math.max(layer?.diffSize ?? 0, 0);
      id = layer?.parent;
    }
  }
  for (const bytes of image.bigDataSizes.values()) size += bytes;
  return size;
}

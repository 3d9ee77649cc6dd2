// What the store holds at one moment: images, layers and containers, and how they are found.
import type { Digest } from '../oci/digest.js';
import type { StoredContainer } from './container-record.js';
import type { StoredImage } from './image-record.js';
import type { StoredLayer } from './layer-record.js';
import type { PlaceRecords } from './place.js';

/**
 * An immutable snapshot. The same object is handed out as long as nothing changes on disk, and so are the images in it as
 * long as their records do not change. Indexes are made when they are first asked for.
 */
export class StoreView {
  /** In the order of images.json, those of additional stores behind the store's own. */
  readonly images: readonly StoredImage[];
  readonly containers: readonly StoredContainer[];
  readonly #places: readonly PlaceRecords[];
  readonly #layers: LayerIndex;
  #imagesById: ReadonlyMap<string, StoredImage> | undefined;
  #imagesByName: ReadonlyMap<string, StoredImage> | undefined;
  #imagesByDigest: ReadonlyMap<string, readonly StoredImage[]> | undefined;
  #containersByImage: ReadonlyMap<string, readonly StoredContainer[]> | undefined;

  /**
   * `places`: the store's own first, which wins where an id or a name is there twice. What did not change since `previous`
   * is not indexed again.
   */
  constructor(places: readonly PlaceRecords[], previous?: StoreView) {
    this.#places = places;
    const same = previous !== undefined && sameLayers(places, previous.#places);
    this.#layers = same ? previous.#layers : new LayerIndex(places);
    this.images = places.length === 1 ? known(places[0]) : firstOfEach(places.flatMap(known));
    this.containers = firstOfEach(
      places.flatMap(({ containers, volatileContainers, transientContainers }) =>
        [containers, volatileContainers, transientContainers].flatMap((records) =>
          records.map(({ value }) => value),
        ),
      ),
    );
  }

  /** All layers but incomplete ones; the store's own first. */
  get layers(): readonly StoredLayer[] {
    return this.#layers.all;
  }

  imageById(id: string): StoredImage | undefined {
    this.#imagesById ??= new Map(this.images.map((image) => [image.id, image]));
    return this.#imagesById.get(id);
  }

  /** The image that has exactly this name, with tag or digest. */
  imageByName(name: string): StoredImage | undefined {
    this.#imagesByName ??= byName(this.#places);
    const found = this.#imagesByName.get(name);
    return found && this.imageById(found.id); // which the own place has, if both have it
  }

  /** All images whose id begins with `prefix`. */
  imagesByIdPrefix(prefix: string): readonly StoredImage[] {
    return this.images.filter(({ id }) => id.startsWith(prefix));
  }

  /** All images that were stored with, or pulled through, a manifest of this digest. */
  imagesByDigest(digest: Digest): readonly StoredImage[] {
    this.#imagesByDigest ??= groupedBy(this.images, manifestDigests);
    return this.#imagesByDigest.get(digest) ?? [];
  }

  layer(id: string): StoredLayer | undefined {
    return this.#layers.byId.get(id);
  }

  /** The layer and all below it, top first; ends where one is missing. */
  chain(top: string | undefined): readonly StoredLayer[] {
    const chain = new Set<StoredLayer>();
    for (
      let layer = top === undefined ? undefined : this.layer(top);
      layer !== undefined && !chain.has(layer);
    ) {
      chain.add(layer);
      layer = layer.parent === undefined ? undefined : this.layer(layer.parent);
    }
    return [...chain];
  }

  /** The containers made from an image, whoever made them. */
  containersOf(imageId: string): readonly StoredContainer[] {
    this.#containersByImage ??= groupedBy(this.containers, ({ image }) => [image]);
    return this.#containersByImage.get(imageId) ?? [];
  }
}

class LayerIndex {
  readonly #places: readonly PlaceRecords[];
  #byId: ReadonlyMap<string, StoredLayer> | undefined;
  #all: readonly StoredLayer[] | undefined;

  constructor(places: readonly PlaceRecords[]) {
    this.#places = places;
  }

  get byId(): ReadonlyMap<string, StoredLayer> {
    this.#byId ??= completeLayers(this.#places);
    return this.#byId;
  }

  get all(): readonly StoredLayer[] {
    this.#all ??= [...this.byId.values()];
    return this.#all;
  }
}

function completeLayers(places: readonly PlaceRecords[]): ReadonlyMap<string, StoredLayer> {
  const byId = new Map<string, StoredLayer>();
  for (const { layers, volatileLayers } of places) {
    for (const { value } of [...layers, ...volatileLayers]) {
      if (value.id !== '' && !value.incomplete && !byId.has(value.id)) byId.set(value.id, value);
    }
  }
  return byId;
}

function sameLayers(a: readonly PlaceRecords[], b: readonly PlaceRecords[]): boolean {
  return a.every(
    (place, index) => place.layers === b[index]?.layers && place.volatileLayers === b[index].volatileLayers,
  );
}

function known(place: PlaceRecords | undefined): StoredImage[] {
  const images = (place?.images ?? []).map(({ value }) => value);
  return images.filter(({ id }) => id !== '');
}

function firstOfEach<T extends { readonly id: string }>(values: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const value of values) if (!first.has(value.id)) first.set(value.id, value);
  return [...first.values()];
}

/** Of two images of a place the later one has the name, of two places the first. */
function byName(places: readonly PlaceRecords[]): ReadonlyMap<string, StoredImage> {
  const names = new Map<string, StoredImage>();
  for (const place of places.toReversed()) {
    for (const image of known(place)) for (const name of image.names) names.set(name, image);
  }
  return names;
}

/** The digests of all manifests and indexes stored with an image, and its own digest. */
export function manifestDigests(image: StoredImage): ReadonlySet<string> {
  const digests = new Set<string>();
  if (image.digest !== undefined) digests.add(image.digest);
  for (const [key, digest] of image.bigDataDigests) if (key.startsWith('manifest')) digests.add(digest);
  return digests;
}

function groupedBy<T>(
  values: readonly T[],
  keysOf: (value: T) => Iterable<string>,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    for (const key of keysOf(value)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [value]);
      else group.push(value);
    }
  }
  return groups;
}

// What the store holds at one moment: images, layers and containers, and how they are found.
import type { Digest } from '../oci/digest.js';
import type { StoredContainer } from './container-record.js';
import type { StoredImage } from './image-record.js';
import type { StoredLayer } from './layer-record.js';
import type { PlaceRecords } from './place.js';
import type { Records } from './record-file.js';

/** An immutable snapshot. The same object is handed out as long as nothing changes on disk, and so are the images in it. */
export class StoreView {
  /** In the order of images.json, those of additional stores behind the store's own. */
  readonly images: readonly StoredImage[];
  /** All layers but incomplete ones; the store's own first. */
  readonly layers: readonly StoredLayer[];
  readonly containers: readonly StoredContainer[];
  readonly #layersById: ReadonlyMap<string, StoredLayer>;
  readonly #imagesById: ReadonlyMap<string, StoredImage>;
  readonly #imagesByName: ReadonlyMap<string, StoredImage>;
  readonly #containersByImage: ReadonlyMap<string, readonly StoredContainer[]>;
  #imagesByDigest: ReadonlyMap<string, readonly StoredImage[]> | undefined;

  /** `places`: the store's own first, which wins where an id or a name is there twice. */
  constructor(places: readonly PlaceRecords[]) {
    const layers = new Map<string, StoredLayer>();
    const images = new Map<string, StoredImage>();
    const names = new Map<string, StoredImage>();
    for (const place of places) {
      const here = new Map<string, StoredImage>();
      for (const { value } of place.images) {
        if (value.id === '' || images.has(value.id)) continue;
        images.set(value.id, value);
        for (const name of value.names) here.set(name, value); // of two images the later one has the name
      }
      for (const [name, image] of here) if (!names.has(name)) names.set(name, image);
      for (const records of [place.layers, place.volatileLayers]) {
        for (const { value } of records) {
          if (value.id !== '' && !value.incomplete && !layers.has(value.id)) layers.set(value.id, value);
        }
      }
    }
    this.#layersById = layers;
    this.#imagesById = images;
    this.#imagesByName = names;
    this.images = [...images.values()];
    this.layers = [...layers.values()];
    this.containers = places.flatMap(({ containers, volatileContainers, transientContainers }) =>
      allContainers([containers, volatileContainers, transientContainers]),
    );
    const byImage = new Map<string, StoredContainer[]>();
    for (const container of this.containers) append(byImage, container.image, container);
    this.#containersByImage = byImage;
  }

  imageById(id: string): StoredImage | undefined {
    return this.#imagesById.get(id);
  }

  /** The image that has exactly this name, with tag or digest. */
  imageByName(name: string): StoredImage | undefined {
    return this.#imagesByName.get(name);
  }

  /** All images whose id begins with `prefix`. */
  imagesByIdPrefix(prefix: string): readonly StoredImage[] {
    return this.images.filter(({ id }) => id.startsWith(prefix));
  }

  /** All images that were stored with, or pulled through, a manifest of this digest. */
  imagesByDigest(digest: Digest): readonly StoredImage[] {
    this.#imagesByDigest ??= byDigest(this.images);
    return this.#imagesByDigest.get(digest) ?? [];
  }

  layer(id: string): StoredLayer | undefined {
    return this.#layersById.get(id);
  }

  /** The layer and all below it, top first; ends where one is missing. */
  chain(top: string | undefined): readonly StoredLayer[] {
    const chain: StoredLayer[] = [];
    const seen = new Set<string>();
    for (let id = top; id !== undefined && !seen.has(id);) {
      const layer = this.#layersById.get(id);
      if (layer === undefined) break;
      seen.add(id);
      chain.push(layer);
      id = layer.parent;
    }
    return chain;
  }

  /** The containers made from an image, whoever made them. */
  containersOf(imageId: string): readonly StoredContainer[] {
    return this.#containersByImage.get(imageId) ?? [];
  }
}

/** Containers recorded in several files; the first record of an id counts. */
export function allContainers(files: readonly Records<StoredContainer>[]): readonly StoredContainer[] {
  const containers = new Map<string, StoredContainer>();
  for (const records of files) {
    for (const { value } of records) if (!containers.has(value.id)) containers.set(value.id, value);
  }
  return [...containers.values()];
}

function byDigest(images: readonly StoredImage[]): ReadonlyMap<string, readonly StoredImage[]> {
  const map = new Map<string, StoredImage[]>();
  for (const image of images) {
    for (const digest of manifestDigests(image)) append(map, digest, image);
  }
  return map;
}

/** The digests of all manifests and indexes stored with an image, and its own digest. */
export function manifestDigests(image: StoredImage): ReadonlySet<string> {
  const digests = new Set<string>();
  if (image.digest !== undefined) digests.add(image.digest);
  for (const [key, digest] of image.bigDataDigests) if (key.startsWith('manifest')) digests.add(digest);
  return digests;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

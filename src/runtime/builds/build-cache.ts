// Which image stands for a step that was made before: found by its history, whoever built it (build.md, Layers, history and cache).
import type { CacheQuery } from '../../build/build-store.js';
import { manifestMediaType } from '../../oci/manifest.js';
import { dockerManifest, ociManifest } from '../../oci/media-types.js';
import type { Store, StoredImage, StoreView } from '../../store/index.js';
import { historyHash, readConfig } from '../images/image-facts.js';
import type { ImageList } from '../images/image-list.js';
import { instant } from '../time.js';

/** Finds images by what they were made of. */
export class BuildCache {
  readonly #store: Store;
  readonly #images: ImageList;
  /** Of the view it was made for. */
  #index:
    | { readonly view: StoreView; readonly images: ReadonlyMap<string, readonly StoredImage[]> }
    | undefined;

  constructor(store: Store, images: ImageList) {
    this.#store = store;
    this.#images = images;
  }

  /** The images that are what the step would make, as their own files still say, the newest first. */
  async *find(query: CacheQuery, signal: AbortSignal): AsyncGenerator<StoredImage, void> {
    const { view, facts } = await this.#images.facts(signal);
    if (this.#index?.view !== view) {
      const images = new Map<string, StoredImage[]>();
      for (const image of view.images) {
        const { historyLength, parentHistoryHash, createdBy } = facts(image);
        if (historyLength === 0) continue;
        const key = keyOf(parentHistoryHash, createdBy);
        const others = images.get(key);
        if (others === undefined) images.set(key, [image]);
        else others.push(image);
      }
      this.#index = { view, images };
    }
    const base = historyHash(query.base?.config.history ?? []);
    const found = this.#index.images.get(keyOf(base, query.createdBy)) ?? [];
    for (const image of found.toSorted(newestFirst)) {
      if (this.#standsOn(view, image, query) && (await this.#agrees(image, query))) yield image;
    }
  }

  #standsOn(view: StoreView, image: StoredImage, { base, addsLayer }: CacheQuery): boolean {
    const chain = view.chain(image.layer);
    const below = addsLayer ? chain.slice(1) : chain;
    const expected = base?.layers ?? [];
    if (addsLayer && chain.length === 0) return false;
    return (
      below.length === expected.length &&
      below.every((layer, index) => layer.diffDigest === expected[expected.length - 1 - index]?.diffId)
    );
  }

  async #agrees(image: StoredImage, query: CacheQuery): Promise<boolean> {
    const { base, platform, format, created } = query;
    try {
      const config = await readConfig(this.#store, image);
      if (config === undefined) return false;
      const manifest = await this.#store.imageData(image, 'manifest');
      const { architecture, os, variant, rootfs, history } = config;
      const diffIds = base?.config.rootfs.diffIds ?? [];
      return (
        manifestMediaType(manifest) === (format === 'oci' ? ociManifest : dockerManifest) &&
        os === platform.os &&
        architecture === platform.architecture &&
        variant === (platform.variant ?? '') &&
        diffIds.every((diffId, index) => rootfs.diffIds[index] === diffId) &&
        (created === undefined || sameInstant(history.at(-1)?.created, created))
      );
    } catch {
      // Removed meanwhile, or damaged: the step is made anew.
      return false;
    }
  }
}

function keyOf(parentHistory: string, createdBy: string): string {
  return `${parentHistory} ${createdBy}`;
}

function newestFirst(a: StoredImage, b: StoredImage): number {
  const [first = 0n, second = 0n] = [instant(a.created), instant(b.created)];
  return first < second ? 1 : first > second ? -1 : 0;
}

function sameInstant(a: string | undefined, b: string): boolean {
  return a !== undefined && instant(a) === instant(b);
}

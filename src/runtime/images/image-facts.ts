// What of an image's config the list and the family tree need, kept because a config never changes.
import { createHash } from 'node:crypto';
import type { HistoryEntry, ImageConfig } from '../../oci/config.js';
import { parseConfig } from '../../oci/config.js';
import { parseDigest } from '../../oci/digest.js';
import { manifestMediaType, parseManifest } from '../../oci/manifest.js';
import { isIndexType } from '../../oci/media-types.js';
import { parseSchema1, schema1Config } from '../../oci/schema1.js';
import type { Store, StoredImage, StoreView } from '../../store/index.js';
import { instant } from '../time.js';

/** The part of a config that is asked for again and again. */
export interface ImageFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly historyLength: number;
  /** Whether there is a configuration that can be understood. */
  readonly isKnown: boolean;
  /** Hash over all history entries; empty without a history. */
  readonly historyHash: string;
  /** Hash over all entries but the newest: the hash a parent has. Empty with fewer than two entries. */
  readonly parentHistoryHash: string;
  /** What the newest entry was created by. */
  readonly createdBy: string;
  /** It is a list of manifests, which has no config. */
  readonly isIndex: boolean;
}

const noFacts: ImageFacts = {
  labels: {},
  isKnown: false,
  historyLength: 0,
  historyHash: '',
  parentHistoryHash: '',
  createdBy: '',
  isIndex: false,
};

/** Configs are read this many at a time, so that a large store neither waits for each file nor floods the thread pool. */
const readsAtOnce = 32;

/** The image's config blob; undefined when it has none or it cannot be understood. */
export async function readConfig(store: Store, image: StoredImage): Promise<ImageConfig | undefined> {
  const key = configKey(image) ?? image.bigDataNames.find((name) => name === 'manifest');
  if (key === undefined) return undefined;
  const bytes = await store.imageData(image, key);
  try {
    return parseConfig(key === 'manifest' ? configOfOld(bytes, await store.view(), image) : bytes);
  } catch {
    // Other programs store what they like; such an image is listed with empty values.
    return undefined;
  }
}

/** Those of a manifest; none where it has no place for them, or is not understood. */
export function annotationsOf(manifest: Buffer): Readonly<Record<string, string>> {
  try {
    return parseManifest(manifest).annotations;
  } catch {
    // Of schema 1, which has none.
    return {};
  }
}

/** Podman keeps images of schema 1 as they are, without a config. Throws ManifestError for others. */
function configOfOld(manifest: Buffer, view: StoreView, image: StoredImage): Buffer {
  const parsed = parseSchema1(manifest, manifestMediaType(manifest));
  const layers = view.chain(image.layer).toReversed();
  return schema1Config(
    parsed,
    layers.map(({ diffDigest }) => parseDigest(diffDigest ?? '')),
  );
}

function configKey(image: StoredImage): string | undefined {
  const byId = `sha256:${image.id}`;
  if (image.bigDataNames.includes(byId)) return byId;
  return image.bigDataNames.find((name) => /^sha(?:256|384|512):/.test(name));
}

/** Facts by image id. */
export class ImageFactsCache {
  readonly #store: Store;
  readonly #facts = new Map<string, ImageFacts>();

  constructor(store: Store) {
    this.#store = store;
  }

  get(image: StoredImage): ImageFacts {
    return this.#facts.get(image.id) ?? noFacts;
  }

  /** Reads what is missing for the images of `view` and forgets what is gone. */
  async load(view: StoreView): Promise<void> {
    for (const id of this.#facts.keys()) {
      if (view.imageById(id) === undefined) this.#facts.delete(id);
    }
    const missing = view.images.filter(({ id }) => !this.#facts.has(id));
    const next = missing.values();
    const reader = async (): Promise<void> => {
      for (const image of next) this.#facts.set(image.id, await this.#read(image));
    };
    await Promise.all(Array.from({ length: Math.min(readsAtOnce, missing.length) }, reader));
  }

  async #read(image: StoredImage): Promise<ImageFacts> {
    try {
      const config = await readConfig(this.#store, image);
      if (config !== undefined) return factsOf(config);
      return { ...noFacts, isIndex: await holdsIndex(this.#store, image) };
    } catch {
      // Removed since the view was taken, or unreadable: it is listed all the same.
      return noFacts;
    }
  }
}

/** Podman keeps a list of manifests as the manifest of an image of its own. */
async function holdsIndex(store: Store, image: StoredImage): Promise<boolean> {
  if (!image.bigDataNames.includes('manifest')) return false;
  return isIndexType(manifestMediaType(await store.imageData(image, 'manifest')));
}

function factsOf({ config, history }: ImageConfig): ImageFacts {
  return {
    labels: config.labels,
    isKnown: true,
    historyLength: history.length,
    historyHash: historyHash(history),
    parentHistoryHash: historyHash(history.slice(0, -1)),
    createdBy: history.at(-1)?.createdBy ?? '',
    isIndex: false,
  };
}

/** A hash over all entries; empty if there are none. */
export function historyHash(history: readonly HistoryEntry[]): string {
  if (history.length === 0) return '';
  const hash = createHash('sha256');
  for (const entry of history) hash.update(comparable(entry));
  return hash.digest('base64');
}

/** Two entries are the same step when these agree (images-and-transports §9); times agree as instants. */
function comparable(entry: HistoryEntry): string {
  const created = entry.created === undefined ? null : String(instant(entry.created) ?? entry.created);
  const { createdBy, author, comment, emptyLayer } = entry;
  return JSON.stringify([created, createdBy, author, comment, emptyLayer]);
}

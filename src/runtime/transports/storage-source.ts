// The local store as the place where an image comes from.
import { access } from 'node:fs/promises';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestHex, digestOf, parseDigest, type Digest } from '../../oci/digest.js';
import { manifestMediaType, type ImageManifest } from '../../oci/manifest.js';
import { dockerLayer, ociLayer, ociManifest } from '../../oci/media-types.js';
import { hasManifestDigest, manifestDigest } from '../../oci/schema1.js';
import { formatReference, type Reference } from '../../oci/reference.js';
import type { Store, StoredImage, StoredLayer } from '../../store/index.js';
import { CopyError } from '../errors.js';
import type { ImageOrigin, ImageSource, Signature, SourceManifest } from '../copy/image-source.js';

/**
 * An image of the store, own or additional. With a `reference` that has a digest, the manifest or index of that digest is meant
 * if it is stored, else the one manifest that the image is made of.
 */
export function storageSource(store: Store, image: StoredImage, reference?: Reference): ImageSource {
  return new StorageSource(store, image, reference);
}

class StorageSource implements ImageSource {
  readonly origin: ImageOrigin;
  readonly #store: Store;
  readonly #image: StoredImage;
  readonly #reference: Reference | undefined;
  #layers: Promise<readonly StoredLayer[]> | undefined;

  constructor(store: Store, image: StoredImage, reference: Reference | undefined) {
    const { driver, graphRoot, runRoot } = store.options;
    const name = reference === undefined ? '' : formatReference(reference);
    this.origin = {
      transport: 'containers-storage',
      name: `[${driver}@${graphRoot}+${runRoot}]${name}@${image.id}`,
      reference,
    };
    this.#store = store;
    this.#image = image;
    this.#reference = reference;
  }

  async manifest(digest: Digest | undefined): Promise<SourceManifest> {
    if (digest !== undefined) return await this.#stored(`manifest-${digest}`, digest);
    const named = this.#reference?.digest;
    const key = `manifest-${named}`;
    if (named !== undefined && this.#image.bigDataNames.includes(key)) return await this.#stored(key, named);
    return await this.#stored('manifest');
  }

  async blobBytes({ digest, size }: Descriptor): Promise<Buffer> {
    const bytes = await this.#store.imageData(this.#image, digest);
    if (bytes.length !== size || digestOf(bytes, digest) !== digest) {
      throw new CopyError(`image ${this.#image.id}: stored blob ${digest} is damaged`);
    }
    return bytes;
  }

  async contents(manifest: ImageManifest, signal: AbortSignal): Promise<readonly Descriptor[]> {
    const layers = await this.#chain(signal);
    if (layers.length !== manifest.layers.length) {
      throw new CopyError(
        `image ${this.#image.id}: the manifest has ${manifest.layers.length} layers, the store ${layers.length}`,
      );
    }
    const mediaType = manifest.mediaType === ociManifest ? ociLayer : dockerLayer;
    return layers.map((layer) => ({ mediaType, digest: diffIdOf(layer), size: layer.diffSize }));
  }

  async locate({ digest }: Descriptor, signal: AbortSignal) {
    const layer = (await this.#chain(signal)).find(({ diffDigest }) => diffDigest === digest);
    if (layer === undefined) throw new CopyError(`image ${this.#image.id} has no layer ${digest}`);
    const { tarSplit, diff } = this.#store.layerPaths(layer);
    try {
      await access(tarSplit);
    } catch (cause) {
      throw new CopyError(`layer ${layer.id}: its tar cannot be put together again without ${tarSplit}`, {
        cause,
      });
    }
    return { kind: 'layer', recipePath: tarSplit, directory: diff } as const;
  }

  async signatures(manifest: Digest): Promise<readonly Signature[]> {
    const sizes = signatureSizes(this.#image.metadata);
    const own = sizes.each.get(manifest);
    if (own !== undefined) return await this.#cut(`signature-${digestHex(manifest)}`, own);
    // Older programs keep only those of the manifest that the image is made of.
    const main = this.#image.bigDataDigests.get('manifest') ?? this.#image.digest;
    return main === manifest ? await this.#cut('signatures', sizes.main) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The store is the caller's.
  }

  async #stored(key: string, expected?: Digest): Promise<SourceManifest> {
    const bytes = await this.#store.imageData(this.#image, key);
    if (expected !== undefined && !hasManifestDigest(bytes, expected)) {
      throw new CopyError(`image ${this.#image.id}: stored ${key} is damaged`);
    }
    const mediaType = manifestMediaType(bytes);
    return { bytes, mediaType, digest: expected ?? manifestDigest(bytes, mediaType) };
  }

  /** Base first. */
  #chain(signal: AbortSignal): Promise<readonly StoredLayer[]> {
    this.#layers ??= this.#store.view(signal).then((view) => view.chain(this.#image.layer).toReversed());
    return this.#layers;
  }

  async #cut(key: string, sizes: readonly number[]): Promise<readonly Signature[]> {
    if (sizes.length === 0) return [];
    const bytes = await this.#store.imageData(this.#image, key);
    const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
    if (ends.at(-1) !== bytes.length) {
      throw new CopyError(`image ${this.#image.id}: ${key} is not as long as its metadata say`);
    }
    return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
  }
}

function diffIdOf({ id, diffDigest, diffSize }: StoredLayer): Digest {
  if (diffDigest === undefined || diffSize < 0) {
    throw new CopyError(`uncompressed digest for layer "${id}" is unknown`);
  }
  return parseDigest(diffDigest);
}

/** How the stored signatures are cut: of each manifest, and in old records of the main one. */
function signatureSizes(metadata: string): {
  readonly main: readonly number[];
  readonly each: ReadonlyMap<string, readonly number[]>;
} {
  let fields: Record<string, unknown> = {};
  try {
    fields = (JSON.parse(metadata) ?? {}) as Record<string, unknown>;
  } catch {
    // An image without signatures may have no metadata.
  }
  const each = Object.entries(fields['signatures-sizes'] ?? {});
  return {
    main: sizesIn(fields['signature-sizes']),
    each: new Map(each.map(([digest, sizes]) => [digest, sizesIn(sizes)])),
  };
}

function sizesIn(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((size): size is number => Number.isSafeInteger(size)) : [];
}

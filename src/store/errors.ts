// What can go wrong in the store, one class per thing a caller can act on.
import type { Digest } from '../oci/digest.js';

/** No image has this id. */
export class ImageUnknownError extends Error {
  override readonly name = 'ImageUnknownError';
  readonly code = 'IMAGE_UNKNOWN';
  readonly id: string;
  constructor(id: string) {
    super(`image ${id}: image not known`);
    this.id = id;
  }
}

/** The image has other names by now than those for which the change was decided. */
export class ImageChangedError extends Error {
  override readonly name = 'ImageChangedError';
  readonly code = 'IMAGE_CHANGED';
  readonly id: string;
  constructor(id: string) {
    super(`image ${id} was given other names meanwhile: try again`);
    this.id = id;
  }
}

/** The image cannot be removed: containers were made from it. */
export class ImageInUseError extends Error {
  override readonly name = 'ImageInUseError';
  readonly code = 'IMAGE_IN_USE';
  readonly id: string;
  readonly containers: readonly string[];
  constructor(id: string, containers: readonly string[]) {
    super(`image ${id} is in use by container${containers.length === 1 ? '' : 's'} ${containers.join(', ')}`);
    this.id = id;
    this.containers = containers;
  }
}

/** A layer of the image is mounted, and only this image needs it. */
export class ImageMountedError extends Error {
  override readonly name = 'ImageMountedError';
  readonly code = 'IMAGE_MOUNTED';
  readonly id: string;
  constructor(id: string, path: string) {
    super(`image ${id} is mounted at ${path}`);
    this.id = id;
  }
}

/** The image lies in an additional store, which is never written. */
export class ReadOnlyImageError extends Error {
  override readonly name = 'ReadOnlyImageError';
  readonly code = 'IMAGE_READ_ONLY';
  readonly id: string;
  constructor(id: string, root: string) {
    super(`image ${id} is in the read-only store ${root}`);
    this.id = id;
  }
}

/** An image with this id exists and is made of other layers. */
export class ImageConflictError extends Error {
  override readonly name = 'ImageConflictError';
  readonly code = 'IMAGE_CONFLICT';
  readonly id: string;
  constructor(id: string) {
    super(`image with ID "${id}" already exists, but uses a different top layer`);
    this.id = id;
  }
}

/** The record of an image names a data item that cannot be read. */
export class ImageDataError extends Error {
  override readonly name = 'ImageDataError';
  readonly code = 'IMAGE_DATA';
  readonly id: string;
  readonly key: string;
  constructor(id: string, key: string, reason: string, options?: ErrorOptions) {
    super(`image ${id}: data item ${JSON.stringify(key)}: ${reason}`, options);
    this.id = id;
    this.key = key;
  }
}

/** A layer that was taken for present is not: fetch it and commit again. */
export class LayerMissingError extends Error {
  override readonly name = 'LayerMissingError';
  readonly code = 'LAYER_MISSING';
  readonly diffId: Digest;
  /** Position in the image, 0 is the base. */
  readonly index: number;
  constructor(diffId: Digest, index: number) {
    super(`layer ${index} (${diffId}) is not in the store`);
    this.diffId = diffId;
    this.index = index;
  }
}

/** There is no such layer, or what was asked for has none; the message is the wording that clients know. */
export class LayerUnknownError extends Error {
  override readonly name = 'LayerUnknownError';
  readonly code = 'LAYER_UNKNOWN';
  /** Of the layer, or of what has none. */
  readonly layer: string;
  constructor(layer: string) {
    super('layer not known');
    this.layer = layer;
  }
}

/** More layers than an overlay can be mounted with. */
export class TooManyLayersError extends Error {
  override readonly name = 'TooManyLayersError';
  readonly code = 'TOO_MANY_LAYERS';
  constructor(count: number, limit: number) {
    super(`an image of ${count} layers cannot be mounted: the limit is ${limit}`);
  }
}

/** A file of the store cannot be read or understood; the message names it and says what to do. */
export class StoreUnreadableError extends Error {
  override readonly name = 'StoreUnreadableError';
  readonly code = 'STORE_UNREADABLE';
  readonly path: string;
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`store: ${path}: ${reason}`, options);
    this.path = path;
  }
}

/** The store is of a kind that can be read but not written here. */
export class UnsupportedStoreError extends Error {
  override readonly name = 'UnsupportedStoreError';
  readonly code = 'STORE_UNSUPPORTED';
  readonly root: string;
  constructor(root: string, reason: string) {
    super(`store ${root} cannot be written: ${reason}`);
    this.root = root;
  }
}

/** Options, storage.conf or the environment contradict themselves or cannot be understood. */
export class StorageOptionsError extends Error {
  override readonly name = 'StorageOptionsError';
  readonly code = 'STORAGE_OPTIONS';
}

/** The recipe of a layer's tar is damaged, or a file of the layer is not what it was. */
export class TarSplitError extends Error {
  override readonly name = 'TarSplitError';
  readonly code = 'TAR_SPLIT';
}

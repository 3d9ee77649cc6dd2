// The store's public face.
export { LockTimeoutError } from '../sys/lock.js';
export { imageData, type Document } from './big-data.js';
export type { CommitLayer, ImageCommit } from './commit-plan.js';
export type { StoredContainer } from './container-record.js';
export * from './errors.js';
export type { ImageDataItem, NewImage, StoredImage } from './image-record.js';
export { chainIds, layerIdOf, type Compression, type StoredLayer } from './layer-record.js';
export {
  resolveStorageOptions,
  type StorageFlags,
  type StorageOptions,
  type StorageSources,
} from './options.js';
export type { LayerPaths } from './overlay.js';
export type { StagedLayer } from './staging.js';
export type { GraphStatus } from './status.js';
export { openStore, type Store } from './store.js';
export { manifestDigests, type StoreView } from './view.js';

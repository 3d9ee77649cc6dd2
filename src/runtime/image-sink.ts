// Where an image goes.
import type { BlobLocation } from '../oci/blob.js';
import type { ImageConfig } from '../oci/config.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { SourceManifest } from './image-source.js';

/** One layer of an image: the blob that holds it, and what it must be when unpacked. */
export interface LayerPlan {
  /** Position from the base up, from 0. */
  readonly index: number;
  readonly blob: Descriptor;
  readonly diffId: Digest;
}

/** Everything of an image but its layers' contents. */
export interface ImagePlan {
  /** The manifest of this one platform. */
  readonly manifest: SourceManifest;
  /** The index it was chosen from. */
  readonly index: SourceManifest | undefined;
  readonly configDigest: Digest;
  readonly configBytes: Buffer;
  readonly config: ImageConfig;
  /** Base first. */
  readonly layers: readonly LayerPlan[];
}

/** The store, and later archives, layouts and registries. Nothing is visible before {@link commit}. */
export interface ImageSink extends AsyncDisposable {
  /** The layers that must be brought, because the sink neither has them nor was given them by {@link putLayer}. */
  missing(layers: readonly LayerPlan[], signal: AbortSignal): Promise<readonly LayerPlan[]>;
  /** Takes one layer; its digest, size and diffID are checked before this returns. `onBytes` gets the bytes read so far. */
  putLayer(
    layer: LayerPlan,
    blob: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Makes the image visible, or returns false when a layer went away meanwhile: ask {@link missing} again. */
  commit(image: ImagePlan, signal: AbortSignal): Promise<boolean>;
}

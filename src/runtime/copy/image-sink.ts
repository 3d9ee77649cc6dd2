// Where an image goes.
import type { BlobLocation, Recode } from '../../oci/blob.js';
import type { Compression } from '../../oci/media-types.js';
import type { ImageConfig } from '../../oci/config.js';
import type { Descriptor } from '../../oci/descriptor.js';
import type { Digest } from '../../oci/digest.js';
import type { ImageManifest } from '../../oci/manifest.js';
import type { Signature, SourceManifest } from './image-source.js';

/** One layer of an image: the blob that holds it, and what it must be when unpacked. */
export interface LayerPlan {
  /** Position from the base up, from 0. */
  readonly index: number;
  /** As the source's manifest names it. */
  readonly blob: Descriptor;
  /** What the source delivers: the blob, or the tar it once was made of. */
  readonly content: Descriptor;
  readonly diffId: Digest;
}

/** A layer, and the form in which the sink is to have it. */
export interface LayerRequest {
  readonly layer: LayerPlan;
  /** What is to be done to the layer's content. */
  readonly recode: Recode;
  /** Whether the blob that the manifest names would do as it is, if the sink had it or could get it without us. */
  readonly reusable: boolean;
}

/** A layer as the sink has it. */
export interface StoredBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** What it was found to be, whatever its media type says; absent where nobody looked. */
  readonly compression?: Compression | undefined;
}

/** Everything of an image but its layers' contents, as the source has it. */
export interface ImagePlan {
  /** The manifest of this one platform. */
  readonly manifest: SourceManifest;
  readonly parsed: ImageManifest;
  /** The index it was chosen from. */
  readonly index: SourceManifest | undefined;
  readonly configDigest: Digest;
  readonly configBytes: Buffer;
  readonly config: ImageConfig;
  /** Base first. */
  readonly layers: readonly LayerPlan[];
}

/** An image as it is written, which is the source's to the byte where nothing had to be converted. */
export interface WrittenImage {
  readonly plan: ImagePlan;
  readonly manifest: SourceManifest;
  readonly config: Descriptor;
  readonly configBytes: Buffer;
  /** As the written manifest names them, base first; those of one digest are one blob. */
  readonly layers: readonly Descriptor[];
  readonly signatures: readonly Signature[];
  /** One of the images of an index that follows: it is not what the destination's name stands for. */
  readonly instance: boolean;
}

/** What a sink takes. */
export interface SinkNeeds {
  /** Types of manifests, the one it likes best first. */
  readonly manifestTypes: readonly string[];
  /** What layers have to be. */
  readonly layers: 'any' | 'compressed' | 'plain';
  /** Why it cannot keep signatures, if so; the sentence is for the caller. */
  readonly refusesSignatures?: string | undefined;
  /** The digest it is named by: nothing but this manifest may be written. */
  readonly digest?: Digest | undefined;
}

/** Takes an image. Nothing is visible before {@link commit}, and disposing undoes what was not committed. */
export interface ImageSink extends AsyncDisposable {
  readonly needs: SinkNeeds;
  /** The layers that need not be brought, each with the blob that the sink has or was given for it. */
  present(
    requests: readonly LayerRequest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<LayerPlan, StoredBlob>>;
  /**
   * Takes one layer from `content`; its digest, size and diffID are checked before this returns. `onBytes` gets the bytes
   * read so far. Several may be put at once.
   */
  putLayer(
    request: LayerRequest,
    content: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob>;
  /**
   * Adds the image, or returns false when a layer went away meanwhile: ask {@link present} again. Throws
   * {@link ManifestRefusedError} when another type of manifest may be taken.
   */
  commit(image: WrittenImage, signal: AbortSignal): Promise<boolean>;
  /** Adds the index of the instances that were committed; absent where there are no indexes. */
  commitIndex?(index: SourceManifest, signatures: readonly Signature[], signal: AbortSignal): Promise<void>;
}

/** The destination does not take manifests of this type; {@link ImageSink.commit} may be tried with another. */
export class ManifestRefusedError extends Error {
  override readonly name = 'ManifestRefusedError';
  readonly code = 'MANIFEST_REFUSED';
}

/**
 * What holds images: an archive, a layout, a directory, a repository, the store. An archive is not there before
 * {@link finish}, and disposing of an unfinished one leaves nothing behind.
 */
export interface ImageDestination extends AsyncDisposable {
  /** A place for one image, or one index with its images, under these names in full. */
  image(names: readonly string[]): ImageSink;
  finish(signal: AbortSignal): Promise<void>;
}

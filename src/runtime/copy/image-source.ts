// Where an image comes from.
import type { BlobLocation } from '../../oci/blob.js';
import type { Descriptor } from '../../oci/descriptor.js';
import type { Digest } from '../../oci/digest.js';
import type { ImageManifest } from '../../oci/manifest.js';
import type { Reference } from '../../oci/reference.js';
import type { Transport } from '../../oci/transport-name.js';

/** A manifest or index as its source has it, byte for byte. */
export interface SourceManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** Whose image it is: what a policy is looked up by (images-and-transports §7.1). */
export interface ImageOrigin {
  readonly transport: Transport;
  /** As in `transport:name`, for messages. */
  readonly name: string;
  /** The name in full, where the image has one: the user's, not a mirror's. */
  readonly reference?: Reference | undefined;
  /** Absolute and without symbolic links, where the image is read from a file or directory. */
  readonly path?: string | undefined;
}

/**
 * A signature as it is stored: an OpenPGP message, or `\0sigstore-json\n` and the JSON of mimeType, payload (base64) and
 * annotations, as other tools have it in stores and directories.
 */
export type Signature = Buffer;

/** One image, or one index, in a registry, an archive, a layout, a directory or the store. */
export interface ImageSource extends AsyncDisposable {
  readonly origin: ImageOrigin;
  /** The manifest the source was opened for, or the one with `digest`, which was checked. */
  manifest(digest: Digest | undefined, signal: AbortSignal): Promise<SourceManifest>;
  /** A small blob whole; size and digest were checked. */
  blobBytes(descriptor: Descriptor, signal: AbortSignal): Promise<Buffer>;
  /**
   * What the source delivers for the layers of a manifest where that is not what the manifest names: the store has tars,
   * whatever they were when they were pulled.
   */
  contents?(manifest: ImageManifest, signal: AbortSignal): Promise<readonly Descriptor[]>;
  /** Where a worker reads a layer's content; nothing of it was checked. */
  locate(content: Descriptor, signal: AbortSignal): Promise<BlobLocation>;
  /** The signatures of the manifest with this digest, none if it has none. */
  signatures(manifest: Digest, signal: AbortSignal): Promise<readonly Signature[]>;
}

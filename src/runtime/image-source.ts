// Where an image comes from.
import type { BlobLocation } from '../oci/blob.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';

/** A manifest or index as its source has it, byte for byte. */
export interface SourceManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** A registry, and later an OCI layout, a docker archive, the store itself. */
export interface ImageSource {
  /** The manifest the source was opened for, or the one with `digest`, which was checked. */
  manifest(digest: Digest | undefined, signal: AbortSignal): Promise<SourceManifest>;
  /** A small blob whole; size and digest were checked. */
  blobBytes(descriptor: Descriptor, signal: AbortSignal): Promise<Buffer>;
  /** Where a worker reads the blob; nothing of it was checked. */
  locate(descriptor: Descriptor, signal: AbortSignal): Promise<BlobLocation>;
}

// A file or directory that holds several images.
import type { Transport } from '../../oci/transport-name.js';
import type { ImageSource } from './image-source.js';

/** One of them. */
export interface ArchivedImage {
  /** Its names as the archive has them: `busybox:latest`, or nothing but a tag in an OCI layout. */
  readonly names: readonly string[];
  /** What chooses it in an OCI layout, whatever its names are. */
  readonly refName?: string | undefined;
  /** Opens it; several may be open at once. */
  open(): ImageSource;
}

/** Open while images are read from it. */
export interface ImageArchive extends AsyncDisposable {
  readonly transport: Transport;
  /** Absolute. */
  readonly path: string;
  /** In the order of the archive. */
  readonly images: readonly ArchivedImage[];
}

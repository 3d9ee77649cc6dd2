// A file or directory that holds several images.
import type { ImageSource } from './image-source.js';

/** One of them. */
export interface ArchivedImage {
  /** Its names as the archive has them: `busybox:latest`, or nothing but a tag in an OCI layout. */
  readonly names: readonly string[];
  /** Opens it; several may be open at once. */
  open(): ImageSource;
}

/** Open while images are read from it. */
export interface ImageArchive extends AsyncDisposable {
  /** In the order of the archive. */
  readonly images: readonly ArchivedImage[];
}

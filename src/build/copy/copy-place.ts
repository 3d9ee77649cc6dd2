// What copies work with: descriptors of directories, in the thread that has them mounted.
import type { AbortFlag } from '../../sys/abort-flag.js';
import type { CopySource } from './copy-request.js';

export interface CopyPlace {
  /** The working root; undefined while nothing is mounted, which is fine where {@link needsRoot} says so, and an empty root otherwise. */
  readonly root: number | undefined;
  /** A directory, which stays open and the place's. */
  openSource(source: CopySource): number;
  readonly abort: AbortFlag;
  /** Where digests are kept between builds: a private directory; undefined keeps them in memory alone. */
  readonly cacheDirectory: string | undefined;
}

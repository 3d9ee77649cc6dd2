// Where a RUN takes place.
import type { CopySource } from '../copy/copy-request.js';

/** All of it is seen by a thread that has a mount namespace of its own, and by what that starts. */
export interface RunPlace {
  /** The working root, mounted; nobody else may reach it. */
  readonly root: string;
  /** A private directory on a disk, for what one RUN needs; emptied by who made it. */
  readonly state: string;
  /** Where the content of a source is mounted, read-only unless it is a directory of the host. */
  mountSource(source: CopySource): string;
  /** Names or paths of the OCI runtimes to try; crun, then runc. */
  readonly runtimes?: readonly string[];
}

// Where directories are moved that shall be deleted when the locks are released.
import { stagingRoots } from './staging.js';
import type { Place } from './place.js';
import { TempDir } from './temp-dir.js';

/** A directory for work in progress that is only made when something is buried. */
export class Graveyard {
  readonly #place: Place;
  #directory: TempDir | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** A path to move something from below `overlay/` to. */
  async deletion(name: string): Promise<string> {
    this.#directory ??= await TempDir.create(stagingRoots(this.#place).driver);
    return this.#directory.deletion(name);
  }

  /** Deletes all that was moved here. What resists, such as a mount, waits for a later start: the change itself is done. */
  async remove(): Promise<void> {
    await this.#directory?.remove().catch(() => undefined);
  }
}

// Where things are moved under the locks that shall be deleted when these are released.
import { renameSync } from 'node:fs';
import { basename, dirname, sep } from 'node:path';
import { stagingRoots } from './staging.js';
import type { Place } from './place.js';
import { TempDir } from '../sys/temp-dir.js';

/**
 * Directories for work in progress that are only made when something is to be buried. Freeing what a file had takes the
 * kernel milliseconds where blocks are discarded, and others would wait for it.
 */
export class Graveyard {
  readonly #place: Place;
  #directories: { readonly driver: TempDir; readonly others: TempDir } | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Makes room. To be called before anything is buried, best before locks are taken. */
  async open(): Promise<void> {
    if (this.#directories !== undefined) return;
    const roots = stagingRoots(this.#place);
    const driver = await TempDir.create(roots.driver);
    try {
      this.#directories = { driver, others: await TempDir.create(roots.layers) };
    } catch (error) {
      await driver.remove();
      throw error;
    }
  }

  /** Moves a file or directory here, if there is one: one call on this thread. */
  bury(path: string): void {
    if (this.#directories === undefined) throw new Error('the graveyard is not open');
    const { driver, others } = this.#directories;
    // `overlay/` may be a mount of its own.
    const inDriver = `${dirname(path)}${sep}`.startsWith(`${this.#place.driverDirectory}${sep}`);
    try {
      renameSync(path, (inDriver ? driver : others).deletion(basename(path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Deletes all that was moved here. What resists, such as a mount, waits for a later start: the change itself is done. */
  async remove(): Promise<void> {
    await this.#directories?.driver.remove().catch(() => undefined);
    await this.#directories?.others.remove().catch(() => undefined);
  }
}

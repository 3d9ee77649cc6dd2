// Where a layer is unpacked before anybody knows of it, outside all locks.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './place.js';
import { TempDir, type TempRoot } from '../sys/temp-dir.js';

/**
 * Where directories for work in progress are: below `overlay/`, which may be a mount of its own, and beside it. The first
 * goes when it is empty, as older programs are startled by directories there that are not layers.
 */
export function stagingRoots(place: Place): { readonly driver: TempRoot; readonly layers: TempRoot } {
  return {
    driver: { path: join(place.driverDirectory, 'tempdirs'), fleeting: true },
    layers: { path: join(place.layersDirectory, 'tmp'), fleeting: false },
  };
}

/** A layer in the making. Unpack into `directory`, write the recipe to `tarSplitPath`, then commit or discard it. */
export class StagedLayer {
  /** Exists, is empty, becomes the layer's `diff`. */
  readonly directory: string;
  /** Does not exist yet. */
  readonly tarSplitPath: string;
  /** The future directory of the layer, with `directory` in it. */
  readonly home: string;
  /** Does not exist yet: the future link to `directory`. */
  readonly linkPath: string;
  readonly #driverTemp: TempDir;
  readonly #layersTemp: TempDir;

  private constructor(driverTemp: TempDir, layersTemp: TempDir) {
    this.#driverTemp = driverTemp;
    this.#layersTemp = layersTemp;
    this.home = driverTemp.addition();
    this.linkPath = driverTemp.addition();
    this.directory = join(this.home, 'diff');
    this.tarSplitPath = layersTemp.addition();
  }

  static async create(place: Place): Promise<StagedLayer> {
    const roots = stagingRoots(place);
    const driverTemp = await TempDir.create(roots.driver);
    const layersTemp = await TempDir.create(roots.layers).catch(async (error: unknown) => {
      await driverTemp.remove();
      throw error;
    });
    const staged = new StagedLayer(driverTemp, layersTemp);
    try {
      await mkdir(staged.home, { mode: 0o700 });
      await mkdir(staged.directory, { mode: 0o755 });
      return staged;
    } catch (error) {
      await staged.discard();
      throw error;
    }
  }

  /** Removes what was not committed. May be called again. */
  async discard(): Promise<void> {
    await Promise.all([this.#driverTemp.remove(), this.#layersTemp.remove()]);
  }
}

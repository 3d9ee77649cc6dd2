// Copies all that a stack of layers shows into one directory, which becomes a layer by itself: squash.
import { closeSync, constants, openSync } from 'node:fs';
import { layerChunks } from '../../archive/chunk-pool.js';
import { LayerApplier } from '../../archive/layer-applier.js';
import { defaultLayerLimits } from '../../archive/limits.js';
import { packTree } from '../../archive/pack-tree.js';
import { TarReader } from '../../archive/tar-reader.js';
import type { BuildPlace } from './build-place.js';
import type { LayerStack } from './root-tree.js';

/** `directory` is empty. A tar goes from the one to the other, which nobody keeps. Throws LayerErrors. */
export async function flattenStack(place: BuildPlace, stack: LayerStack, directory: string): Promise<void> {
  const source = place.mountSource({ kind: 'stack', stack });
  const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const applier = new LayerApplier(root, defaultLayerLimits, layerChunks);
  const reader = new TarReader(applier, undefined, defaultLayerLimits);
  try {
    const push = async (chunk: Buffer): Promise<void> => {
      let done = reader.push(chunk);
      while (applier.blocked) {
        await applier.settled();
        if (done < chunk.length) done = reader.push(chunk, done);
      }
    };
    let last = Promise.resolve();
    const take = (chunk: Buffer): Promise<void> => {
      layerChunks.hold(chunk);
      last = last.then(() => push(chunk)).finally(() => layerChunks.release(chunk));
      return last;
    };
    await packTree(source, take, { abort: place.abort });
    reader.end();
    await applier.end();
  } catch (error) {
    await applier.abandon();
    throw error;
  } finally {
    closeSync(root);
  }
}

// Makes a layer of a directory without writing its tar anywhere.
import type { Digest } from '../oci/digest.js';
import { layerChunks } from './chunk-pool.js';
import type { PackOptions } from './pack-options.js';
import { packTree } from './pack-tree.js';
import { Tally } from './tally.js';

/** A layer made of a directory: what its tar is, which nobody has written anywhere. */
export interface PackedLayer {
  readonly diffId: Digest;
  /** Bytes of the tar. */
  readonly diffSize: number;
  /** Sorted distinct owners. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

/** Adopts `directory` (see {@link PackOptions}); errors are those of packTree. */
export async function packLayer(
  directory: string,
  options: Omit<PackOptions, 'adopts'>,
): Promise<PackedLayer> {
  const tally = new Tally('sha256', layerChunks);
  try {
    const { bytes, uids, gids } = await packTree(directory, (chunk) => tally.add(chunk), {
      ...options,
      adopts: true,
    });
    return { diffId: await tally.digest(), diffSize: bytes, uids, gids };
  } finally {
    await tally.close();
  }
}

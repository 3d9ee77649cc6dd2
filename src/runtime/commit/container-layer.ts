// What is changed in a container, as a layer of an image.
import { parseDigest } from '../../oci/digest.js';
import type { CommitLayer, StoredContainer, StoredLayer, StoreView } from '../../store/index.js';
import type { CopyContext } from '../copy/copy-context.js';
import { messageOf } from '../errors.js';
import { presentLayer } from '../builds/made-image.js';
import { CommitError } from './container-image.js';

/** The layers of a container, as the store has them. */
export interface ContainerLayers {
  /** The one that its files are written to. */
  readonly own: StoredLayer;
  /** Below it, the topmost first. */
  readonly below: readonly StoredLayer[];
}

/** Throws {@link CommitError} where an image cannot have them. */
export function layersOf(view: StoreView, { id, layer }: StoredContainer): ContainerLayers {
  const own = view.layer(layer);
  if (own === undefined) throw new CommitError(`container ${id}: layer ${layer || '""'} is not in the store`);
  if (own.idMapped)
    throw new CommitError(
      `container ${id}: its files have the ids of a user namespace, which its image must not`,
    );
  const below = view.chain(own.parent);
  const bottom = below.at(-1) ?? own;
  if (bottom.parent !== undefined)
    throw new CommitError(`container ${id}: layer ${bottom.parent} below its own is not in the store`);
  const unknown = below.find(({ diffDigest }) => diffDigest === undefined);
  if (unknown !== undefined)
    throw new CommitError(`container ${id}: nobody knows what tar layer ${unknown.id} below its own is`);
  return { own, below };
}

/** Those that the store has, base first. */
export function layersBelow({ below }: ContainerLayers): readonly CommitLayer[] {
  return below
    .toReversed()
    .map(({ diffDigest = '', diffSize }) => presentLayer({ diffId: parseDigest(diffDigest), diffSize }));
}

/**
 * A copy of what is changed, unpacked beside the store: the container goes on with the original. It is the caller's to discard if
 * it is not committed. Throws {@link CommitError} and the signal's reason.
 */
export async function stageChanges(
  { store, pool }: CopyContext,
  { own, below }: ContainerLayers,
  signal: AbortSignal,
): Promise<CommitLayer> {
  const staged = await store.stageLayer(signal);
  try {
    const { directory, tarSplitPath } = staged;
    const lowers = below.map((layer) => store.layerFiles(layer));
    const blob = { kind: 'tree', directory: store.layerFiles(own), lowers } as const;
    const { diffId, diffSize, uids, gids } = await pool.unpack(
      { blob, directory, tarSplitPath, expected: {} },
      signal,
    );
    return { ...presentLayer({ diffId, diffSize }), uids, gids, staged };
  } catch (error) {
    await staged.discard();
    signal.throwIfAborted();
    throw new CommitError(`layer ${own.id}: ${messageOf(error)}`, { cause: error });
  }
}

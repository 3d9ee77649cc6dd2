// What is put right when the store is opened: remains of processes that died.
import type { Catalog } from './catalog.js';
import type { Draft } from './draft.js';
import { Graveyard } from './graveyard.js';
import type { Journal } from './journal.js';
import { uninstall } from './overlay.js';
import type { Place } from './place.js';
import { countUsers, removeIncompleteLayers, removeLayers } from './remove-layers.js';
import { stagingRoots } from './staging.js';
import { recoverTempDirs } from './temp-dir.js';

/** Layers that a dead process of ours was adding. */
export type PendingLayers = Awaited<ReturnType<Journal['pending']>>;

/**
 * Removes abandoned staging directories, and layers that were added for an image that never came. Resolves to the ids of
 * these layers. Waits for the locks only if there is something of ours to remove.
 */
export async function recover(
  catalog: Catalog,
  own: Place,
  pending: PendingLayers,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const roots = stagingRoots(own);
  await recoverTempDirs(roots.driver);
  await recoverTempDirs(roots.layers);
  if (pending.ids.length === 0) {
    await pending.clear();
    return [];
  }
  const graveyard = new Graveyard(own);
  try {
    return await catalog.update(
      { layers: 'write', images: 'write', containers: 'read' },
      async (draft) => {
        await removeIncompleteLayers(own, draft, graveyard);
        const removed = await removeUnused(own, draft, pending.ids, graveyard);
        await pending.clear();
        return removed;
      },
      signal,
    );
  } finally {
    await graveyard.remove();
  }
}

async function removeUnused(
  own: Place,
  draft: Draft,
  ids: readonly string[],
  graveyard: Graveyard,
): Promise<readonly string[]> {
  const removed: string[] = [];
  // Noted base first, so the reverse takes children before what they stand on.
  for (const id of ids.toReversed()) {
    const layer = draft.view.layer(id);
    if (layer === undefined) await uninstall(own, id, graveyard);
    else if (!layer.readOnly && !countUsers(draft.view).has(id)) {
      await removeLayers(own, draft, new Set([id]), graveyard);
      removed.push(id);
    }
  }
  return removed;
}

// What is put right after the store was opened: remains of processes that died.
import { removeImageData } from './big-data.js';
import type { Catalog } from './catalog.js';
import type { Draft } from './draft.js';
import { Graveyard } from './graveyard.js';
import type { PendingNotes } from './journal.js';
import { uninstall } from './overlay.js';
import type { Place } from './place.js';
import { countUsers, removeIncompleteLayers, removeLayers } from './remove-layers.js';
import { stagingRoots } from './staging.js';
import { recoverTempDirs } from '../sys/temp-dir.js';

/**
 * Removes abandoned staging directories, incomplete layers, and what changes of ours that never ended have left: layers and
 * data of images that never came or that are gone. Resolves to the ids of these layers. Waits for the locks only if there
 * is something to remove.
 */
export async function recover(
  catalog: Catalog,
  own: Place,
  pending: PendingNotes,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const roots = stagingRoots(own);
  await recoverTempDirs(roots.driver);
  await recoverTempDirs(roots.layers);
  const { own: present } = await catalog.present(signal);
  const incomplete = present.layers.some(({ value }) => value.incomplete);
  if (!incomplete && pending.layers.length === 0 && pending.images.length === 0) {
    await pending.clear();
    return [];
  }
  const graveyard = new Graveyard(own);
  try {
    await graveyard.open();
    return await catalog.update(
      { layers: 'write', images: 'write', containers: 'read' },
      async (draft) => {
        await removeIncompleteLayers(own, draft, graveyard);
        const removed = await removeUnused(own, draft, pending.layers, graveyard);
        for (const id of pending.images) {
          if (draft.own.images.every(({ value }) => value.id !== id)) removeImageData(own, id, graveyard);
        }
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
    if (layer === undefined) await uninstall(own, [id], graveyard);
    else if (!layer.readOnly && !countUsers(draft.view).has(id)) {
      await removeLayers(own, draft, new Set([id]), graveyard);
      removed.push(id);
    }
  }
  return removed;
}

// Removing layers: which ones nobody needs any more, and how they go so that a crash leaves nothing half removed in sight.
import type { StoredImage } from './image-record.js';
import { incompleteRecord, type StoredLayer } from './layer-record.js';
import type { Draft } from './draft.js';
import type { Graveyard } from './graveyard.js';
import { uninstall } from './overlay.js';
import type { Place } from './place.js';
import type { Records } from './record-file.js';
import type { StoreView } from './view.js';

/**
 * The layers that go with an image: copies of its top layer, then its chain from the top, as long as a layer is the
 * store's own and is not used by another image, a container or a layer that stays. Top first.
 */
export function orphanedLayers(view: StoreView, image: StoredImage): string[] {
  const users = countUsers(view);
  const release = (id: string | undefined): void => {
    if (id !== undefined) users.set(id, (users.get(id) ?? 0) - 1);
  };
  for (const id of [image.layer, ...image.mappedLayers]) release(id);
  const orphans: string[] = [];
  const take = (id: string): boolean => {
    const layer = view.layer(id);
    if (layer === undefined || layer.readOnly || (users.get(id) ?? 0) > 0) return false;
    orphans.push(id);
    release(layer.parent);
    return true;
  };
  for (const id of image.mappedLayers) take(id);
  for (const { id } of view.chain(image.layer)) if (!take(id)) break;
  return orphans;
}

/** How many images, containers and layers need each layer. */
export function countUsers(view: StoreView): Map<string, number> {
  const users = new Map<string, number>();
  const use = (id: string | undefined): void => {
    if (id !== undefined) users.set(id, (users.get(id) ?? 0) + 1);
  };
  for (const image of view.images) for (const id of [image.layer, ...image.mappedLayers]) use(id);
  for (const container of view.containers) use(container.layer);
  for (const layer of view.layers) use(layer.parent);
  return users;
}

/**
 * Removes layers with all that belongs to them; their directories are only moved to `graveyard`, as deleting takes
 * long. The records are marked first: whoever finds us dead in between finishes the work.
 */
export async function removeLayers(
  own: Place,
  draft: Draft,
  ids: ReadonlySet<string>,
  graveyard: Graveyard,
): Promise<void> {
  if (ids.size === 0) return;
  const mark = (records: Records<StoredLayer>): Records<StoredLayer> =>
    records.map((record) => (ids.has(record.value.id) ? incompleteRecord(record, own.decodeLayer) : record));
  const drop = (records: Records<StoredLayer>): Records<StoredLayer> =>
    records.filter(({ value }) => !ids.has(value.id));
  await save(draft, mark);
  await uninstall(own, [...ids], graveyard);
  await save(draft, drop);
}

/** Finishes what a process that died began: every layer marked as incomplete goes. */
export async function removeIncompleteLayers(own: Place, draft: Draft, graveyard: Graveyard): Promise<void> {
  const incomplete = [...draft.own.layers, ...draft.own.volatileLayers].filter(
    ({ value }) => value.incomplete,
  );
  await removeLayers(own, draft, new Set(incomplete.map(({ value }) => value.id)), graveyard);
}

/** Saves the files of layers that `change` changes. */
async function save(
  draft: Draft,
  change: (records: Records<StoredLayer>) => Records<StoredLayer>,
): Promise<void> {
  const layers = change(draft.own.layers);
  if (!sameRecords(layers, draft.own.layers)) await draft.saveLayers(layers);
  const volatileLayers = change(draft.own.volatileLayers);
  if (!sameRecords(volatileLayers, draft.own.volatileLayers)) await draft.saveVolatileLayers(volatileLayers);
}

function sameRecords(a: Records<StoredLayer>, b: Records<StoredLayer>): boolean {
  return a.length === b.length && a.every((record, index) => record === b[index]);
}

// Removing layers: which ones nobody needs any more, and how they go so that a crash leaves nothing half removed in sight.
import { incompleteRecord, type StoredLayer } from './layer-record.js';
import type { Draft } from './draft.js';
import { uninstall } from './overlay.js';
import type { Place } from './place.js';
import type { Records } from './record-file.js';
import type { TempDir } from './temp-dir.js';
import type { StoreView } from './view.js';

/**
 * The layers that go with an image that `view` no longer has: copies of its top layer, then its chain from the top, as
 * long as a layer is the store's own and is not used by another image, a container or a layer that stays. Top first.
 */
export function orphanedLayers(
  view: StoreView,
  top: string | undefined,
  mappedLayers: readonly string[] = [],
): string[] {
  const users = new Map<string, number>();
  const use = (id: string | undefined): void => {
    if (id !== undefined) users.set(id, (users.get(id) ?? 0) + 1);
  };
  for (const image of view.images) for (const id of [image.layer, ...image.mappedLayers]) use(id);
  for (const container of view.containers) use(container.layer);
  for (const layer of view.layers) use(layer.parent);
  const orphans: string[] = [];
  const take = (id: string): boolean => {
    const layer = view.layer(id);
    if (layer === undefined || layer.readOnly || (users.get(id) ?? 0) > 0) return false;
    orphans.push(id);
    if (layer.parent !== undefined) users.set(layer.parent, (users.get(layer.parent) ?? 0) - 1);
    return true;
  };
  for (const id of mappedLayers) take(id);
  for (const id of view.chain(top).map((layer) => layer.id)) if (!take(id)) break;
  return orphans;
}

/**
 * Removes layers with all that belongs to them; their directories are only moved to `graveyard`, as deleting takes
 * long. The records are marked first: whoever finds us dead in between finishes the work.
 */
export async function removeLayers(
  own: Place,
  draft: Draft,
  ids: ReadonlySet<string>,
  graveyard: TempDir,
): Promise<void> {
  if (ids.size === 0) return;
  const mark = (records: Records<StoredLayer>): Records<StoredLayer> =>
    records.map((record) => (ids.has(record.value.id) ? incompleteRecord(record, own.decodeLayer) : record));
  const drop = (records: Records<StoredLayer>): Records<StoredLayer> =>
    records.filter(({ value }) => !ids.has(value.id));
  await save(draft, mark);
  for (const id of ids) await uninstall(own, id, graveyard.deletion(id));
  await save(draft, drop);
}

/** Finishes what a process that died began: every layer marked as incomplete goes. */
export async function removeIncompleteLayers(own: Place, draft: Draft, graveyard: TempDir): Promise<void> {
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

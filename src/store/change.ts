// How the store is changed: planned and written before the locks are taken, put in place under them.
import type { Catalog, LockPlan } from './catalog.js';
import type { Draft, State } from './draft.js';
import { Graveyard } from './graveyard.js';
import type { StoredImage } from './image-record.js';
import type { StoredLayer } from './layer-record.js';
import type { Place } from './place.js';
import { prepareRecords, type PreparedFile, type Records } from './record-file.js';
import { removeIncompleteLayers } from './remove-layers.js';

/** What the record files are going to say; files that are not mentioned stay. */
export interface PlannedRecords {
  /** layers.json with marks at the layers that are being added or removed: whoever finds us dead removes those. */
  readonly announced?: Records<StoredLayer> | undefined;
  /** layers.json when that is done. */
  readonly layers?: Records<StoredLayer> | undefined;
  readonly images?: Records<StoredImage> | undefined;
}

/** What is to be done in a certain state of the store, and in no other. */
export interface Plan {
  readonly records: PlannedRecords;
}

/** Puts one of the planned files in place. */
export type Save = (file: keyof PlannedRecords) => Promise<void>;

export interface Change<P extends Plan, T> {
  readonly locks: LockPlan;
  /** May be asked twice, if another program was faster; gets the first plan then. */
  plan(state: State, earlier?: P): Promise<P> | P;
  /** Runs under the locks, to its end. */
  carryOut(plan: P, save: Save, draft: Draft, graveyard: Graveyard): Promise<T>;
}

/**
 * Makes a change. Its files are on the disk before the locks are taken, so that they are held for some renames and not for
 * the disk, unless another program changed the store in between.
 */
export async function makeChange<P extends Plan, T>(
  { catalog, own }: { readonly catalog: Catalog; readonly own: Place },
  change: Change<P, T>,
  signal?: AbortSignal,
): Promise<T> {
  const state = await catalog.present(signal);
  const early = await change.plan(state);
  const prepared = await prepare(own, early.records);
  const graveyard = new Graveyard(own);
  try {
    return await catalog.update(
      change.locks,
      async (draft) => {
        if (change.locks.layers === 'write') await removeIncompleteLayers(own, draft, graveyard);
        const valid = draft.view === state.view;
        const plan = valid ? early : await change.plan(draft, early);
        const save: Save = (file) => saveFile(draft, plan.records, valid ? prepared : {}, file);
        return await change.carryOut(plan, save, draft, graveyard);
      },
      signal,
    );
  } finally {
    await Promise.all(Object.values(prepared).map((file) => file.discard()));
    await graveyard.remove();
  }
}

interface PreparedRecords {
  readonly announced?: PreparedFile<StoredLayer>;
  readonly layers?: PreparedFile<StoredLayer>;
  readonly images?: PreparedFile<StoredImage>;
}

async function prepare(own: Place, records: PlannedRecords): Promise<PreparedRecords> {
  const prepared: Record<string, PreparedFile<never>> = {};
  const write = async <T>(
    name: keyof PlannedRecords,
    path: string,
    content: Records<T> | undefined,
  ): Promise<void> => {
    if (content !== undefined) prepared[name] = (await prepareRecords(path, content)) as PreparedFile<never>;
  };
  const written = await Promise.allSettled([
    write('announced', own.files.layers, records.announced),
    write('layers', own.files.layers, records.layers),
    write('images', own.files.images, records.images),
  ]);
  const failure = written.find((result) => result.status === 'rejected');
  if (failure === undefined) return prepared;
  await Promise.all(Object.values(prepared).map((file) => file.discard()));
  throw failure.reason;
}

async function saveFile(
  draft: Draft,
  records: PlannedRecords,
  prepared: PreparedRecords,
  file: keyof PlannedRecords,
): Promise<void> {
  if (file === 'images') {
    if (records.images !== undefined) await draft.saveImages(records.images, prepared.images);
  } else {
    const content = records[file];
    if (content !== undefined) await draft.saveLayers(content, prepared[file]);
  }
}

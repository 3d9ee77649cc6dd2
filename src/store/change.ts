// How the store is changed: planned and written before the locks are taken, put in place under them.
import type { Catalog, LockPlan } from './catalog.js';
import type { Draft, State } from './draft.js';
import { Graveyard } from './graveyard.js';
import type { StoredImage } from './image-record.js';
import type { Journal, JournalEntry, Note } from './journal.js';
import type { StoredLayer } from './layer-record.js';
import type { Place } from './place.js';
import { OpenFiles } from './open-files.js';
import { prepareRecords, type PreparedFile, type Records } from './record-file.js';
import { removeIncompleteLayers } from './remove-layers.js';
import { stagingRoots } from './staging.js';
import { TempDir } from '../sys/temp-dir.js';

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
  /** What a crash in the midst of it would leave behind; absent if nothing. */
  readonly note?: Note | undefined;
  /** Whether anything is going to be removed. */
  readonly buries?: boolean;
}

/** What changes are made with. */
export interface ChangeContext {
  readonly catalog: Catalog;
  readonly own: Place;
  readonly journal: Journal;
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
  { catalog, own, journal }: ChangeContext,
  change: Change<P, T>,
  signal?: AbortSignal,
): Promise<T> {
  const state = await catalog.present(signal);
  const early = await change.plan(state);
  const workspace = await TempDir.create(stagingRoots(own).layers);
  const graveyard = new Graveyard(own);
  const replaced = new OpenFiles();
  const entries = new Set<JournalEntry>();
  const note = async (plan: P): Promise<void> => {
    if (plan.note !== undefined) entries.add(await journal.add(plan.note));
  };
  let broken = false;
  try {
    await note(early);
    if (early.buries) await graveyard.open();
    const prepared = await prepare(own, early.records, workspace, replaced);
    return await catalog.update(
      change.locks,
      async (draft) => {
        if (change.locks.layers === 'write') await removeIncompleteLayers(own, draft, graveyard);
        const valid = draft.view === state.view;
        const plan = valid ? early : await change.plan(draft, early);
        if (!valid) await note(plan);
        const save: Save = (file) => saveFile(draft, plan.records, valid ? prepared : {}, file);
        broken = true;
        const result = await change.carryOut(plan, save, draft, graveyard);
        broken = false;
        return result;
      },
      signal,
    );
  } finally {
    // What broke in the midst is looked after at the next start.
    if (!broken) for (const entry of entries) await entry.remove();
    await replaced.close();
    await workspace.remove();
    await graveyard.remove();
  }
}

interface PreparedRecords {
  readonly announced?: PreparedFile<StoredLayer> | undefined;
  readonly layers?: PreparedFile<StoredLayer> | undefined;
  readonly images?: PreparedFile<StoredImage> | undefined;
}

async function prepare(
  own: Place,
  { announced, layers, images }: PlannedRecords,
  workspace: TempDir,
  open: OpenFiles,
): Promise<PreparedRecords> {
  const write = async <T>(
    path: string,
    records: Records<T> | undefined,
  ): Promise<PreparedFile<T> | undefined> => {
    if (records === undefined) return undefined;
    const temporary = workspace.addition();
    const prepared = await prepareRecords(path, records, temporary);
    await Promise.all([open.add(path), open.add(temporary)]);
    return prepared;
  };
  const writing = [
    write(own.files.layers, announced),
    write(own.files.layers, layers),
    write(own.files.images, images),
  ] as const;
  await Promise.allSettled(writing); // should one fail, none is still being written when the workspace goes
  return { announced: await writing[0], layers: await writing[1], images: await writing[2] };
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

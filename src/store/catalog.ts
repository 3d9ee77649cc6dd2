// The records of all places in memory: read when they changed, changed under the locks.
import type { LockMode } from '../sys/lock.js';
import { StoreUnreadableError } from './errors.js';
import type { HeldLock } from './lock-file.js';
import { OpenDraft, type Draft, type LockName, type Snapshot, type State } from './draft.js';
import {
  agreedKey,
  recordFileNames,
  sameKey,
  type Place,
  type PlaceKey,
  type PlaceRecords,
} from './place.js';
import { StoreView } from './view.js';

/** Which locks a change needs, and how. */
export type LockPlan = Partial<Readonly<Record<LockName, LockMode>>>;

// Everybody takes them in this order, or two programs would wait for one another.
const lockOrder: readonly LockName[] = ['layers', 'images', 'containers'];
/** Attempts to read without locks before readers take them. */
const FREE_ATTEMPTS = 5;

export class Catalog {
  readonly #own: Place;
  readonly #places: readonly Place[];
  #current: Snapshot | undefined;
  #loading: Promise<Snapshot> | undefined;

  constructor(own: Place, additional: readonly Place[]) {
    this.#own = own;
    this.#places = [own, ...additional];
  }

  /**
   * The present state. Reading takes no locks: files are only ever replaced as a whole, and a set of them that did not
   * change while it was read is a state the store was in. So a program that extracts a layer under the lock for seconds
   * holds up nobody who only looks.
   */
  async present(signal?: AbortSignal): Promise<State> {
    signal?.throwIfAborted();
    if (this.#loading !== undefined) await this.#loading.catch(() => undefined); // begun before us: it may have missed a change
    signal?.throwIfAborted();
    const state = this.peek();
    if (state !== undefined) return state;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    const loaded = await this.#loading;
    signal?.throwIfAborted();
    return stateOf(loaded);
  }

  /** The present state if it is known already: nothing has changed since it was read, and nobody reads it anew. */
  peek(): State | undefined {
    const current = this.#current;
    if (current === undefined || this.#loading !== undefined || !this.#unchanged(current)) return undefined;
    return stateOf(current);
  }

  /**
   * Runs `change` under the locks of `plan`. What it saves becomes the present state, also when it fails later on. Once
   * the locks are taken it runs to its end, signal or not.
   */
  async update<T>(plan: LockPlan, change: (draft: Draft) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const held = await this.#acquire(plan, signal);
    let draft: OpenDraft | undefined;
    try {
      draft = new OpenDraft(this.#own, held, await this.#read());
      return await change(draft);
    } finally {
      release(held);
      // Others need not wait for what follows from the records.
      if (draft !== undefined) this.#current = draft.snapshot();
    }
  }

  async #acquire(plan: LockPlan, signal?: AbortSignal): Promise<ReadonlyMap<LockName, HeldLock>> {
    const held = new Map<LockName, HeldLock>();
    try {
      for (const name of lockOrder) {
        const mode = plan[name];
        if (mode !== undefined) held.set(name, await this.#own.locks[name].acquire(mode, signal));
      }
      return held;
    } catch (error) {
      release(held);
      throw error;
    }
  }

  #unchanged(snapshot: Snapshot): boolean {
    return this.#places.every((place, index) => sameKey(snapshot.keys[index], place.key()));
  }

  async #load(): Promise<Snapshot> {
    const snapshot = await this.#read();
    if (snapshot.steady) return (this.#current = snapshot);
    // Somebody changes the store faster than we can read it.
    const held = await this.#acquire({ layers: 'read', images: 'read', containers: 'read' });
    try {
      return (this.#current = await this.#read());
    } finally {
      release(held);
    }
  }

  /** Reads what changed, again while it changes meanwhile. Files that do not stand still are read anew by the next view. */
  async #read(): Promise<Snapshot> {
    for (let attempt = 1; ; attempt += 1) {
      const previous = this.#current;
      const keys = this.#places.map((place) => place.key());
      let records: readonly PlaceRecords[];
      try {
        records = await Promise.all(
          this.#places.map((place, index) => place.read(keys[index] as PlaceKey, at(previous, index))),
        );
      } catch (error) {
        if (error instanceof StoreUnreadableError && attempt < FREE_ATTEMPTS) continue;
        throw error;
      }
      const after = this.#places.map((place) => place.key());
      const steady = keys.every((key, index) => sameKey(key, after[index]));
      if (steady || attempt >= FREE_ATTEMPTS) {
        const trusted = keys.map((key, index) => agreedKey(key, after[index]));
        return { keys: trusted, records, steady, view: viewOf(records, previous) };
      }
    }
  }
}

function stateOf({ records, view }: Snapshot): State {
  return { own: records[0] as PlaceRecords, view };
}

function at(
  snapshot: Snapshot | undefined,
  index: number,
): { key: PlaceKey; records: PlaceRecords } | undefined {
  const key = snapshot?.keys[index];
  const records = snapshot?.records[index];
  return key === undefined || records === undefined ? undefined : { key, records };
}

/** The previous view, if no record changed. */
function viewOf(records: readonly PlaceRecords[], previous: Snapshot | undefined): StoreView {
  const same = records.every((place, index) => {
    const old = previous?.records[index];
    return old !== undefined && recordFileNames.every((name) => old[name] === place[name]);
  });
  return same && previous !== undefined ? previous.view : new StoreView(records, previous?.view);
}

function release(held: ReadonlyMap<LockName, HeldLock>): void {
  for (const lock of [...held.values()].toReversed()) lock.release();
}

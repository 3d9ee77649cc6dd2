// A change in progress: the records under the locks, what is saved of them, and the state that results.
import type { StoredImage } from './image-record.js';
import type { StoredLayer } from './layer-record.js';
import type { HeldLock } from './lock-file.js';
import { lockOf, recordFileNames, type Place, type PlaceKey, type PlaceRecords } from './place.js';
import { writeRecords, type Records } from './record-file.js';
import { StoreView } from './view.js';

export interface Snapshot {
  /** By place, the store's own first. */
  readonly keys: readonly PlaceKey[];
  readonly records: readonly PlaceRecords[];
  readonly view: StoreView;
  /** Nothing changed while it was read. */
  readonly steady: boolean;
}

export type LockName = 'layers' | 'images' | 'containers';

/** The store's own records as they are under the locks, and how they are changed. */
export interface Draft {
  /** With all changes saved so far. */
  readonly own: PlaceRecords;
  readonly view: StoreView;
  /** What the view would be after a change that is not made yet. */
  viewWith(change: Partial<PlaceRecords>): StoreView;
  saveLayers(records: Records<StoredLayer>): Promise<void>;
  saveVolatileLayers(records: Records<StoredLayer>): Promise<void>;
  saveImages(records: Records<StoredImage>): Promise<void>;
}

export class OpenDraft implements Draft {
  readonly #place: Place;
  readonly #held: ReadonlyMap<LockName, HeldLock>;
  readonly #others: Snapshot;
  #key: PlaceKey;
  #own: PlaceRecords;
  #view: StoreView | undefined;

  /** `start`: what was read under the locks `held`. */
  constructor(place: Place, held: ReadonlyMap<LockName, HeldLock>, start: Snapshot) {
    this.#place = place;
    this.#held = held;
    this.#others = start;
    this.#key = start.keys[0] as PlaceKey;
    this.#own = start.records[0] as PlaceRecords;
    this.#view = start.view;
  }

  get own(): PlaceRecords {
    return this.#own;
  }

  get view(): StoreView {
    this.#view ??= this.viewWith({});
    return this.#view;
  }

  viewWith(change: Partial<PlaceRecords>): StoreView {
    return new StoreView([{ ...this.#own, ...change }, ...this.#others.records.slice(1)]);
  }

  async saveLayers(layers: Records<StoredLayer>): Promise<void> {
    await this.#save('layers', 'layers', layers, true);
    this.#own = { ...this.#own, layers };
  }

  async saveVolatileLayers(volatileLayers: Records<StoredLayer>): Promise<void> {
    await this.#save('layers', 'volatileLayers', volatileLayers, false);
    this.#own = { ...this.#own, volatileLayers };
  }

  async saveImages(images: Records<StoredImage>): Promise<void> {
    await this.#save('images', 'images', images, true);
    this.#own = { ...this.#own, images };
  }

  /** The state after the change. */
  snapshot(): Snapshot {
    return {
      keys: [this.#key, ...this.#others.keys.slice(1)],
      records: [this.#own, ...this.#others.records.slice(1)],
      view: this.view,
      steady: true,
    };
  }

  async #save<T>(
    lock: LockName,
    file: keyof PlaceRecords,
    records: Records<T>,
    durable: boolean,
  ): Promise<void> {
    // The token first: should we die in between, others only read once in vain.
    this.#held.get(lock)?.writeToken();
    try {
      await writeRecords(this.#place.files[file], records, durable);
    } finally {
      this.#view = undefined;
      const now = this.#place.key();
      const key = { ...this.#key };
      for (const name of recordFileNames) if (lockOf(name) === lock) key[name] = now[name];
      this.#key = key;
    }
  }
}

// A change in progress: the records under the locks, what is saved of them, and the state that results.
import type { StoredImage } from './image-record.js';
import type { StoredLayer } from './layer-record.js';
import type { HeldLock } from './lock-file.js';
import {
  lockOf,
  recordFileNames,
  type Place,
  type PlaceKey,
  type PlaceRecords,
  type RecordFileName,
} from './place.js';
import { writeRecords, type PreparedFile, type Records } from './record-file.js';
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

/** The state of the store: its own records, and what one sees together with additional stores. */
export interface State {
  readonly own: PlaceRecords;
  readonly view: StoreView;
}

/**
 * The state under the locks, with all changes saved so far, and how it is changed. What was prepared from this very state
 * needs only to be put in place.
 */
export interface Draft extends State {
  saveLayers(records: Records<StoredLayer>, prepared?: PreparedFile<StoredLayer>): Promise<void>;
  saveVolatileLayers(records: Records<StoredLayer>): Promise<void>;
  saveImages(records: Records<StoredImage>, prepared?: PreparedFile<StoredImage>): Promise<void>;
}

/** An image of the store's own. Asking the view would have it made anew while the locks are held. */
export function ownImage({ own }: State, id: string): StoredImage | undefined {
  return own.images.find(({ value }) => value.id === id)?.value;
}

export class OpenDraft implements Draft {
  readonly #place: Place;
  readonly #held: ReadonlyMap<LockName, HeldLock>;
  readonly #start: Snapshot;
  #key: PlaceKey;
  #own: PlaceRecords;
  #view: StoreView | undefined;

  /** `start`: what was read under the locks `held`. */
  constructor(place: Place, held: ReadonlyMap<LockName, HeldLock>, start: Snapshot) {
    this.#place = place;
    this.#held = held;
    this.#start = start;
    this.#key = start.keys[0] as PlaceKey;
    this.#own = start.records[0] as PlaceRecords;
    this.#view = start.view;
  }

  get own(): PlaceRecords {
    return this.#own;
  }

  get view(): StoreView {
    this.#view ??= new StoreView([this.#own, ...this.#start.records.slice(1)], this.#start.view);
    return this.#view;
  }

  async saveLayers(layers: Records<StoredLayer>, prepared?: PreparedFile<StoredLayer>): Promise<void> {
    await this.#save('layers', 'layers', layers, prepared);
    this.#own = { ...this.#own, layers };
  }

  async saveVolatileLayers(volatileLayers: Records<StoredLayer>): Promise<void> {
    await this.#save('layers', 'volatileLayers', volatileLayers);
    this.#own = { ...this.#own, volatileLayers };
  }

  async saveImages(images: Records<StoredImage>, prepared?: PreparedFile<StoredImage>): Promise<void> {
    await this.#save('images', 'images', images, prepared);
    this.#own = { ...this.#own, images };
  }

  /** The state after the change. */
  snapshot(): Snapshot {
    return {
      keys: [this.#key, ...this.#start.keys.slice(1)],
      records: [this.#own, ...this.#start.records.slice(1)],
      view: this.view,
      steady: true,
    };
  }

  async #save<T>(
    lock: LockName,
    file: RecordFileName,
    records: Records<T>,
    prepared?: PreparedFile<T>,
  ): Promise<void> {
    const path = this.#place.files[file];
    // The token first: should we die in between, others only read once in vain.
    this.#held.get(lock)?.writeToken();
    try {
      if (prepared === undefined) await writeRecords(path, records, file !== 'volatileLayers');
      else await prepared.place();
    } finally {
      this.#view = undefined;
      const now = this.#place.key();
      const key = { ...this.#key };
      for (const name of recordFileNames) if (lockOf(name) === lock) key[name] = now[name];
      this.#key = key;
    }
  }
}

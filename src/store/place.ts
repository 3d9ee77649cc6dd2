// One directory with the layout of the store: where its files are, how they are read, and how one sees that they changed.
import { dirname, join } from 'node:path';
import { Glance } from '../sys/glance.js';
import { decodeContainer, type StoredContainer } from './container-record.js';
import { imageDecoder, type StoredImage } from './image-record.js';
import { layerDecoder, type StoredLayer } from './layer-record.js';
import { LockFile } from './lock-file.js';
import { readRecords, type Decode, type Records } from './record-file.js';

/** What the record files of a place say. */
export interface PlaceRecords {
  readonly layers: Records<StoredLayer>;
  readonly volatileLayers: Records<StoredLayer>;
  readonly images: Records<StoredImage>;
  readonly containers: Records<StoredContainer>;
  readonly volatileContainers: Records<StoredContainer>;
  readonly transientContainers: Records<StoredContainer>;
}

export type RecordFileName = keyof PlaceRecords;

/** One text per record file, another one after each change. */
export type PlaceKey = Readonly<Record<RecordFileName, string>>;

export const recordFileNames: readonly RecordFileName[] = [
  'layers',
  'volatileLayers',
  'images',
  'containers',
  'volatileContainers',
  'transientContainers',
];

const nothingRead: PlaceRecords = {
  layers: [],
  volatileLayers: [],
  images: [],
  containers: [],
  volatileContainers: [],
  transientContainers: [],
};

export interface PlaceOptions {
  readonly root: string;
  /** Absent for an additional store. */
  readonly runRoot: string | undefined;
  readonly driver: string;
  readonly readOnly: boolean;
  readonly lockTimeoutMs: number;
  /** Containers are recorded in, and locked by, files of `runRoot`. */
  readonly transientStore?: boolean | undefined;
}

/** The store's own directory, or that of an additional store. */
export class Place {
  readonly root: string;
  readonly readOnly: boolean;
  /** Of the driver: a directory per layer, and `l` with their short names. */
  readonly driverDirectory: string;
  readonly layersDirectory: string;
  readonly imagesDirectory: string;
  readonly containersDirectory: string;
  readonly files: Readonly<Record<RecordFileName, string>>;
  readonly locks: { readonly layers: LockFile; readonly images: LockFile; readonly containers: LockFile };
  readonly #glances: Readonly<Record<RecordFileName, Glance>>;
  readonly decodeLayer: Decode<StoredLayer>;
  readonly decodeImage: Decode<StoredImage>;

  constructor({ root, runRoot, driver, readOnly, lockTimeoutMs, transientStore }: PlaceOptions) {
    this.root = root;
    this.readOnly = readOnly;
    this.driverDirectory = join(root, driver);
    this.layersDirectory = join(root, `${driver}-layers`);
    this.imagesDirectory = join(root, `${driver}-images`);
    this.containersDirectory = join(root, `${driver}-containers`);
    this.files = {
      layers: join(this.layersDirectory, 'layers.json'),
      volatileLayers: join(this.layersDirectory, 'volatile-layers.json'),
      images: join(this.imagesDirectory, 'images.json'),
      containers: join(this.containersDirectory, 'containers.json'),
      volatileContainers: join(this.containersDirectory, 'volatile-containers.json'),
      // With transient_store, containers that may be lost at a reboot are recorded here.
      transientContainers: join(runRoot ?? root, `${driver}-containers`, 'volatile-containers.json'),
    };
    const containersFile = transientStore ? this.files.transientContainers : this.files.containers;
    const glances = recordFileNames.map((name) => [name, new Glance(this.files[name])]);
    this.#glances = Object.fromEntries(glances) as Record<RecordFileName, Glance>;
    const lock = (path: string): LockFile => new LockFile(path, lockTimeoutMs);
    this.locks = {
      layers: lock(join(this.layersDirectory, 'layers.lock')),
      images: lock(join(this.imagesDirectory, 'images.lock')),
      containers: lock(join(dirname(containersFile), 'containers.lock')),
    };
    this.decodeLayer = layerDecoder(root, readOnly);
    this.decodeImage = imageDecoder(root, readOnly);
  }

  /**
   * What the files look like now: the token of their last writer, and the inode, size and times of each. Some
   * small system calls on cached data, 12 µs together, so they are made at once on this thread.
   */
  key(): PlaceKey {
    const layersToken = this.locks.layers.token();
    const imagesToken = this.locks.images.token();
    const containersToken = this.locks.containers.token();
    const { layers, volatileLayers, images, containers, volatileContainers, transientContainers } =
      this.#glances;
    return {
      layers: layersToken + layers.look(),
      volatileLayers: layersToken + volatileLayers.look(),
      images: imagesToken + images.look(),
      containers: containersToken + containers.look(),
      volatileContainers: containersToken + volatileContainers.look(),
      transientContainers: transientContainers.look(),
    };
  }

  /** Reads the files whose key differs from `previous`; of those, only the records that changed. */
  async read(
    key: PlaceKey,
    previous: { readonly key: PlaceKey; readonly records: PlaceRecords } | undefined,
  ): Promise<PlaceRecords> {
    const old = previous?.records ?? nothingRead;
    const read = <T>(name: RecordFileName, decode: Decode<T>, records: Records<T>): Promise<Records<T>> =>
      previous?.key[name] === key[name]
        ? Promise.resolve(records)
        : readRecords(this.files[name], decode, records);
    const [layers, volatileLayers, images, containers, volatileContainers, transientContainers] =
      await Promise.all([
        read('layers', this.decodeLayer, old.layers),
        read('volatileLayers', this.decodeLayer, old.volatileLayers),
        read('images', this.decodeImage, old.images),
        read('containers', decodeContainer, old.containers),
        read('volatileContainers', decodeContainer, old.volatileContainers),
        this.files.transientContainers === this.files.volatileContainers
          ? Promise.resolve(nothingRead.transientContainers)
          : read('transientContainers', decodeContainer, old.transientContainers),
      ]);
    return { layers, volatileLayers, images, containers, volatileContainers, transientContainers };
  }
}

/** The lock that protects a file. */
export function lockOf(name: RecordFileName): 'layers' | 'images' | 'containers' {
  if (name === 'images') return 'images';
  return name === 'layers' || name === 'volatileLayers' ? 'layers' : 'containers';
}

/** Whether nothing changed between two looks. */
export function sameKey(a: PlaceKey | undefined, b: PlaceKey | undefined): boolean {
  return recordFileNames.every((name) => a?.[name] === b?.[name]);
}

/** What two looks agree on; a text that no look ever has for the rest. */
export function agreedKey(a: PlaceKey, b: PlaceKey | undefined): PlaceKey {
  const entries = recordFileNames.map((name) => [name, a[name] === b?.[name] ? a[name] : 'changing']);
  return Object.fromEntries(entries) as PlaceKey;
}

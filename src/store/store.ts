// The store: what the rest of the program sees of it.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adoption } from './adopt.js';
import { readImageData } from './big-data.js';
import { Catalog } from './catalog.js';
import type { ChangeContext } from './change.js';
import { commitImage } from './commit.js';
import type { ImageCommit } from './commit-plan.js';
import { deleteImage } from './delete-image.js';
import { ImageUnknownError, StoreUnreadableError, UnsupportedStoreError } from './errors.js';
import type { StoredImage } from './image-record.js';
import { FairQueue } from './fair-queue.js';
import { Journal, type PendingNotes } from './journal.js';
import { chainIds, type StoredLayer } from './layer-record.js';
import { refuseChanged, updateNames } from './names.js';
import type { StorageOptions } from './options.js';
import { readMounts } from './mounts.js';
import { layerPaths, type LayerPaths } from './overlay.js';
import { Place } from './place.js';
import { recover } from './recovery.js';
import { StagedLayer } from './staging.js';
import { graphStatus, type GraphStatus } from './status.js';
import type { StoreView } from './view.js';
import type { Digest } from '../oci/digest.js';

/** Old Go programs extract whole layers under their locks. */
const LOCK_TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Opens the store, and makes its directories if there is none. What dead processes left is removed in the background, see
 * {@link Store.recovery}. Throws {@link StoreUnreadableError}.
 */
export async function openStore(chosen: StorageOptions): Promise<Store> {
  const options = { ...chosen, readOnlyReason: chosen.readOnlyReason ?? (await mountProgramReason(chosen)) };
  const { graphRoot, runRoot, driver, transientStore } = options;
  const lockTimeoutMs = options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  const own = new Place({ root: graphRoot, runRoot, driver, readOnly: false, lockTimeoutMs, transientStore });
  const additional = options.additionalImageStores.map(
    (root) => new Place({ root, runRoot: undefined, driver, readOnly: true, lockTimeoutMs }),
  );
  const journal = new Journal(join(graphRoot, 'imaged'));
  if (options.readOnlyReason === undefined) await makeDirectories(own, graphRoot);
  return new Store(options, own, additional, journal, await journal.pending());
}

/** Stores made with a mount program keep whiteouts as files; nothing but that program can use what we would write. */
async function mountProgramReason({ graphRoot, driver }: StorageOptions): Promise<string | undefined> {
  const text = await readFile(join(graphRoot, driver, '.has-mount-program'), 'utf8').catch(() => '');
  return text.trim() === 'true' ? 'it was made with a mount program' : undefined;
}

async function makeDirectories(own: Place, graphRoot: string): Promise<void> {
  try {
    await mkdir(graphRoot, { recursive: true, mode: 0o700 });
    const { driverDirectory, layersDirectory, imagesDirectory, containersDirectory } = own;
    for (const directory of [driverDirectory, layersDirectory, imagesDirectory, containersDirectory]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
    await mkdir(join(driverDirectory, 'l'), { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new StoreUnreadableError(
      graphRoot,
      `cannot make the store's directories: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** An open store. All changes take the store's locks, wait for them, and give the signal's reason or LockTimeoutError if that fails. */
export class Store {
  readonly options: StorageOptions;
  /**
   * The ids of layers removed because the image they were added for never came. Rejects if that failed; nothing depends on
   * it.
   */
  readonly recovery: Promise<readonly string[]>;
  readonly #own: Place;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #catalog: Catalog;
  readonly #context: ChangeContext;
  readonly #commitTurn = new FairQueue();
  readonly #closing = new AbortController();

  constructor(
    options: StorageOptions,
    own: Place,
    additional: readonly Place[],
    journal: Journal,
    pending: PendingNotes,
  ) {
    this.options = options;
    this.#own = own;
    this.#places = new Map([...additional, own].map((place) => [place.root, place]));
    this.#catalog = new Catalog(own, additional);
    this.#context = { catalog: this.#catalog, own, journal };
    this.recovery =
      options.readOnlyReason === undefined
        ? recover(this.#catalog, own, pending, this.#closing.signal)
        : Promise.resolve([]);
    this.recovery.catch(() => undefined);
  }

  /** The present content: the same object as long as nothing changes on disk. Takes no locks, 0.02 ms if nothing changed. */
  async view(signal?: AbortSignal): Promise<StoreView> {
    return (await this.#catalog.present(signal)).view;
  }

  /** What {@link view} would give without waiting; undefined if it would have to wait. */
  peek(): StoreView | undefined {
    return this.#catalog.peek()?.view;
  }

  /** Takes the locks that every change takes, for a moment. Throws what taking them throws: another program may hold them. */
  async tryLocks(signal: AbortSignal): Promise<void> {
    if (this.options.readOnlyReason !== undefined) return;
    for (const name of ['layers', 'images'] as const)
      (await this.#own.locks[name].acquire('read', signal)).release();
  }

  /** A data item of an image, such as `manifest`; throws ImageDataError. */
  imageData(image: StoredImage, key: string): Promise<Buffer> {
    return readImageData(this.#placeOf(image.root), image, key);
  }

  /** Whether the layer on top of this chain, base first, is there. */
  async hasLayer(diffIds: readonly Digest[], signal?: AbortSignal): Promise<boolean> {
    const top = chainIds(diffIds).at(-1);
    return top !== undefined && (await this.view(signal)).layer(top) !== undefined;
  }

  /** Where the parts of a layer are. */
  layerPaths(layer: StoredLayer): LayerPaths {
    return layerPaths(this.#placeOf(layer.root), layer.id);
  }

  /** The directory of a layer's own files. */
  layerFiles(layer: StoredLayer): string {
    return this.layerPaths(layer).diff;
  }

  /** Whether some program has mounted the layer, and counts that. */
  async isMounted({ id }: StoredLayer): Promise<boolean> {
    return (await readMounts(this.#mountsPath)).some((mount) => mount.id === id);
  }

  /** What the engine of a container keeps of it. */
  containerDirectory(id: string): string {
    return join(this.#own.containersDirectory, id);
  }

  /** The file system and the driver, as `info` tells them. */
  async graphStatus(): Promise<GraphStatus> {
    return await graphStatus(this.options);
  }

  /** A place to unpack a layer, outside all locks; gone with this process if it is not committed. */
  async stageLayer(signal?: AbortSignal): Promise<StagedLayer> {
    this.assertWritable();
    signal?.throwIfAborted();
    return await StagedLayer.create(this.#own);
  }

  /** See {@link commitImage}. */
  async commitImage(commit: ImageCommit, signal?: AbortSignal): Promise<StoredImage> {
    this.assertWritable();
    const placeOf = (root: string): Place => this.#placeOf(root);
    const context = { ...this.#context, placeOf, turn: this.#commitTurn };
    return await commitImage(context, commit, signal);
  }

  /**
   * Appends a name, taking it from the image that has it. Nothing happens if it is this one. An image of an additional
   * store becomes one of the own store, on the layers of the other.
   */
  async addName(imageId: string, name: string, signal?: AbortSignal): Promise<StoredImage> {
    const view = await this.view(signal);
    const image = view.imageById(imageId);
    if (image?.readOnly) {
      if (image.names.includes(name)) return image;
      return await this.commitImage(await adoption(view, this.#placeOf(image.root), image, name), signal);
    }
    return await this.#updateNames(
      imageId,
      ({ names }) => (names.includes(name) ? names : [...names, name]),
      signal,
    );
  }

  /**
   * Takes a name away, even the last one. Nothing happens if the image does not have it. Throws ImageChangedError if it has
   * other names than those it was `seen` with.
   */
  async removeName(
    imageId: string,
    name: string,
    seen?: readonly string[],
    signal?: AbortSignal,
  ): Promise<StoredImage> {
    const choose = (image: StoredImage): readonly string[] => {
      refuseChanged(image, seen);
      return image.names.filter((other) => other !== name);
    };
    return await this.#updateNames(imageId, choose, signal);
  }

  /** See {@link deleteImage}. */
  async deleteImage(
    imageId: string,
    seen?: readonly string[],
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    this.assertWritable();
    const mountsPath = this.#mountsPath;
    return await deleteImage({ ...this.#context, mountsPath }, imageId, seen, signal);
  }

  /** Throws UnsupportedStoreError if the store can only be read. */
  assertWritable(): void {
    const { readOnlyReason, graphRoot } = this.options;
    if (readOnlyReason !== undefined) throw new UnsupportedStoreError(graphRoot, readOnlyReason);
  }

  /** Ends what goes on in the background. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.recovery.catch(() => undefined);
  }

  async #updateNames(
    imageId: string,
    choose: (image: StoredImage) => readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<StoredImage> {
    this.assertWritable();
    return await updateNames(this.#context, imageId, choose, signal);
  }

  get #mountsPath(): string {
    return join(this.options.runRoot, `${this.options.driver}-layers`, 'mountpoints.json');
  }

  #placeOf(root: string): Place {
    const place = this.#places.get(root);
    if (place === undefined) throw new ImageUnknownError(root);
    return place;
  }
}

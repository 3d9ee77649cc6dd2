// Everything the methods work on, each part opened when it is first needed.
import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { hostPlatform, type Platform } from '../oci/platform.js';

import { RegistryTraffic } from '../registry/traffic.js';
import { UnreachableHosts } from '../registry/unreachable.js';
import { openStore, resolveStorageOptions, type Store, type StoreView } from '../store/index.js';
import type { TempRoot } from '../sys/temp-dir.js';
import { BuildCache } from './builds/build-cache.js';
import { buildImage, type BuildContext } from './builds/build-image.js';
import { defaultBuildPolicy } from './builds/build-policy.js';
import { Builds } from './builds/builds.js';
import { BuildWorkplaces } from './builds/build-workplaces.js';
import { Copies, type Caller } from './copy/copies.js';
import type { CopyContext } from './copy/copy-context.js';
import { configurationPaths, type ConfigurationPaths } from './configuration-paths.js';
import { messageOf } from './errors.js';
import { diffTask, isOwnChange } from './diff/diff.js';
import type { Diff } from './diff/diff-message.js';
import { DiffThread } from './diff/diff-thread.js';
import { EventLog } from './events/event-log.js';
import { eventsPlace } from './events/events-place.js';
import { FileExchange } from './files/file-exchange.js';
import type { ImageContext } from './images/image-context.js';
import { ImageList, type Catalogue } from './images/image-list.js';
import { KnownBlobs } from './copy/known-blobs.js';
import { LayerPool } from './layers/layer-pool.js';
import { OperationTable } from './operation.js';
import { Registries } from './registries.js';
import type { RuntimeOptions } from './runtime-options.js';
import { runLabel, type RunlabelRequest } from './runlabel/run-label.js';
import { searchImages, type SearchRequest, type SearchResult } from './search.js';
import { SharedLayers } from './copy/shared-layers.js';
import { storeStatus, type StoreStatus } from './store-status.js';
import { storeTotals, type StoreTotals } from './images/store-totals.js';

export type { StoredImage, StoreView } from '../store/index.js';

/** So many callers can send contexts, or fetch archives that are made meanwhile, at once; others wait for them. */
const mostStreams = 8;

interface OpenedStore {
  readonly store: Store;
  readonly images: ImageList;
  readonly known: KnownBlobs;
  readonly cache: BuildCache;
  readonly workplaces: BuildWorkplaces;
}

/** One daemon's store, registries and running operations. */
export class Runtime {
  readonly version: string;
  readonly operations = new OperationTable();
  readonly events: EventLog;
  readonly copies: Copies;
  readonly builds: Builds;
  /** Files on their way from callers and to them. */
  readonly files: FileExchange;
  readonly traffic = new RegistryTraffic();
  readonly #options: RuntimeOptions;
  readonly #paths: ConfigurationPaths;
  readonly #pool = new LayerPool();
  /** Of threads that wait for callers, who may be slow. */
  readonly #streams = new LayerPool({ size: mostStreams });
  readonly #layers = new SharedLayers();
  readonly #diffs = new DiffThread();
  readonly #unreachable = new UnreachableHosts();
  #platform: Promise<Platform> | undefined;
  #opened: Promise<OpenedStore> | undefined;
  #images: ImageList | undefined;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.version = options.version;
    this.#paths = configurationPaths(options);
    this.events = new EventLog(async () => await eventsPlace(this.#paths), options.warn);
    this.files = new FileExchange(async () => await this.#exchangeRoot(), options.uid);
    this.copies = new Copies(this.operations, this.#pool, this.#streams, this.files, () =>
      this.#copyContext(),
    );
    this.builds = new Builds({
      operations: this.operations,
      pool: this.#pool,
      streams: this.#streams,
      files: this.files,
      fetcher: { registries: () => this.registries(), environment: options.environment },
      policy: options.builds ?? defaultBuildPolicy,
      uid: options.uid,
      store: () => this.store(),
      buildImage: async (request, operation) =>
        await buildImage(await this.#buildContext(), request, operation),
    });
  }

  /** This machine. */
  platform(): Promise<Platform> {
    this.#platform ??= readFile('/proc/cpuinfo', 'utf8').then(
      (cpuinfo) => hostPlatform(arch(), cpuinfo),
      () => hostPlatform(arch(), ''),
    );
    return this.#platform;
  }

  /** Short names and registry settings as the files have them now. */
  registries(): Registries {
    const { registryTimeout: seconds } = this.#options;
    const silence = seconds === undefined ? undefined : seconds * 1000;
    return new Registries(this.#paths, this.version, {
      silence,
      unreachable: this.#unreachable,
      traffic: this.traffic,
    });
  }

  async store(): Promise<Store> {
    return (await this.#open()).store;
  }

  /** What the store holds now. */
  async view(signal: AbortSignal): Promise<StoreView> {
    return await (await this.store()).view(signal);
  }

  /** What {@link catalogue} would give without waiting, if it is known: most listings need neither a promise nor a signal. */
  peekCatalogue(): Catalogue | undefined {
    return this.#images?.peek();
  }

  /** The same with what follows from it. */
  async catalogue(signal: AbortSignal): Promise<Catalogue> {
    return await (await this.#open()).images.catalogue(signal);
  }

  async storeStatus(signal: AbortSignal): Promise<StoreStatus> {
    return await storeStatus(await this.store(), signal);
  }

  /** How much there is in the store; undefined while nobody has opened it. */
  async storeTotals(signal: AbortSignal): Promise<StoreTotals | undefined> {
    const opened = await this.#opened;
    return opened && storeTotals(await opened.store.view(signal));
  }

  /** Throws what keeps calls from reading the store, or from taking its locks. */
  async checkStore(signal: AbortSignal): Promise<void> {
    const store = await this.store();
    await store.view(signal);
    await store.tryLocks(signal);
  }

  /** How many layers pulls have taken from one another. */
  get sharedLayers(): number {
    return this.#layers.shared;
  }

  async search(request: SearchRequest, signal: AbortSignal): Promise<readonly SearchResult[]> {
    const { warn } = this.#options;
    return await searchImages({ registries: this.registries(), warn }, request, signal);
  }

  /** What an image, container or layer differs in from what it stands on, in batches. Throws as {@link diffTask} does. */
  async *diff(name: string, signal: AbortSignal): AsyncGenerator<readonly Diff[], void> {
    const store = await this.store();
    const task = diffTask(store, await store.view(signal), name, this.registries());
    for await (const diffs of this.#diffs.compare(task, signal)) yield diffs.filter(isOwnChange);
  }

  /** Throws as {@link runLabel} of runlabel/ does. */
  async runLabel(request: RunlabelRequest, caller: Caller): Promise<void> {
    const { environment, uid, info: say, allowRunlabel: allowed = false } = this.#options;
    const { copies } = this;
    const [store, shortNames] = [await this.store(), this.registries()];
    await runLabel({ store, shortNames, copies, environment, uid, allowed, say }, request, caller);
  }

  /** What names are given, and images removed, with. */
  async imageContext(): Promise<ImageContext> {
    const { store, images } = await this.#open();
    const { environment, warn } = this.#options;
    // The files are read for short names only: images are pruned where they are broken.
    const shortNames = { candidates: (name: string) => this.registries().candidates(name) };
    return { store, images, events: this.events, shortNames, environment, warn };
  }

  /**
   * Opens the store, which removes what a killed predecessor left, and reads what the first list would wait for. A failure
   * is a warning: the next call tries again.
   */
  async prepare(): Promise<void> {
    const { environment, warn } = this.#options;
    if (environment['ALL_PROXY'] || environment['all_proxy']) {
      warn('ALL_PROXY is not used: registries are reached through HTTP_PROXY and HTTPS_PROXY');
    }
    try {
      const { store, images, workplaces } = await this.#open();
      await images.catalogue();
      await this.files.recover();
      await this.builds.recover();
      await workplaces.recover();
      // What the first pull would wait for.
      const { loadHttpClient } = await import('../registry/control.js');
      await loadHttpClient();
      const removed = await store.recovery;
      if (removed.length > 0) this.#options.warn(`removed ${removed.length} layers of an unfinished pull`);
    } catch (error) {
      this.#options.warn(messageOf(error));
    }
  }

  /** Aborts what runs, waits until it is undone, and closes everything. */
  async close(): Promise<void> {
    await this.operations.abortAll(new Error('imaged is stopping'));
    await this.files.close();
    await this.#pool.close();
    await this.#streams.close();
    await this.#diffs.close();
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.workplaces.close();
    await opened?.store.close();
  }

  async #copyContext(): Promise<CopyContext> {
    const { store, known } = await this.#open();
    return {
      store,
      known,
      pool: this.#pool,
      layers: this.#layers,
      registries: this.registries(),
      paths: this.#paths,
      platform: await this.platform(),
      events: this.events,
    };
  }

  async #buildContext(): Promise<BuildContext> {
    const { cache, workplaces } = await this.#open();
    return { ...(await this.#copyContext()), cache, workplaces, version: this.version };
  }

  /** On the disk of the store: the run root is memory on most hosts. */
  async #exchangeRoot(): Promise<TempRoot> {
    const { graphRoot } = (await this.store()).options;
    return { path: join(graphRoot, 'imaged', 'files'), fleeting: true };
  }

  #open(): Promise<OpenedStore> {
    if (this.#opened === undefined) {
      const opening = this.#openStore();
      // A store that could not be opened is tried again by the next call: it may have been repaired.
      opening.catch(() => {
        this.#opened = undefined;
      });
      this.#opened = opening;
    }
    return this.#opened;
  }

  async #openStore(): Promise<OpenedStore> {
    const { environment, uid, storage } = this.#options;
    const flags = {
      root: storage.root,
      runRoot: storage.runroot,
      driver: storage.driver,
      driverOptions: storage.options.length > 0 ? storage.options : undefined,
    };
    const store = await openStore(await resolveStorageOptions({ env: environment, uid, flags }));
    this.#images = new ImageList(store);
    const own = join(store.options.graphRoot, 'imaged');
    return {
      store,
      images: this.#images,
      known: new KnownBlobs(own),
      cache: new BuildCache(store, this.#images),
      workplaces: new BuildWorkplaces({
        stateDirectory: join(own, 'build-work'),
        cacheDirectory: join(own, 'build-digests'),
      }),
    };
  }
}

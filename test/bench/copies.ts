// `npm run bench -- push|save|load`: whole copies out of a store and into one, imaged and its peers in turn.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startDockerRegistry } from '../interop/support/docker-registry.js';
import { removeTree } from '../interop/support/files.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { output } from '../interop/support/process.js';
import { imaged, podman, skopeo, type CopierKind, type RunningCopier } from './copiers.js';
import { openFixtures, openWarmUp, type Fixture } from './fixtures.js';
import { median, seconds } from './statistics.js';

export const copyKinds = ['push', 'save', 'load'] as const;
export type CopyKind = (typeof copyKinds)[number];

export interface CopyBenchOptions {
  readonly cache: string;
  readonly rounds: number;
  readonly fixtures: readonly string[];
}

export interface CopyResult {
  readonly contender: string;
  /** Wall times. */
  readonly seconds: readonly number[];
  /** Highest resident set in bytes; 0 where nobody looked. */
  readonly peakRss: number;
  /** Bytes that were taken on disk at the worst time of one copy more, beyond what is there at its end. */
  readonly extraDisk: number;
}

export interface CopyReport {
  readonly title: string;
  readonly results: readonly CopyResult[];
}

const contenders = [imaged, skopeo, podman];
const archives = ['docker-archive', 'oci-archive'] as const;
const warmUp = 'localhost/bench/earlier:latest';

export async function benchCopies(kind: CopyKind, options: CopyBenchOptions): Promise<CopyReport[]> {
  const directory = await mkdtemp(join(options.cache, 'c-'));
  try {
    const fixtures = await openFixtures(options.cache, options.fixtures);
    const store = await filledStore(directory, [await openWarmUp(options.cache), ...fixtures]);
    try {
      const bench = new CopyBench(store, directory, options);
      const reports: CopyReport[] = [];
      for (const fixture of fixtures) reports.push(...(await bench.measure(kind, fixture)));
      return reports;
    } finally {
      await store.close();
    }
  } finally {
    await removeTree(directory);
  }
}

async function filledStore(parent: string, fixtures: readonly Fixture[]): Promise<PeerStore> {
  const store = await PeerStore.create({ parent });
  for (const fixture of fixtures) {
    const layout = `oci:${fixture.layout}:latest`;
    await store.skopeoOutput('copy', '--quiet', layout, store.transport(nameOf(fixture)));
  }
  return store;
}

function nameOf({ name }: Fixture): string {
  return `localhost/bench/${name}:latest`;
}

/** One copy that is ready to be made: `run` is timed. */
interface PreparedCopy {
  run(): Promise<void>;
  clear(): Promise<void>;
}

type Prepare = (copier: RunningCopier, store: PeerStore) => Promise<PreparedCopy>;

class CopyBench {
  readonly #store: PeerStore;
  readonly #directory: string;
  readonly #rounds: number;

  constructor(store: PeerStore, directory: string, { rounds }: CopyBenchOptions) {
    this.#store = store;
    this.#directory = directory;
    this.#rounds = rounds;
  }

  async measure(kind: CopyKind, fixture: Fixture): Promise<CopyReport[]> {
    if (kind === 'push') return [await this.#report(fixture.title, (copier) => this.#push(copier, fixture))];
    const reports: CopyReport[] = [];
    for (const archive of archives) {
      const title = `${fixture.title}, ${archive}`;
      if (kind === 'save') {
        reports.push(await this.#report(title, (copier) => this.#save(copier, fixture, archive)));
        continue;
      }
      const place = await this.#archived(archive, nameOf(fixture));
      const earlier = await this.#archived(archive, warmUp);
      reports.push(await this.#report(title, (copier, store) => load(copier, store, place, earlier), true));
    }
    return reports;
  }

  /** An archive of an image of the store, made once. */
  async #archived(archive: string, name: string): Promise<string> {
    const file = join(this.#directory, `${archive}-${name.replaceAll(/[/:]/g, '-')}.tar`);
    const place = `${archive}:${file}`;
    if (!existsSync(file)) {
      await this.#store.skopeoOutput('copy', '--quiet', this.#store.transport(name), `${place}:${name}`);
    }
    return place;
  }

  /** `fresh`: each copy gets a store of its own. */
  async #report(title: string, prepare: Prepare, fresh = false): Promise<CopyReport> {
    const results = contenders.map((kind) => ({
      kind,
      contender: kind.title,
      seconds: [] as number[],
      peakRss: 0,
      extraDisk: 0,
    }));
    for (let round = 0; round <= this.#rounds; round += 1) {
      // Each round begins with another contender, so that nobody always follows the same one; the last one is watched.
      for (let turn = 0; turn < results.length; turn += 1) {
        const result = results[(round + turn) % results.length];
        if (result === undefined) continue;
        const sample = await this.#sample(result.kind, prepare, fresh, round === this.#rounds);
        if (round < this.#rounds) result.seconds.push(sample.seconds);
        else result.extraDisk = sample.extraDisk;
        result.peakRss = Math.max(result.peakRss, sample.peakRss);
        console.log(`${title} ${round + 1} ${result.kind.title}: ${sample.seconds.toFixed(2)} s`);
      }
    }
    return { title, results };
  }

  async #sample(kind: CopierKind, prepare: Prepare, fresh: boolean, watched: boolean) {
    const store = fresh ? await PeerStore.create({ parent: this.#directory }) : this.#store;
    const copier = await kind.start(store);
    try {
      const copy = await prepare(copier, store);
      // What the contender before has left to be written must not slow this one down.
      await output('sync', []);
      const disk = watched ? watchDisk(this.#directory) : undefined;
      const elapsed = await seconds(() => copy.run());
      const extraDisk = (await disk?.()) ?? 0;
      await copy.clear();
      return { seconds: elapsed, peakRss: (await copier.peakRss?.()) ?? 0, extraDisk };
    } finally {
      await copier.close();
      // Its files stay until the end: deleting many makes creating files slow for minutes.
      if (fresh) await store.unmount();
    }
  }

  async #push(copier: RunningCopier, fixture: Fixture): Promise<PreparedCopy> {
    const registry = await startDockerRegistry(await mkdtemp(join(this.#directory, 'g-')));
    const { host } = registry;
    await writeFile(this.#store.registriesConf, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    if (isDaemon(copier)) await copier.push(this.#store, warmUp, `${host}/bench/earlier:latest`);
    return {
      run: () => copier.push(this.#store, nameOf(fixture), `${host}/bench/${fixture.name}:latest`),
      clear: () => registry.close(),
    };
  }

  async #save(copier: RunningCopier, fixture: Fixture, archive: string): Promise<PreparedCopy> {
    const file = join(this.#directory, 'saved.tar');
    if (isDaemon(copier)) {
      await copier.save(this.#store, warmUp, `${archive}:${file}`);
      await rm(file);
    }
    return {
      run: () => copier.save(this.#store, nameOf(fixture), `${archive}:${file}`),
      async clear() {
        if ((await stat(file)).size < 1e6) throw new Error(`${copier.title} saved next to nothing`);
        await rm(file);
      },
    };
  }
}

async function load(
  copier: RunningCopier,
  store: PeerStore,
  place: string,
  earlier: string,
): Promise<PreparedCopy> {
  if (isDaemon(copier)) await copier.load(store, earlier);
  return {
    run: () => copier.load(store, place),
    async clear() {
      const images = (await store.podmanOutput('images', '--quiet')).split('\n').filter((id) => id !== '');
      if (images.length < (isDaemon(copier) ? 2 : 1)) throw new Error(`${copier.title} loaded nothing`);
    },
  };
}

/** One that is at work has copied another image before: its code is compiled, as is that of the peers. */
function isDaemon(copier: RunningCopier): boolean {
  return 'peakRss' in copier;
}

/** What is taken of the file system at most, beyond what is taken at the end: in bytes, when it is called. */
function watchDisk(directory: string): () => Promise<number> {
  const samples: number[] = [];
  const look = async (): Promise<void> => {
    const { blocks, bfree, bsize } = await statfs(directory);
    samples.push((blocks - bfree) * bsize);
  };
  const timer = setInterval(() => void look(), 20);
  return async () => {
    clearInterval(timer);
    await look();
    return Math.max(...samples) - (samples.at(-1) ?? 0);
  };
}

/** Median wall time, in seconds. */
export function medianOf(result: CopyResult): number {
  return median(result.seconds);
}

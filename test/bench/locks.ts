// `npm run bench -- locks`: how long imaged holds the store's locks while it pulls, tags and removes, again and again.
import { startDockerRegistry } from '../interop/support/docker-registry.js';
import { Imaged } from '../interop/support/imaged.js';
import { PeerStore } from '../interop/support/peer-store.js';
import { openFixtures, openWarmUp } from './fixtures.js';
import { watchLocks } from './lock-watch.js';
import { push } from './push.js';
import { writeStore } from './records.js';
import { quantile } from './statistics.js';

export interface LocksReport {
  readonly rounds: number;
  /** Images in the store besides. */
  readonly images: number;
  /** How often a lock was held for writing. */
  readonly holds: number;
  /** Seconds. */
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

/** Each of `rounds` pulls an image of 40 layers and one of two, gives them a name each, and removes them. */
export async function benchLocks(rounds: number, images: number, cache: string): Promise<LocksReport> {
  const registry = await startDockerRegistry(`${cache}/registry`);
  const store = await PeerStore.create({ parent: cache, insecure: [registry.host] });
  try {
    const fixtures = [...(await openFixtures(cache, ['layers'])), await openWarmUp(cache)];
    const names: string[] = [];
    for (const fixture of fixtures) names.push(await push(fixture, registry.host));
    await writeStore(store.root, images);
    const daemon = await Imaged.start(store);
    try {
      const connection = await daemon.connect();
      await connection.call('io.podman.ListImages');
      const watched = watchLocks(store.root);
      for (let round = 0; round < rounds; round += 1) {
        for (const name of names) {
          await connection.call('io.podman.PullImage', { name });
          await connection.call('io.podman.TagImage', { name, tagged: `localhost/round:${round}` });
          await connection.call('io.podman.UntagImage', { name, tag: `localhost/round:${round}` });
          await connection.call('io.podman.RemoveImage', { name, force: false });
        }
      }
      const holds = Object.values(await watched())
        .flat()
        .map((milliseconds) => milliseconds / 1000);
      return {
        rounds,
        images,
        holds: holds.length,
        median: quantile(holds, 0.5),
        p99: quantile(holds, 0.99),
        longest: Math.max(...holds),
      };
    } finally {
      await daemon.close();
    }
  } finally {
    await store.close();
    await registry.close();
  }
}

// Kills imaged at moments spread over a pull, and looks at the store each time.
import { setTimeout as sleep } from 'node:timers/promises';

import { buildImage, type SampleEntry, type SampleImage } from '../../peers/sample-image.js';
import { noise } from './rich-image.js';
import type { Scene } from './scene.js';
import { imageRecords, untidiness, unusedLayers } from './store-content.js';

export interface CrashReport {
  /** Kills before the image was there. */
  readonly during: number;
  /** Kills after it. */
  readonly after: number;
  /** What was wrong after a kill or a restart; none in a correct run. */
  readonly problems: readonly string[];
}

/** An image whose pull has many steps: several layers of many files. `salt` makes it another image. */
export function buildCrashImage(salt: string): Promise<SampleImage> {
  const layer = (index: number): SampleEntry[] =>
    Array.from({ length: 60 }, (_, file) => ({
      name: `layer-${index}/directory-${file % 7}/file-${file}`,
      content: noise(10_000, `${salt} ${index} ${file}`),
    }));
  return buildImage({ layers: [0, 1, 2, 3].map(layer) });
}

/**
 * Pulls the image `kills` times and kills the daemon each time a little later; `spread` is the time (ms) over which the
 * moments lie. After every kill podman must read the store, after every restart it must be tidy.
 */
export async function crashPulls(
  scene: Scene,
  name: string,
  kills: number,
  spread: number,
): Promise<CrashReport> {
  const problems: string[] = [];
  let during = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    await sleep((kill * spread) / kills);
    await scene.daemon.kill();
    const listed = await scene.store.podman(['images', '--quiet']);
    if (listed.code !== 0) {
      problems.push(`kill ${kill}: podman images: ${listed.stderr.trim()}`);
    }
    await scene.restart();
    const { images } = await scene.daemon.call<{ images: unknown[] }>('ListImages');
    const left = await remains(scene.store.root);
    problems.push(...left.map((problem) => `kill ${kill}: ${problem}`));
    if (images.length === 0) {
      during += 1;
    } else {
      await scene.daemon.call('RemoveImage', { name, force: true });
    }
    if ((await imageRecords(scene.store.root)).length > 0) {
      problems.push(`kill ${kill}: the image could not be removed`);
    }
  }
  return { during, after: kills - during, problems };
}

/** What is left in a store that is being cleaned up, once that is done or has had its time (ms). */
export async function remains(root: string, time = 5000): Promise<string[]> {
  const deadline = Date.now() + time;
  for (;;) {
    // Directories may vanish while they are looked at.
    const left = await untidiness(root).catch((error: unknown) => [String(error)]);
    left.push(...(await unusedLayers(root)));
    if (left.length === 0 || Date.now() >= deadline) {
      return left;
    }
    await sleep(50);
  }
}

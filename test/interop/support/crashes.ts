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

/** Milliseconds after the call between which it is killed. */
export interface Moments {
  readonly from?: number;
  readonly to: number;
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

/** Milliseconds that a daemon which has just been started needs for this pull; the image is removed again. */
export async function timePull(scene: Scene, name: string): Promise<number> {
  await scene.restart();
  const start = performance.now();
  await scene.daemon.pull(name);
  const elapsed = performance.now() - start;
  await scene.daemon.call('RemoveImage', { name, force: true });
  return elapsed;
}

/**
 * Pulls the image `kills` times and kills the daemon each time a little later; the moments lie between `from` and `to`
 * (ms). After every kill podman must read the store, after every restart it must be tidy.
 */
export async function crashPulls(
  scene: Scene,
  name: string,
  kills: number,
  { from = 0, to }: Moments,
): Promise<CrashReport> {
  const problems: string[] = [];
  let during = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    await sleep(from + (kill * (to - from)) / kills);
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

/**
 * Pulls the image and kills the daemon while it removes it, `kills` times. Afterwards it is either gone with all it had, or
 * whole: podman exports every layer of it.
 */
export async function crashRemovals(
  scene: Scene,
  name: string,
  kills: number,
  { from = 0, to }: Moments,
): Promise<CrashReport> {
  const problems: string[] = [];
  let during = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    await scene.daemon.pull(name);
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.RemoveImage', parameters: { name, force: true } });
    await sleep(from + (kill * (to - from)) / kills);
    await scene.restart('kill');
    const left = await remains(scene.store.root);
    problems.push(...left.map((problem) => `kill ${kill}: ${problem}`));
    if ((await imageRecords(scene.store.root)).length > 0) {
      during += 1;
      const copy = await scene.store.skopeo([
        'copy',
        scene.store.transport(name),
        `dir:${scene.store.directory}/copy`,
      ]);
      if (copy.code !== 0) {
        problems.push(`kill ${kill}: skopeo copy: ${copy.stderr.trim()}`);
      }
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

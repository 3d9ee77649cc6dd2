// kill -9 in the middle of copies out of the store: nothing of an archive is left, and a directory can be written again.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildCrashImage } from './support/crashes.js';
import { copiedImage } from './support/image-copy.js';
import { Scene } from './support/scene.js';
import { untidiness } from './support/store-content.js';

jest.setTimeout(180_000);

let scene: Scene;
let name: string;
let layers: readonly string[];

beforeAll(async () => {
  scene = await Scene.open();
  const image = await buildCrashImage('copies');
  layers = image.layers.map(({ diffId }) => diffId);
  name = scene.serve('crash', image);
  await scene.daemon.pull(name);
});
afterAll(() => scene?.close());

/** Copies the image, and kills the daemon so many milliseconds later; without them waits for its end. */
async function copy(destination: string, moment?: number): Promise<void> {
  const connection = await scene.daemon.connect();
  const parameters = { source: name, destination };
  if (moment === undefined) {
    await connection.call('io.imaged.CopyImage', parameters);
    return;
  }
  connection.send({ method: 'io.imaged.CopyImage', parameters, more: true });
  await sleep(moment);
  await scene.restart('kill');
}

async function timeOf(destination: string): Promise<number> {
  const start = performance.now();
  await copy(destination);
  return performance.now() - start;
}

describe('imaged killed in the middle of a copy', () => {
  it.each(['docker-archive', 'oci-archive'])('leaves %s whole or nothing of it', async (transport) => {
    const directory = join(scene.store.directory, transport);
    await mkdir(directory);
    const time = await timeOf(`${transport}:${directory}/whole.tar`);
    for (let kill = 0; kill < 6; kill += 1) {
      await copy(`${transport}:${directory}/${kill}.tar`, (kill / 6) * time * 1.2);
    }
    for (const file of await readdir(directory)) {
      expect(file).toMatch(/^(?:whole|\d)\.tar$/);
      expect((await copiedImage(scene.store, `${transport}:${directory}/${file}`)).diffIds).toEqual(layers);
    }
  });

  it.each(['dir', 'oci'])('has the next copy to %s clean up and succeed', async (transport) => {
    const directory = join(scene.store.directory, transport);
    const time = await timeOf(`${transport}:${directory}-whole`);
    const expected = await files(`${directory}-whole`);
    for (let kill = 0; kill < 6; kill += 1) {
      await copy(`${transport}:${directory}`, (kill / 6) * time * 1.2);
    }
    await copy(`${transport}:${directory}`);
    expect(await files(directory)).toEqual(expected);
    expect((await copiedImage(scene.store, `${transport}:${directory}`)).diffIds).toEqual(layers);
  });

  it('leaves the store as it was', async () => {
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

async function files(directory: string): Promise<readonly string[]> {
  return (await readdir(directory, { recursive: true })).toSorted();
}

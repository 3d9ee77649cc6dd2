// Another process holds a lock of the store: calls that need it wait, everything else is answered.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { Imaged } from './support/imaged.js';
import { holdLock, type LockHolder } from './support/lock-holder.js';
import { Scene } from './support/scene.js';
import { untidiness } from './support/store-content.js';

jest.setTimeout(90_000);

let scene: Scene;
let name: string;
const layersLock = 'overlay-layers/layers.lock';
const imagesLock = 'overlay-images/images.lock';

beforeEach(async () => {
  scene = await Scene.open();
  name = scene.serve('small', await buildImage({ layers: [[{ name: 'file', content: 'content' }]] }));
});

afterEach(async () => {
  await scene.close();
});

const hold = (lock: string): Promise<LockHolder> => holdLock(join(scene.store.root, lock));

/** Whether a promise is still open after the time (ms). */
function open(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, sleep(milliseconds, true)]);
}

describe('while another process holds a lock', () => {
  it('a pull waits ten seconds for it, GetVersion is answered meanwhile, and the pull succeeds', async () => {
    const holder = await hold(layersLock);
    const pull = scene.daemon.pull(name);
    const connection = await scene.daemon.connect();
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      await connection.call('io.podman.GetVersion');
      expect(await open(pull, 250)).toBe(true);
    }
    connection.close();
    await holder.release();
    await expect(pull).resolves.toMatch(/^[0-9a-f]{64}$/);
    expect(await untidiness(scene.store.root)).toEqual([]);
    expect((await scene.store.podman(['image', 'exists', name])).code).toBe(0);
  });

  it.each([layersLock, imagesLock])('%s: a list waits, and shows what the other one did', async (lock) => {
    await scene.daemon.pull(name);
    const holder = await hold(lock);
    const list = scene.daemon.call<{ images: unknown[] }>('ListImages');
    await scene.daemon.call('GetVersion');
    await sleep(200);
    await holder.release();
    expect((await list).images.length).toBe(1);
  });

  it('a tag and a removal wait for their turn', async () => {
    await scene.daemon.pull(name);
    const holder = await hold(imagesLock);
    const tag = scene.daemon.call<{ image: string }>('TagImage', { name, tagged: 'localhost/later:1' });
    expect(await open(tag, 500)).toBe(true);
    await holder.release();
    const { image } = await tag;
    const second = await hold(layersLock);
    const removal = scene.daemon.call('RemoveImage', { name: image, force: true });
    expect(await open(removal, 500)).toBe(true);
    await second.release();
    await removal;
    expect((await scene.store.podman(['image', 'exists', 'localhost/later:1'])).code).toBe(1);
  });

  it('a caller that goes away while it waits leaves nothing', async () => {
    const holder = await hold(layersLock);
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    await sleep(500);
    connection.close();
    await sleep(200);
    await holder.release();
    await scene.daemon.call('ListImages');
    expect(await scene.store.podmanOutput('images', '--quiet')).toBe('');
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('a daemon that starts answers what needs no lock, and the rest when it is free', async () => {
    await scene.daemon.close();
    const holder = await hold(layersLock);
    const starting = Imaged.start(scene.store);
    try {
      const daemon = await starting;
      await expect(daemon.call('GetVersion')).resolves.toBeDefined();
    } finally {
      await holder.release();
      scene.daemon = await starting;
    }
    await expect(scene.daemon.call('ListImages')).resolves.toEqual({ images: [] });
  });
});

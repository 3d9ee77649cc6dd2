// kill -9 at any moment of a pull: the next start cleans up, podman works, the pull succeeds.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildShellImage } from '../peers/shell-image.js';
import { buildCrashImage, crashPulls, crashRemovals, remains, timePull } from './support/crashes.js';
import { Scene } from './support/scene.js';
import { untidiness } from './support/store-content.js';

jest.setTimeout(180_000);

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.open();
});

afterEach(async () => {
  await scene.close();
});

describe('imaged killed in the middle of its work', () => {
  it('at 24 moments from its first byte to after its end, leaves nothing that lasts', async () => {
    const image = await buildCrashImage('moments');
    const name = scene.serve('crash', image);
    // A little more than it takes, so that the commit at the end is among the moments.
    const to = (await timePull(scene, name)) * 1.2;
    const { during, problems } = await crashPulls(scene, name, 24, { to });
    expect(problems).toEqual([]);
    expect(during).toBeGreaterThanOrEqual(8);

    await scene.daemon.pull(name);
    expect((await scene.store.podman(['image', 'exists', name])).code).toBe(0);
    await scene.store.podmanOutput('rmi', name);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('at 12 moments of a removal, leaves the image whole or nothing of it', async () => {
    const name = scene.serve('crash', await buildCrashImage('removal'));
    await scene.daemon.pull(name);
    const start = performance.now();
    await scene.daemon.call('RemoveImage', { name, force: true });
    const to = (performance.now() - start) * 1.5;
    const { problems } = await crashRemovals(scene, name, 12, { to });
    expect(problems).toEqual([]);
  });

  it('while its layers stream in, has the next pull start over and podman run the image', async () => {
    const name = scene.serve('shell', await buildShellImage());
    scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { bytesPerSecond: 1_000_000 } : undefined);
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    await connection.receive();
    await sleep(700);
    await scene.restart('kill');
    scene.registry.fault = undefined;
    await scene.daemon.pull(name);
    expect(await remains(scene.store.root)).toEqual([]);
    expect(await scene.store.podmanOutput('run', '--rm', name)).toContain('Hello from a container.');
  });

  it('does not take the layers of other images with it', async () => {
    const kept = scene.serve('kept', await buildShellImage());
    await scene.daemon.pull(kept);
    const name = scene.serve('crash', await buildCrashImage('others'));
    for (let round = 0; round < 4; round += 1) {
      const connection = await scene.daemon.connect();
      connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
      await sleep(40 * round);
      await scene.restart('kill');
    }
    await scene.daemon.call('ListImages');
    expect(await remains(scene.store.root)).toEqual([]);
    expect(await scene.store.podmanOutput('run', '--rm', kept)).toContain('Hello from a container.');
  });

  it('is cleaned up after by podman where imaged does not start again', async () => {
    const name = scene.serve('crash', await buildCrashImage('podman'));
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    await sleep(60);
    await scene.daemon.kill();
    await scene.store.podmanOutput('pull', '--quiet', '--tls-verify=false', name);
    expect((await scene.store.podman(['image', 'exists', name])).code).toBe(0);
    await scene.store.podmanOutput('rmi', name);
    await scene.restart();
    await expect(scene.daemon.call('ListImages')).resolves.toEqual({ images: [] });
    expect(await remains(scene.store.root)).toEqual([]);
  });
});

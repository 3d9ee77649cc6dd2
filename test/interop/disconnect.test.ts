// Callers that go away, callers that read slowly, and callers that want the same thing.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { noise } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords, layerRecords, untidiness, unusedLayers } from './support/store-content.js';

jest.setTimeout(90_000);

let scene: Scene;
let image: SampleImage;
let name: string;

beforeAll(async () => {
  scene = await Scene.open();
  const layer = (index: number): { name: string; content: Buffer }[] =>
    Array.from({ length: 20 }, (_, file) => ({
      name: `layer-${index}/file-${file}`,
      content: noise(20_000, `${index} ${file}`),
    }));
  image = await buildImage({ layers: [layer(0), layer(1), layer(2)] });
  name = scene.serve('image', image);
});

beforeEach(() => scene.clear());

afterAll(async () => {
  await scene.close();
});

/** Slow enough that a pull takes seconds. */
function slowDown(): void {
  scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { bytesPerSecond: 200_000 } : undefined);
}

/** Waits until a pull is in the middle of its layers. */
async function underWay(): Promise<void> {
  const blobs = (): number =>
    scene.registry.requests.filter(({ bytes, url }) => url.includes('/blobs/') && bytes > 0).length;
  while (blobs() === 0) {
    await sleep(20);
  }
  await sleep(200);
}

describe('a caller that goes away in the middle of a pull', () => {
  it.each([true, false])('ends it, and nothing is left behind (more: %s)', async (more) => {
    slowDown();
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more });
    await underWay();
    connection.close();
    // The registry sees the connections of the blobs end before they are complete.
    await sleep(1000);
    const sent = (): number => scene.registry.requests.reduce((sum, request) => sum + request.bytes, 0);
    const before = sent();
    await sleep(500);
    expect(sent()).toBe(before);
    expect(await imageRecords(scene.store.root)).toEqual([]);
    expect(await layerRecords(scene.store.root)).toEqual([]);
    expect(await untidiness(scene.store.root)).toEqual([]);
    await expect(scene.daemon.call('ListImages')).resolves.toEqual({ images: [] });
  });

  it('does not end the pull of another caller that wants the same image', async () => {
    slowDown();
    const leaving = await scene.daemon.connect();
    leaving.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    const staying = scene.daemon.pull(name);
    await underWay();
    leaving.close();
    await sleep(100);
    scene.registry.fault = undefined;
    await expect(staying).resolves.toBe(image.config.digest.slice('sha256:'.length));
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('many times over leaves no descriptor open', async () => {
    slowDown();
    const abandon = async (rounds: number): Promise<number> => {
      for (let round = 0; round < rounds; round += 1) {
        const connection = await scene.daemon.connect();
        connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
        await sleep(100 + round * 30);
        connection.close();
      }
      await sleep(1000);
      return (await scene.daemon.descriptors()).length;
    };
    // The first ones start all workers, which have descriptors of their own.
    const before = await abandon(6);
    expect(await abandon(12)).toBeLessThanOrEqual(before + 3);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

describe('the replies of a pull', () => {
  const lines = (): string[] => [
    `Trying to pull ${name}...\n`,
    'Getting image source signatures\n',
    ...image.layers.map((layer) => `Copying blob ${layer.digest}\n`),
    `Copying config ${image.config.digest}\n`,
    'Writing manifest to image destination\n',
    'Storing signatures\n',
  ];

  it('with more: one line each, then the id without a line', async () => {
    const connection = await scene.daemon.connect();
    const replies: { logs: string[]; id: string }[] = [];
    for await (const { parameters, continues } of connection.more('io.podman.PullImage', { name })) {
      const { reply } = parameters as { reply: { logs: string[]; id: string } };
      replies.push(reply);
      expect(reply.id === '').toBe(continues);
    }
    const last = replies.pop();
    expect(last).toEqual({ logs: [], id: image.config.digest.slice('sha256:'.length) });
    expect(replies.every((reply) => reply.logs.length === 1)).toBe(true);
    // Blobs are copied side by side, so their lines come in any order, after the second and before the config.
    const said = replies.flatMap((reply) => reply.logs);
    expect(said.toSorted()).toEqual(lines().toSorted());
    expect([said[0], said[1], ...said.slice(-3)]).toEqual([...lines().slice(0, 2), ...lines().slice(-3)]);
    connection.close();
  });

  it('without more: all lines and the id at once', async () => {
    const { reply } = await scene.daemon.call<{ reply: { logs: string[]; id: string } }>('PullImage', {
      name,
    });
    expect(reply.logs.toSorted()).toEqual(lines().toSorted());
    expect(`sha256:${reply.id}`).toBe(image.config.digest);
  });

  it('of an image that is there already: the id, no lines, and no request', async () => {
    await scene.daemon.pull(name);
    scene.registry.clearRequests();
    const { reply } = await scene.daemon.call<{ reply: { logs: string[]; id: string } }>('PullImage', {
      name,
    });
    expect(reply).toEqual({ logs: [], id: image.config.digest.slice('sha256:'.length) });
    expect(scene.registry.requests).toEqual([]);
  });

  it('come while the layers are still under way', async () => {
    slowDown();
    const connection = await scene.daemon.connect();
    connection.send({ method: 'io.podman.PullImage', parameters: { name }, more: true });
    const first = await connection.receive();
    expect(first.continues).toBe(true);
    expect(await imageRecords(scene.store.root)).toEqual([]);
    connection.close();
  });
});

describe('layers and images that are there already', () => {
  it('are not fetched again: a second image with the same base', async () => {
    await scene.daemon.pull(name);
    const [base] = image.layers;
    const child = await buildImage({
      layers: [
        Array.from({ length: 20 }, (_, file) => ({
          name: `layer-0/file-${file}`,
          content: noise(20_000, `0 ${file}`),
        })),
        [{ name: 'own', content: 'own' }],
      ],
    });
    expect(child.layers[0]?.diffId).toBe(base?.diffId);
    const childName = scene.serve('child', child);
    scene.registry.clearRequests();
    await scene.daemon.pull(childName);
    const fetched = scene.registry.requests.map(({ url }) => url).filter((url) => url.includes('/blobs/'));
    expect(fetched.some((url) => url.includes(base?.digest ?? ''))).toBe(false);
    expect(fetched.some((url) => url.includes(child.layers[1]?.digest ?? ''))).toBe(true);
    expect((await layerRecords(scene.store.root)).length).toBe(4);
  });

  it('two callers at once share one download and get the same id', async () => {
    slowDown();
    const [one, two] = await Promise.all([scene.daemon.pull(name), scene.daemon.pull(name)]);
    expect(one).toBe(two);
    for (const { digest } of image.layers) {
      const requests = scene.registry.requests.filter(
        ({ method, url }) => method === 'GET' && url.includes(digest),
      );
      expect(requests.length).toBe(1);
    }
    expect(await unusedLayers(scene.store.root)).toEqual([]);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

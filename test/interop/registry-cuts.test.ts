// A blob cut off at every few bytes, by a proxy in front of a real registry: the pull resumes, and what comes is right.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { openBlob, RegistryClient } from '../../src/registry/index.js';
import {
  startFaultProxy,
  type FaultProxy,
  type ProxiedRequest,
  type ProxyFault,
} from '../peers/fault-proxy.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { bytesOf, never, quick, sourceOf } from '../registry/support.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { noise } from './support/rich-image.js';
import { layerRecords, untidiness } from './support/store-content.js';

jest.setTimeout(180_000);

let registry: DockerRegistry;
let proxy: FaultProxy;
let image: SampleImage;
let blobSize: number;

beforeAll(async () => {
  registry = await startDockerRegistry();
  proxy = await startFaultProxy(registry.host);
  image = await buildImage({ layers: [[{ name: 'file', content: noise(12_000, 'cut') }]] });
  blobSize = image.layers[0]?.size ?? 0;
  await pushImage(registry.host, 'test/cut', '1', image);
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await registry.close();
});

/** Every 61 bytes of the blob: some two hundred places. */
function* everyFewBytes(end: number): Generator<number> {
  for (let at = 0; at <= end; at += 61) yield at;
}

function isLayer({ url }: ProxiedRequest): boolean {
  return url.includes(`/blobs/${image.layers[0]?.digest}`);
}

/** The layer's bytes through a proxy that spoils the first answer to a GET of it. */
async function layerThrough(fault: ProxyFault): Promise<Buffer> {
  let left = 1;
  proxy.fault = (request) => (isLayer(request) && left-- > 0 ? fault : undefined);
  const client = new RegistryClient({ userAgent: 'imaged/test', timeouts: quick });
  try {
    const blob = await client.blob(sourceOf(`${proxy.host}/test/cut:1`), image.layers[0]!, never);
    return await bytesOf(await openBlob(blob, never));
  } finally {
    await client.close();
  }
}

describe('a blob', () => {
  it.each([
    ['cut off', false],
    ['reset', true],
  ])('comes whole wherever it is %s', async (_, reset) => {
    for (const cutBodyAt of everyFewBytes(blobSize - 1)) {
      const bytes = await layerThrough({ cutBodyAt, reset });
      expect({ cutBodyAt, same: bytes.equals(image.layers[0]!.bytes) }).toEqual({ cutBodyAt, same: true });
    }
    const ranges = proxy.requests.filter(
      (request) => isLayer(request) && request.headers.range !== undefined,
    );
    expect(ranges.length).toBeGreaterThan(150);
  });

  it('comes whole wherever the head of its answer is cut off', async () => {
    for (let cutAt = 0; cutAt < 400; cutAt += 13) {
      const bytes = await layerThrough({ cutAt });
      expect({ cutAt, same: bytes.equals(image.layers[0]!.bytes) }).toEqual({ cutAt, same: true });
    }
  });
});

describe('a pull', () => {
  let store: PeerStore;
  let daemon: Imaged;

  beforeAll(async () => {
    store = await PeerStore.create({ insecure: [proxy.host] });
    daemon = await Imaged.start(store);
  });

  afterAll(async () => {
    await daemon.close();
    await store.close();
  });

  it('has the right content wherever its layer was cut off', async () => {
    const steps = [1, 2, 9, 10, 17, 511, 512, 513, 4096, blobSize - 9, blobSize - 8, blobSize - 1];
    for (const cutBodyAt of steps) {
      let left = 1;
      proxy.fault = (request) => (isLayer(request) && left-- > 0 ? { cutBodyAt } : undefined);
      const id = await daemon.pull(`${proxy.host}/test/cut:1`);
      expect(`sha256:${id}`).toBe(image.config.digest);
      const [layer] = await layerRecords(store.root);
      const file = await readFile(join(store.root, 'overlay', layer?.id ?? '', 'diff/file'));
      expect({ cutBodyAt, same: file.equals(noise(12_000, 'cut')) }).toEqual({ cutBodyAt, same: true });
      await daemon.call('RemoveImage', { name: id, force: true });
    }
    expect(await untidiness(store.root)).toEqual([]);
  });
});

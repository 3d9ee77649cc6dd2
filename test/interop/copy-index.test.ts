// Indexes with all of their images on their way between registries, layouts, archives, directories and the store.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  buildImage,
  buildIndex,
  goArchitecture,
  type SampleBlob,
  type SampleImage,
} from '../peers/sample-image.js';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage, putManifest } from './support/push.js';
import { imageRecords, untidiness } from './support/store-content.js';

jest.setTimeout(120_000);

const foreign = goArchitecture() === 'arm64' ? 'amd64' : 'arm64';

let registry: DockerRegistry;
let store: PeerStore;
let daemon: Imaged;
let images: readonly SampleImage[];
let index: SampleBlob;
let dockerIndex: SampleBlob;

beforeAll(async () => {
  registry = await startDockerRegistry();
  store = await PeerStore.create({ insecure: [registry.host] });
  daemon = await Imaged.start(store);
  images = await imagesOf('oci');
  index = await pushIndex('oci', images);
  dockerIndex = await pushIndex('docker', await imagesOf('docker'));
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
  await registry?.close();
});

async function imagesOf(format: 'oci' | 'docker'): Promise<readonly SampleImage[]> {
  const base = [{ name: 'base', content: 'the same for all' }];
  const architectures = [foreign, goArchitecture()];
  return await Promise.all(
    architectures.map((architecture) =>
      buildImage({ format, architecture, layers: [base, [{ name: 'own', content: architecture }]] }),
    ),
  );
}

async function pushIndex(format: 'oci' | 'docker', parts: readonly SampleImage[]): Promise<SampleBlob> {
  for (const [position, image] of parts.entries()) {
    await pushImage(registry.host, format, `part-${position}`, image);
  }
  const made = buildIndex(parts, format);
  await putManifest(registry.host, format, 'all', made);
  return made;
}

async function copy(source: string, destination: string, options: object = { all: true }): Promise<string> {
  const connection = await daemon.connect();
  try {
    return (await connection.call('io.imaged.CopyImage', { source, destination, options }))[
      'digest'
    ] as string;
  } finally {
    connection.close();
  }
}

const place = (name: string): string => join(store.directory, name);

describe('a whole index', () => {
  it.each([
    ['oci', (name: string) => `oci:${place(name)}:all`],
    ['oci-archive', (name: string) => `oci-archive:${place(name)}.tar:all`],
    ['dir', (name: string) => `dir:${place(name)}`],
    ['docker', (name: string) => `docker://${registry.host}/copy-${name}:all`],
  ])('keeps its digest on the way through %s and back to a registry', async (transport, middle) => {
    const there = middle(`through-${transport}`);
    expect(await copy(`docker://${registry.host}/oci:all`, there)).toBe(index.digest);
    const back = `docker://${registry.host}/back-${transport}:all`;
    expect(await copy(there, back)).toBe(index.digest);
    const raw = await store.skopeoOutput('inspect', '--raw', '--tls-verify=false', back);
    expect(raw).toBe(index.bytes.toString());
    // Every image of it is there with all its blobs, or skopeo would not copy it.
    await store.skopeoOutput(
      'copy',
      '--all',
      '--quiet',
      '--src-tls-verify=false',
      back,
      `dir:${place(`check-${transport}`)}`,
    );
  });

  it("of Docker becomes one of the OCI in a layout, and skopeo finds every platform's image there", async () => {
    const layout = `oci:${place('converted')}:all`;
    expect(await copy(`docker://${registry.host}/docker:all`, layout)).not.toBe(dockerIndex.digest);
    for (const architecture of [foreign, goArchitecture()]) {
      const platform = [`--override-arch=${architecture}`, '--override-os=linux'];
      const inspected = JSON.parse(await store.skopeoOutput(...platform, 'inspect', layout)) as object;
      expect(inspected).toMatchObject({ Architecture: architecture });
    }
  });

  it('comes into the store as an image for each platform, the name being with the one for this machine', async () => {
    const archive = `oci-archive:${place('load')}.tar:all`;
    await copy(`docker://${registry.host}/oci:all`, archive);
    await copy(archive, 'containers-storage:example.com/many:1');
    const records = await imageRecords(store.root);
    expect(records.map(({ id }) => `sha256:${id}`).toSorted()).toEqual(
      images.map(({ config }) => config.digest).toSorted(),
    );
    const named = records.filter(({ names = [] }) => names.length > 0);
    expect(named.map(({ id, names }) => [`sha256:${id}`, names])).toEqual([
      [images[1]!.config.digest, ['example.com/many:1']],
    ]);
    expect(await untidiness(store.root)).toEqual([]);
  });

  it('gives the image for another platform alone when that is asked for', async () => {
    const directory = `dir:${place('other')}`;
    const platform = `linux/${foreign}`;
    expect(await copy(`docker://${registry.host}/oci:all`, directory, { platform })).toBe(images[0]!.digest);
    await expect(
      copy(`docker://${registry.host}/oci:all`, directory, { platform: 'linux/s390x' }),
    ).rejects.toThrow('no image found in image index for architecture s390x');
  });
});

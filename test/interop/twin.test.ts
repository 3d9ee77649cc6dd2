// The same images pulled by imaged and by podman, each into a store of its own: the two stores must be alike.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage, buildIndex, type SampleImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage, putManifest } from './support/push.js';
import { buildRichImage } from './support/rich-image.js';
import { imageRecords, layerRecords, tarSplit, untidiness, unusedLayers } from './support/store-content.js';
import { describeTree } from './support/tree.js';

jest.setTimeout(120_000);

let registry: DockerRegistry;
/** imaged pulls into this one … */
let own: PeerStore;
/** … and podman into this one. */
let twin: PeerStore;
let daemon: Imaged;
const images = new Map<string, SampleImage>();
const kinds = ['oci', 'docker', 'plain', 'shell', 'listed', 'bare'] as const;

/** The name of one of the images in the registry. */
function named(kind: (typeof kinds)[number]): string {
  return `${registry.host}/twin/${kind}:1`;
}

beforeAll(async () => {
  registry = await startDockerRegistry();
  images.set('oci', await buildRichImage('oci'));
  images.set('docker', await buildRichImage('docker'));
  images.set(
    'plain',
    await buildImage({ compression: 'none', layers: [[{ name: 'plain', content: 'tar' }]] }),
  );
  images.set('shell', await buildShellImage({ format: 'docker' }));
  images.set('bare', await buildImage({ layers: [], config: { Labels: { only: 'labels' } } }));
  for (const [kind, image] of images) {
    await pushImage(registry.host, `twin/${kind}`, '1', image);
  }
  const foreign = await buildImage({ architecture: 's390x', layers: [[{ name: 'arch', content: 's390x' }]] });
  const native = await buildImage({ layers: [[{ name: 'arch', content: 'ours' }]] });
  await pushImage(registry.host, 'twin/listed', foreign.digest, foreign);
  await pushImage(registry.host, 'twin/listed', native.digest, native);
  await putManifest(registry.host, 'twin/listed', '1', buildIndex([foreign, native]));

  own = await PeerStore.create({ insecure: [registry.host] });
  twin = await PeerStore.create({ insecure: [registry.host] });
  daemon = await Imaged.start(own);
  for (const kind of kinds) {
    await daemon.pull(named(kind));
    await twin.podmanOutput('pull', '--quiet', named(kind));
  }
});

afterAll(async () => {
  await daemon?.close();
  await own?.close();
  await twin?.close();
  await registry?.close();
});

/** Output of a podman command on both stores, with their places made the same. */
async function both(...args: readonly string[]): Promise<readonly [string, string]> {
  const ours = await own.podmanOutput(...args);
  const theirs = await twin.podmanOutput(...args);
  return [ours.replaceAll(own.directory, '<store>'), theirs.replaceAll(twin.directory, '<store>')];
}

describe('to podman, images pulled by imaged look as if it had pulled them itself', () => {
  it.each([
    ['images', '--digests', '--no-trunc'],
    ['images', '--format', 'json'],
    ['images', '--all', '--quiet'],
    ['system', 'df', '--verbose', '--format', '{{json .}}'],
  ])('podman %s %s %s', async (...args) => {
    const [ours, theirs] = await both(...args.filter((arg) => arg !== undefined));
    expect(ours).toBe(theirs);
  });

  it.each(kinds)('podman inspect and history of the %s image', async (kind) => {
    const [inspected, expected] = await both('image', 'inspect', named(kind));
    expect(inspected).toBe(expected);
    const [history, expectedHistory] = await both('history', '--format', 'json', named(kind));
    expect(history).toBe(expectedHistory);
  });
});

describe('on disk, the two stores are alike', () => {
  it('in the image records', async () => {
    expect(await imageRecords(own.root)).toEqual(await imageRecords(twin.root));
  });

  it('in the layer records, up to the time they were made and their order between images', async () => {
    const comparable = async (store: PeerStore): Promise<object[]> =>
      (await layerRecords(store.root))
        .map((record) => Object.assign(record, { created: '' }))
        .toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(await comparable(own)).toEqual(await comparable(twin));
  });

  it('in the data of each image, byte for byte', async () => {
    for (const { id } of await imageRecords(twin.root)) {
      const [ours, theirs] = [own, twin].map((store) => join(store.root, 'overlay-images', id));
      const names = (await readdir(theirs ?? '')).toSorted();
      expect((await readdir(ours ?? '')).toSorted()).toEqual(names);
      for (const name of names) {
        expect(await readFile(join(ours ?? '', name))).toEqual(await readFile(join(theirs ?? '', name)));
      }
    }
  });

  it('in the files of each layer: mode, owner, times, links, devices, attributes, content', async () => {
    const layers = await layerRecords(twin.root);
    expect(layers.length).toBeGreaterThanOrEqual(8);
    for (const { id } of layers) {
      const [ours, theirs] = [own, twin].map((store) =>
        describeTree(join(store.root, 'overlay', id, 'diff')),
      );
      expect(await ours).toEqual(await theirs);
    }
  });

  it('in the recipe of each layer tar', async () => {
    for (const { id } of await layerRecords(twin.root)) {
      expect(await tarSplit(own.root, id)).toEqual(await tarSplit(twin.root, id));
    }
  });

  it('and hold nothing without a record', async () => {
    expect(await untidiness(own.root)).toEqual([]);
    expect(await unusedLayers(own.root)).toEqual([]);
  });
});

describe('the peers can use what imaged pulled', () => {
  it.each(['oci', 'docker', 'plain', 'shell'] as const)(
    'skopeo copies byte-identical uncompressed layers of the %s image out of the store',
    async (kind) => {
      const directory = join(own.directory, `copy-${kind}`);
      await own.skopeoOutput('copy', '--quiet', own.transport(named(kind)), `dir:${directory}`);
      const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as {
        layers: { digest: string }[];
      };
      const diffIds = images.get(kind)?.layers.map((layer) => layer.diffId);
      expect(manifest.layers.map((layer) => layer.digest)).toEqual(diffIds);
      for (const diffId of diffIds ?? []) {
        const bytes = await readFile(join(directory, diffId.slice('sha256:'.length)));
        expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(diffId);
      }
    },
  );

  it('podman runs a container of it', async () => {
    const said = await own.podmanOutput('run', '--rm', named('shell'));
    expect(said).toContain('Hello from a container.\nNAME="imaged sample"');
  });

  it('a container sees whiteouts, opaque directories and replaced files as podman shows them', async () => {
    const mounted = async (store: PeerStore): Promise<string[]> => {
      const place = await store.podmanOutput('image', 'mount', named('oci'));
      try {
        return await describeTree(place);
      } finally {
        await store.podmanOutput('image', 'unmount', named('oci'));
      }
    };
    const tree = await mounted(own);
    expect(tree).toEqual(await mounted(twin));
    expect(tree.some((line) => line.includes('"var/mail"'))).toBe(false);
  });

  it('podman pushes it back to the registry under the digests of its layers', async () => {
    const target = `${registry.host}/twin/pushed:1`;
    await own.podmanOutput('push', '--quiet', '--tls-verify=false', named('oci'), target);
    const pulled = await PeerStore.create({ insecure: [registry.host] });
    try {
      await pulled.podmanOutput('pull', '--quiet', target);
      const [id] = await pulled.podmanJson<{ Id: string }[]>('image', 'inspect', target);
      expect(`sha256:${id?.Id}`).toBe(images.get('oci')?.config.digest);
    } finally {
      await pulled.close();
    }
  });

  it('podman builds on it, and imaged lists the child', async () => {
    const container = await own.buildahOutput('from', '--pull-never', named('shell'));
    await own.buildahOutput('config', '--label', 'child=yes', container);
    const child = await own.buildahOutput('commit', '--quiet', '--rm', container, 'localhost/child:1');
    const { image } = await daemon.call<{ image: { labels: Record<string, string> } }>('GetImage', {
      id: child,
    });
    expect(image.labels).toMatchObject({ child: 'yes' });
    await own.podmanOutput('rmi', 'localhost/child:1');
  });

  it('podman rmi leaves a clean store', async () => {
    await own.podmanOutput('rmi', '--all', '--force');
    expect(await imageRecords(own.root)).toEqual([]);
    expect(await layerRecords(own.root)).toEqual([]);
    expect(await untidiness(own.root)).toEqual([]);
    const { images: listed } = await daemon.call<{ images: unknown[] }>('ListImages');
    expect(listed).toEqual([]);
  });
});

// Images of Docker's first schema, pushed by skopeo to a registry that still takes them: podman and imaged make the same of them.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { startRegistry } from '../peers/registry.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { noise } from './support/rich-image.js';
import { imageRecords, layerRecords, untidiness } from './support/store-content.js';

jest.setTimeout(120_000);

let registry: DockerRegistry;
let store: PeerStore;
let theirs: PeerStore;
let daemon: Imaged;
let image: SampleImage;
let name: string;

const transfer = ['--src-tls-verify=false', '--dest-tls-verify=false'];

beforeAll(async () => {
  registry = await startDockerRegistry(undefined, ['compatibility: { schema1: { enabled: true } }']);
  store = await PeerStore.create({ insecure: [registry.host] });
  theirs = await PeerStore.create({ insecure: [registry.host] });
  daemon = await Imaged.start(store);
  const created = '2024-01-01T00:00:00.25Z';
  image = await buildImage({
    format: 'docker',
    layers: [[{ name: 'one', content: noise(5000, 'one') }], [{ name: 'two', content: 'two' }]],
    config: { Cmd: ['/one', '<&>'], Env: ['A=b'], Labels: { a: 'b' } },
    history: [
      { created, created_by: 'ADD one', author: 'me' },
      { created, created_by: 'ENV A=b', empty_layer: true },
      { created, created_by: 'COPY two', comment: 'and two' },
    ],
  });
  const modern = await pushImage(registry.host, 'test/modern', '1', image);
  name = `${registry.host}/test/old:1`;
  await theirs.skopeoOutput(
    'copy',
    ...transfer,
    '--format',
    'v2s1',
    `docker://${modern}`,
    `docker://${name}`,
  );
});

afterAll(async () => {
  await daemon.close();
  await store.close();
  await theirs.close();
  await registry.close();
});

async function schema1Digest(): Promise<string> {
  const accept = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
  const url = `http://${registry.host}/v2/test/old/manifests/1`;
  const response = await fetch(url, { headers: { accept } });
  expect(response.headers.get('content-type')).toBe(accept);
  return response.headers.get('docker-content-digest') ?? '';
}

describe('an image of schema 1', () => {
  it('is the image with the layers and the digest that podman makes of it', async () => {
    const id = await daemon.pull(name);
    const theirId = await theirs.podmanOutput('pull', '--quiet', name);
    expect(id).toBe(theirId);
    const [ours] = await imageRecords(store.root);
    const [their] = await imageRecords(theirs.root);
    const common = { id, names: [name], layer: their?.layer, digest: await schema1Digest() };
    expect(ours).toMatchObject(common);
    expect(their).toMatchObject(common);
    const diffs = async ({ root }: PeerStore): Promise<unknown[]> =>
      (await layerRecords(root)).map((layer) => [layer.id, layer.parent, layer['diff-digest']]);
    expect(await diffs(store)).toEqual(await diffs(theirs));
    expect(await untidiness(store.root)).toEqual([]);
  });

  it('is inspected and run through by podman like its own', async () => {
    const of = async (peer: PeerStore): Promise<unknown> => {
      const [inspected] = await peer.podmanJson<Record<string, unknown>[]>(
        'inspect',
        '--type',
        'image',
        name,
      );
      const { Id, Config, History, Created, Author, Architecture, Os, Digest, Labels } = inspected ?? {};
      return { Id, Config, History, Created, Author, Architecture, Os, Digest, Labels };
    };
    expect(await of(store)).toEqual(await of(theirs));
    expect(await store.podmanOutput('history', '--no-trunc', name)).toBe(
      await theirs.podmanOutput('history', '--no-trunc', name),
    );
  });

  it('is found by the digest it was pulled by', async () => {
    const byDigest = `${registry.host}/test/old@${await schema1Digest()}`;
    const id = await daemon.pull(byDigest);
    expect(id).toBe(await theirs.podmanOutput('pull', '--quiet', byDigest));
    expect(await store.podmanOutput('image', 'inspect', '--format', '{{.Id}}', byDigest)).toBe(id);
  });

  it('is read and pushed out of the store as podman keeps it', async () => {
    const beside = await Imaged.start(theirs);
    try {
      const [id = ''] = (await imageRecords(theirs.root)).map((record) => record.id);
      const of = async (who: Imaged): Promise<unknown> => {
        const { image: text } = await who.call<{ image: string }>('InspectImage', { name: id });
        const { Config, History, Labels, Created, RootFS } = JSON.parse(text) as Record<string, unknown>;
        const { history } = await who.call<{ history: object[] }>('HistoryImage', { name: id });
        // The names are the stores' own.
        const steps = JSON.stringify(history, (key, value: unknown) => (key === 'tags' ? undefined : value));
        return { Config, History, Labels, Created, RootFS, steps };
      };
      expect(await of(beside)).toEqual(await of(daemon));
      const rest = { compress: false, format: '', removeSignatures: false, signBy: '' };
      const tag = `docker://${registry.host}/test/again:1`;
      await beside.call('PushImage', { name: id, tag, ...rest });
      const raw = await theirs.skopeoOutput('inspect', '--raw', '--tls-verify=false', tag);
      expect(JSON.parse(raw)).toMatchObject({ schemaVersion: 2, config: { digest: `sha256:${id}` } });
    } finally {
      await beside.close();
    }
  });

  it.each(['1.7.1', '1.8.3', '1.10.0'])(
    'written by Docker %s has the id that podman gives it',
    async (version) => {
      const peer = await startRegistry();
      try {
        const [base, top] = image.layers;
        for (const layer of image.layers) peer.putBlob(layer.bytes);
        const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
        const config = {
          Cmd: ['/one'],
          Env: null,
          Volumes: { '/b': {}, '/a': {} },
          Labels: { z: '<', a: '&' },
          Memory: 5,
        };
        const steps = [
          {
            id: ids[2],
            parent: ids[1],
            docker_version: version,
            created: '2015-06-01T00:00:00.10Z',
            os: 'linux',
            config,
            container_config: { Cmd: ['/bin/sh'], ExposedPorts: { '80/tcp': {} } },
            architecture: 'amd64',
            author: 'me',
            Size: 5,
            odd: 1.5,
            comment: 'with "quotes"',
          },
          {
            id: ids[1],
            parent: ids[0],
            created: '2015-05-01T00:00:00Z',
            container_config: { Cmd: ['a', 'b'] },
          },
          { id: ids[0], created: '2015-04-01T00:00:00Z', throwaway: true },
        ];
        const manifest = {
          schemaVersion: 1,
          name: 'test/older',
          tag: '1',
          architecture: 'amd64',
          fsLayers: [top, base, base].map((layer) => ({ blobSum: layer?.digest })),
          history: steps.map((step) => ({ v1Compatibility: JSON.stringify(step) })),
        };
        const type = 'application/vnd.docker.distribution.manifest.v1+json';
        peer.putManifest('test/older', '1', JSON.stringify(manifest), type);
        for (const { registriesConf } of [store, theirs]) {
          await writeFile(registriesConf, `[[registry]]\nlocation = "${peer.host}"\ninsecure = true\n`);
        }
        const older = `${peer.host}/test/older:1`;
        expect(await daemon.pull(older)).toBe(await theirs.podmanOutput('pull', '--quiet', older));
      } finally {
        await peer.close();
      }
    },
  );
});

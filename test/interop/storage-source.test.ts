// Images as podman, buildah and skopeo store them, read as sources of copies.
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { parseManifest, type ImageManifest } from '../../src/oci/manifest.js';
import { parseReference } from '../../src/oci/reference.js';
import { storageSource } from '../../src/runtime/transports/storage-source.js';
import { openStore, type Store } from '../../src/store/index.js';
import { openBelow, reassembleTar } from '../../src/store/tar-split-reader.js';
import { buildIndex, buildImage, buildTar } from '../peers/sample-image.js';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage, putManifest } from './support/push.js';
import { buildRichImage } from './support/rich-image.js';

jest.setTimeout(120_000);

const signal = new AbortController().signal;
let registry: DockerRegistry;
let peers: PeerStore;
let store: Store;
/** Stands on the store of the peers. */
let above: Store;
let indexDigest: string;
const names = ['pulled', 'listed', 'loaded', 'built'] as const;

beforeAll(async () => {
  registry = await startDockerRegistry();
  peers = await PeerStore.create({ insecure: [registry.host] });
  const rich = await buildRichImage('docker');
  await pushImage(registry.host, 'source/rich', '1', rich);
  const other = await buildImage({ architecture: 's390x', layers: [[{ name: 'arch', content: 's390x' }]] });
  const own = await buildImage({ layers: [[{ name: 'arch', content: 'ours' }]] });
  for (const image of [other, own]) await pushImage(registry.host, 'source/listed', image.digest, image);
  const index = buildIndex([other, own]);
  indexDigest = index.digest;
  await putManifest(registry.host, 'source/listed', '1', index);
  for (const [name, from] of [
    ['pulled', 'rich'],
    ['listed', 'listed'],
  ] as const) {
    await peers.podmanOutput('pull', '--quiet', `${registry.host}/source/${from}:1`);
    await peers.podmanOutput('tag', `${registry.host}/source/${from}:1`, `example.com/${name}:1`);
  }
  const archive = join(peers.directory, 'archive.tar');
  const from = ['copy', '--quiet', `--src-tls-verify=false`, `docker://${registry.host}/source/rich:1`];
  await peers.skopeoOutput(...from, `docker-archive:${archive}:example.com/loaded:1`);
  await peers.podmanOutput('load', '--quiet', '--input', archive);
  const tar = join(peers.directory, 'tree.tar');
  await writeFile(tar, await buildTar([{ name: 'etc/motd', content: 'hello\n' }]));
  const container = await peers.buildahOutput('from', '--pull-never', 'example.com/pulled:1');
  await peers.buildahOutput('copy', '--quiet', container, tar, '/data/tree.tar');
  await peers.buildahOutput('commit', '--quiet', '--rm', container, 'example.com/built:1');

  const { root: graphRoot, runroot: runRoot } = peers;
  const options = { driver: 'overlay', runRoot, additionalImageStores: [], driverOptions: [] };
  store = await openStore({ ...options, graphRoot });
  const upper = join(peers.directory, 'upper');
  above = await openStore({ ...options, graphRoot: upper, additionalImageStores: [graphRoot] });
});

afterAll(async () => {
  await store?.close();
  await above?.close();
  await peers?.close();
  await registry?.close();
});

async function source(name: string, of: Store = store) {
  const image = (await of.view()).imageByName(`example.com/${name}:1`);
  if (image === undefined) throw new Error(`there is no ${name}`);
  return storageSource(of, image, parseReference(`example.com/${name}:1`));
}

async function tarDigest({ recipePath, directory }: { recipePath: string; directory: string }) {
  const hash = createHash('sha256');
  let size = 0;
  const root = openSync(directory, 'r');
  try {
    for await (const chunk of reassembleTar(recipePath, openBelow(root))) {
      hash.update(chunk);
      size += chunk.length;
    }
  } finally {
    closeSync(root);
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

describe.each(names)('an image that was %s', (name) => {
  it('has the manifest and the config that skopeo finds', async () => {
    const image = await source(name);
    const { bytes, mediaType, digest } = await image.manifest(undefined, signal);
    const transport = peers.transport(`example.com/${name}:1`);
    expect(bytes.toString()).toBe(await peers.skopeoOutput('inspect', '--raw', transport));
    expect((await image.manifest(digest, signal)).bytes.equals(bytes)).toBe(true);
    const { config } = parseManifest(bytes, mediaType) as ImageManifest;
    const configText = await peers.skopeoOutput('inspect', '--raw', '--config', transport);
    expect((await image.blobBytes(config, signal)).toString()).toBe(configText);
  });

  it.each(['own', 'additional'])('delivers the tars its config tells of (%s store)', async (kind) => {
    const image = await source(name, kind === 'own' ? store : above);
    const { bytes, mediaType } = await image.manifest(undefined, signal);
    const manifest = parseManifest(bytes, mediaType) as ImageManifest;
    const config = JSON.parse((await image.blobBytes(manifest.config, signal)).toString()) as {
      readonly rootfs: { readonly diff_ids: readonly string[] };
    };
    const contents = (await image.contents?.(manifest, signal)) ?? [];
    expect(contents.map(({ digest }) => digest)).toEqual(config.rootfs.diff_ids);
    for (const content of contents) {
      expect(content.mediaType).toMatch(/\.tar$/);
      const location = await image.locate(content, signal);
      const { digest, size } = content;
      expect(await tarDigest(location as never)).toEqual({ digest, size });
    }
  });
});

describe('an image of the store', () => {
  it('is the index it was pulled through when that is asked for', async () => {
    const view = await store.view();
    const stored = view.imageByName('example.com/listed:1');
    const named = `example.com/listed@${indexDigest}`;
    const index = await storageSource(store, stored as never, parseReference(named)).manifest(
      undefined,
      signal,
    );
    expect(index.digest).toBe(indexDigest);
    const other = parseReference(`example.com/listed@sha256:${'0'.repeat(64)}`);
    const main = await storageSource(store, stored as never, other).manifest(undefined, signal);
    expect(parseManifest(main.bytes, main.mediaType).kind).toBe('image');
    await expect(storageSource(store, stored as never).manifest(other.digest, signal)).rejects.toThrow(
      'manifest-sha256:0000',
    );
  });

  it('cannot be read without a recipe, which is said of the layer', async () => {
    const image = await source('built');
    const { bytes } = await image.manifest(undefined, signal);
    const contents = await image.contents?.(parseManifest(bytes) as ImageManifest, signal);
    const top = contents?.at(-1);
    if (top === undefined) throw new Error('it has no layers');
    const { recipePath } = (await image.locate(top, signal)) as { recipePath: string };
    await rename(recipePath, `${recipePath}.away`);
    try {
      const id = /([0-9a-f]{64})\.tar-split/.exec(recipePath)?.[1];
      await expect(image.locate(top, signal)).rejects.toThrow(`layer ${id}: its tar cannot be put together`);
    } finally {
      await rename(`${recipePath}.away`, recipePath);
    }
  });

  it('is named as skopeo names it', async () => {
    const { origin } = await source('pulled');
    const stored = (await store.view()).imageByName('example.com/pulled:1');
    expect(origin.name).toBe(
      `${peers.transport('example.com/pulled:1').slice('containers-storage:'.length)}@${stored?.id}`,
    );
    expect((await peers.skopeo(['inspect', `${origin.transport}:${origin.name}`])).code).toBe(0);
  });
});

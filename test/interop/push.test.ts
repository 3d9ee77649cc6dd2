// Pushes into a real registry that is open to all: what is sent, what need not be.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { faultOn, startFaultProxy, type FaultProxy } from '../peers/fault-proxy.js';
import { buildImage, buildIndex } from '../peers/sample-image.js';
import { copyImage } from './support/copy-call.js';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { copiedImage, type CopiedImage } from './support/image-copy.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage, putManifest } from './support/push.js';
import { buildRichImage, noise } from './support/rich-image.js';

jest.setTimeout(120_000);

let open: DockerRegistry;
/** In front of the open one, to see what it is asked. */
let proxy: FaultProxy;
let store: PeerStore;
let daemon: Imaged;
let original: CopiedImage;

beforeAll(async () => {
  open = await startDockerRegistry();
  proxy = await startFaultProxy(open.host);
  store = await PeerStore.create({ insecure: [open.host, proxy.host] });
  const name = await pushImage(open.host, 'original', '1', await buildRichImage('docker', 'gzip'));
  original = await copiedImage(store, `docker://${name}`);
  daemon = await Imaged.start(store);
  await store.podmanOutput('pull', '--quiet', name);
});

afterAll(async () => {
  await daemon?.close();
  await proxy?.[Symbol.asyncDispose]();
  await store?.close();
  await open?.close();
});

function copy(source: string, destination: string, options: object = {}): Promise<string> {
  return copyImage(daemon, source, destination, options);
}

/** What ends one: of layers that are there already there is none. */
function isUpload({ method, url }: { readonly method: string; readonly url: string }): boolean {
  return method === 'PUT' && url.includes('/blobs/uploads/');
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

async function trust(...hosts: readonly string[]): Promise<void> {
  const entries = hosts.map((host) => `[[registry]]\nlocation = ${JSON.stringify(host)}\ninsecure = true\n`);
  await writeFile(store.registriesConf, entries.join(''));
}

describe('an open registry', () => {
  beforeEach(() => trust(open.host, proxy.host));

  it('gets an image that podman has pulled elsewhere', async () => {
    const name = `${open.host}/team/app:1`;
    const digest = await copy(`containers-storage:${open.host}/original:1`, `docker://${name}`);
    const { digest: there, config, diffIds } = await copiedImage(store, `docker://${name}`);
    expect({ there, config, diffIds }).toEqual({
      there: digest,
      config: original.config,
      diffIds: original.diffIds,
    });
  });

  it('gets the same manifest back, and no layer', async () => {
    const before = proxy.requests.length;
    await store.podmanOutput('tag', `${open.host}/original:1`, `${proxy.host}/original:back`);
    const digest = await copy(
      `containers-storage:${proxy.host}/original:back`,
      `docker://${proxy.host}/original:back`,
    );
    expect(digest).toBe(original.digest);
    const methods = proxy.requests.slice(before).map(({ method }) => method);
    expect(methods.filter((method) => method !== 'HEAD')).toEqual(['GET', 'PUT']);
  });

  it('mounts layers from where the image has been pulled from, and keeps its manifest', async () => {
    await store.podmanOutput('tag', `${open.host}/original:1`, `${proxy.host}/original:1`);
    const before = proxy.requests.length;
    const digest = await copy(
      `containers-storage:${proxy.host}/original:1`,
      `docker://${proxy.host}/other:1`,
    );
    expect(digest).toBe(original.digest);
    const requests = proxy.requests.slice(before);
    const mounts = requests.filter(({ url }) => url.includes('mount='));
    expect(mounts).toHaveLength(original.diffIds.length);
    expect(requests.filter(isUpload)).toHaveLength(1);
    expect((await copiedImage(store, `docker://${proxy.host}/other:1`)).diffIds).toEqual(original.diffIds);
  });

  it('need not get layers of an archive that came from it in another form', async () => {
    const image = await buildRichImage('oci', 'gzip');
    const name = await pushImage(proxy.host, 'pulled', '1', image);
    await daemon.pull(name);
    const archive = join(store.directory, 'archive.tar');
    await copy(`containers-storage:${name}`, `docker-archive:${archive}:example.com/a:1`);
    const before = proxy.requests.length;
    await copy(`docker-archive:${archive}`, `docker://${proxy.host}/archived:1`);
    expect(proxy.requests.slice(before).filter(isUpload)).toHaveLength(1);
    const raw = await store.skopeoOutput(
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${proxy.host}/archived:1`,
    );
    const { layers } = JSON.parse(raw) as { readonly layers: readonly { readonly digest: string }[] };
    expect(layers.map(({ digest }) => digest)).toEqual(image.layers.map(({ digest }) => digest));
  });

  it('need not get layers that podman has pulled from it, below another image', async () => {
    const name = `${proxy.host}/original:base`;
    await copy(`docker://${open.host}/original:1`, `docker://${name}`);
    await store.podmanOutput('tag', `${open.host}/original:1`, name);
    const container = await store.buildahOutput('from', '--pull-never', name);
    await store.buildahOutput('config', '--author', 'somebody', container);
    await store.buildahOutput('commit', '--quiet', container, 'localhost/built:1');
    const before = proxy.requests.length;
    await copy('containers-storage:localhost/built:1', `docker://${proxy.host}/built:1`);
    expect(proxy.requests.slice(before).filter(isUpload)).toHaveLength(2);
    const { diffIds } = await copiedImage(store, `docker://${proxy.host}/built:1`);
    expect(diffIds.slice(0, original.diffIds.length)).toEqual(original.diffIds);
  });

  it('gets by PushImage what is asked for, in the form that is asked for', async () => {
    const name = `${open.host}/original:1`;
    const parameters = {
      name,
      tag: `${open.host}/formed:oci`,
      format: 'oci',
      compress: false,
      removeSignatures: false,
      signBy: '',
    };
    await daemon.call('PushImage', parameters);
    expect(await copiedImage(store, `docker://${open.host}/formed:oci`)).toMatchObject({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      diffIds: original.diffIds,
    });
  });

  it('takes a manifest under its digest and no other', async () => {
    const source = `docker://${open.host}/original:1`;
    expect(await copy(source, `docker://${open.host}/exact@${original.digest}`)).toBe(original.digest);
    const other = `sha256:${'0'.repeat(64)}`;
    await expect(copy(source, `docker://${open.host}/exact@${other}`)).rejects.toMatchObject({
      parameters: {
        reason: expect.stringMatching(
          /Digest of source image's manifest would not match destination reference$/,
        ),
      },
    });
  });
});

describe('an index', () => {
  it('goes to a registry to the byte, with all of its images', async () => {
    const images = await Promise.all(
      ['amd64', 'arm64'].map((architecture) =>
        buildImage({
          architecture,
          layers: [[{ name: architecture, content: noise(100_000, architecture) }]],
        }),
      ),
    );
    for (const each of images) {
      await pushImage(open.host, 'several', each.platform.architecture, each);
    }
    const index = buildIndex(images);
    await putManifest(open.host, 'several', '1', index);
    const name = `${open.host}/several-copied:1`;
    expect(await copy(`docker://${open.host}/several:1`, `docker://${name}`, { all: true })).toBe(
      index.digest,
    );
    expect(
      digestOf((await store.skopeo(['inspect', '--raw', '--tls-verify=false', `docker://${name}`])).stdout),
    ).toBe(index.digest);
    for (const { digest } of images) {
      const copied = await copiedImage(store, `docker://${open.host}/several-copied@${digest}`);
      expect(copied.digest).toBe(digest);
    }
    const tags = await store.skopeoOutput(
      'list-tags',
      '--tls-verify=false',
      `docker://${open.host}/several-copied`,
    );
    expect(JSON.parse(tags)).toMatchObject({ Tags: ['1'] });
  });
});

describe('a caller that goes away in the middle of a push', () => {
  it('ends it, and the registry is told that the rest will not come', async () => {
    const image = await buildImage({ layers: [[{ name: 'file', content: noise(12_000_000, 'left') }]] });
    const name = await pushImage(open.host, 'left', '1', image);
    await daemon.pull(name);
    await using slow = await startFaultProxy(open.host);
    slow.fault = faultOn(/^PATCH /, { stallRequestAt: 5000 });
    await trust(open.host, slow.host);
    const before = (await daemon.descriptors()).length;
    const connection = await daemon.connect();
    const options = { format: '', compress: false, removeSignatures: false, signBy: '' };
    const parameters = { name, tag: `${slow.host}/gone:1`, ...options };
    connection.send({ method: 'io.podman.PushImage', parameters, more: true });
    const methods = (): readonly string[] => slow.requests.map(({ method }) => method);
    const deadline = Date.now() + 20_000;
    while (!methods().includes('PATCH') && Date.now() < deadline) await sleep(20);
    connection.close();
    while (!methods().includes('DELETE') && Date.now() < deadline) await sleep(20);
    expect(methods()).toContain('DELETE');
    expect(methods()).not.toContain('PUT');
    while ((await daemon.descriptors()).length > before && Date.now() < deadline) await sleep(100);
    expect((await daemon.descriptors()).length).toBeLessThanOrEqual(before);
  });
});

describe('a blocked registry', () => {
  it('gets nothing', async () => {
    await writeFile(
      store.registriesConf,
      `[[registry]]\nlocation = ${JSON.stringify(open.host)}\ninsecure = true\nblocked = true\n`,
    );
    const failing = copy(`containers-storage:${open.host}/original:1`, `docker://${open.host}/blocked:1`);
    await expect(failing).rejects.toMatchObject({
      parameters: { reason: expect.stringMatching(/registry 127\.0\.0\.1:\d+ is blocked in /) },
    });
  });
});

// Images made by podman and buildah: imaged lists, inspects, tags and removes them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildTar } from '../peers/sample-image.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { imageRecords, layerRecords, untidiness } from './support/store-content.js';

jest.setTimeout(120_000);

let store: PeerStore;
let daemon: Imaged;

interface ListedImage {
  readonly id: string;
  readonly digest: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly created: string;
  readonly size: number;
  readonly containers: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly history: readonly string[];
}

interface PodmanImage {
  readonly Id: string;
  readonly Digest: string;
  readonly Names: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly CreatedAt: string;
  readonly Size: number;
  readonly Containers: number;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly History: readonly string[] | null;
}

beforeAll(async () => {
  store = await PeerStore.create();
  daemon = await Imaged.start(store);
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
});

/** Makes three images: imported by podman, built by buildah on top of it, and one from nothing. */
async function makeImages(): Promise<void> {
  const tar = join(store.directory, 'tree.tar');
  await writeFile(tar, await buildTar([{ name: 'etc/motd', content: 'hello\n' }]));
  await store.podmanOutput('import', '--quiet', '--change', 'CMD=/bin/sh', tar, 'localhost/base:1');
  const child = await store.buildahOutput('from', '--pull-never', 'localhost/base:1');
  await store.buildahOutput('copy', '--quiet', child, tar, '/data/tree.tar');
  await store.buildahOutput('config', '--label', 'made-by=buildah', '--env', 'KEY=value', child);
  await store.buildahOutput('commit', '--quiet', '--rm', child, 'example.com/team/child:2');
  const scratch = await store.buildahOutput('from', 'scratch');
  await store.buildahOutput('config', '--author', 'nobody', scratch);
  await store.buildahOutput('commit', '--quiet', '--rm', '--format', 'docker', scratch, 'localhost/bare:1');
}

beforeEach(async () => {
  await store.podmanOutput('rmi', '--all', '--force');
  await makeImages();
});

async function list(): Promise<readonly ListedImage[]> {
  const { images } = await daemon.call<{ images: ListedImage[] }>('ListImages');
  return images;
}

describe('images made by podman and buildah', () => {
  it('are listed as podman lists them', async () => {
    const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
    const ours = (await list()).map(
      ({ id, digest, repoTags, repoDigests, size, containers, labels, history }) => ({
        id,
        digest,
        repoTags,
        repoDigests,
        size,
        containers,
        labels,
        history,
      }),
    );
    const theirs = await store.podmanJson<PodmanImage[]>('images', '--all', '--format', 'json');
    expect(ours.length).toBe(3);
    expect(ours.toSorted(byId)).toEqual(
      theirs
        .map((image) => ({
          id: image.Id,
          digest: image.Digest,
          repoTags: image.Names ?? [],
          repoDigests: image.RepoDigests ?? [],
          size: image.Size,
          containers: image.Containers,
          labels: image.Labels ?? {},
          // The former names, without the current one at its end.
          history: (image.History ?? []).filter((name) => !(image.Names ?? []).includes(name)),
        }))
        .toSorted(byId),
    );
  });

  it('come in the order of the store', async () => {
    const ids = (await imageRecords(store.root)).map((record) => record.id);
    expect((await list()).map((image) => image.id)).toEqual(ids);
  });

  it.each(['localhost/base:1', 'example.com/team/child:2', 'localhost/bare:1'])(
    '%s is inspected as podman inspects it',
    async (name) => {
      const { image } = await daemon.call<{ image: string }>('InspectImage', { name });
      const ours = JSON.parse(image) as Readonly<Record<string, unknown>>;
      const [theirs] = await store.podmanJson<Readonly<Record<string, unknown>>[]>('image', 'inspect', name);
      const same = [
        'Id',
        'Digest',
        'RepoTags',
        'RepoDigests',
        'Comment',
        'Created',
        'Config',
        'Version',
        'Author',
      ];
      same.push(
        'Architecture',
        'Os',
        'Size',
        'VirtualSize',
        'GraphDriver',
        'RootFS',
        'Labels',
        'Annotations',
      );
      same.push('ManifestType', 'User', 'History');
      const pick = (from: Readonly<Record<string, unknown>>): object =>
        Object.fromEntries(same.map((key) => [key, from[key]]));
      expect(pick(ours)).toEqual(pick(theirs ?? {}));
    },
  );

  it('have the history podman shows', async () => {
    const name = 'example.com/team/child:2';
    const { history } = await daemon.call<{
      history: { createdBy: string; size: number; comment: string }[];
    }>('HistoryImage', { name });
    const theirs = await store.podmanJson<{ CreatedBy: string; size: number; comment?: string }[]>(
      'history',
      '--format',
      'json',
      name,
    );
    expect(history.map(({ createdBy, size, comment }) => ({ createdBy, size, comment }))).toEqual(
      theirs.map(({ CreatedBy, size, comment = '' }) => ({ createdBy: CreatedBy, size, comment })),
    );
  });

  it('are found by short name, id, id prefix and sha256: id', async () => {
    const [base] = await list();
    const id = base?.id ?? '';
    for (const name of ['base:1', 'localhost/base:1', id, id.slice(0, 12), `sha256:${id}`]) {
      const { image } = await daemon.call<{ image: ListedImage }>('GetImage', { id: name });
      expect(image.id).toBe(id);
    }
  });

  it('are tagged and untagged by imaged, and podman sees it at once', async () => {
    await daemon.call('TagImage', { name: 'localhost/base:1', tagged: 'again' });
    expect(await store.podmanOutput('image', 'inspect', '--format', '{{.RepoTags}}', 'base:1')).toBe(
      '[localhost/base:1 localhost/again:latest]',
    );
    await daemon.call('UntagImage', { name: 'localhost/again', tag: 'localhost/again:latest' });
    expect((await store.podman(['image', 'exists', 'localhost/again:latest'])).code).toBe(1);
    expect((await store.podman(['image', 'exists', 'localhost/base:1'])).code).toBe(0);
  });

  it('are seen by imaged at once when podman tags and removes them', async () => {
    await store.podmanOutput('tag', 'localhost/bare:1', 'localhost/bare:2');
    expect((await list()).find((image) => image.repoTags.includes('localhost/bare:2'))).toBeDefined();
    await store.podmanOutput('rmi', 'localhost/bare:1', 'localhost/bare:2');
    expect((await list()).some((image) => image.repoTags.includes('localhost/bare:1'))).toBe(false);
  });

  it('a name that moves is taken from the image that had it', async () => {
    await daemon.call('TagImage', { name: 'localhost/bare:1', tagged: 'localhost/base:1' });
    const names = new Map((await imageRecords(store.root)).map((record) => [record.id, record.names ?? []]));
    const bare = await store.podmanOutput('image', 'inspect', '--format', '{{.Id}}', 'localhost/bare:1');
    expect(names.get(bare)).toEqual(['localhost/bare:1', 'localhost/base:1']);
    expect([...names.values()].filter((all) => all.includes('localhost/base:1')).length).toBe(1);
  });

  it('are removed by imaged, and nothing is left of them', async () => {
    const before = await store.podmanOutput('images', '--quiet', '--no-trunc', 'localhost/bare:1');
    const { response } = await daemon.call<{ response: { untagged: string[]; deleted: string } }>(
      'RemoveImageWithResponse',
      { name: 'localhost/bare:1', force: false },
    );
    expect(response).toEqual({ untagged: ['localhost/bare:1'], deleted: before.replace('sha256:', '') });
    for (const name of ['example.com/team/child:2', 'localhost/base:1']) {
      await daemon.call('RemoveImage', { name, force: false });
    }
    expect(await imageRecords(store.root)).toEqual([]);
    expect(await layerRecords(store.root)).toEqual([]);
    expect(await untidiness(store.root)).toEqual([]);
    expect(await store.podmanOutput('images', '--quiet', '--all')).toBe('');
  });

  it('keep the layers another image stands on', async () => {
    await daemon.call('RemoveImage', { name: 'localhost/base:1', force: false });
    await daemon.call('RemoveImage', { name: 'localhost/bare:1', force: false });
    const mounted = await store.podmanOutput('image', 'mount', 'example.com/team/child:2');
    expect(mounted).toContain('/merged');
    await store.podmanOutput('image', 'unmount', 'example.com/team/child:2');
    expect(await untidiness(store.root)).toEqual([]);
  });
});

describe('an image in use', () => {
  it('by a podman container is not removed without force, and counts its containers', async () => {
    const container = await store.podmanOutput('create', 'localhost/bare:1', '/bin/true');
    const { image } = await daemon.call<{ image: ListedImage }>('GetImage', { id: 'localhost/bare:1' });
    expect(image.containers).toBe(1);
    await expect(
      daemon.call('RemoveImage', { name: 'localhost/bare:1', force: false }),
    ).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
      reason: expect.stringContaining(image.id),
    });
    expect((await store.podman(['image', 'exists', 'localhost/bare:1'])).code).toBe(0);
    await store.podmanOutput('rm', container);
    await daemon.call('RemoveImage', { name: 'localhost/bare:1', force: false });
    expect((await store.podman(['image', 'exists', 'localhost/bare:1'])).code).toBe(1);
  });

  it('by a buildah container is not removed without force either', async () => {
    const container = await store.buildahOutput('from', '--pull-never', 'localhost/base:1');
    await expect(
      daemon.call('RemoveImage', { name: 'localhost/base:1', force: false }),
    ).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
    });
    await store.buildahOutput('rm', container);
    expect((await store.podman(['image', 'exists', 'localhost/base:1'])).code).toBe(0);
  });
});

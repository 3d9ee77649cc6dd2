// A list of manifests that podman keeps as one: what looks into it sees the image for this machine, beside podman.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { buildTar } from '../peers/sample-image.js';
import { OldClient } from './support/old-client.js';
import { output } from './support/process.js';
import { Scene } from './support/scene.js';

jest.setTimeout(60_000);

const list = 'localhost/list:1';
const none = 'localhost/none:1';

let scene: Scene;
/** The image in the list. */
let id: string;

beforeAll(async () => {
  scene = await Scene.open();
  const { store } = scene;
  const tar = join(store.directory, 'root.tar');
  await writeFile(tar, await buildTar([{ name: 'file', content: 'content' }]));
  id = (await store.podmanOutput('import', '--quiet', tar, 'localhost/base:1')).replace('sha256:', '');
  await store.podmanOutput('manifest', 'create', list, 'containers-storage:localhost/base:1');
  await store.podmanOutput('manifest', 'create', none);
});

afterAll(() => scene.close());

it('is inspected as its image', async () => {
  const { image } = await scene.daemon.call<{ image: string }>('InspectImage', { name: list });
  const [theirs] = await scene.store.podmanJson<{ Id: string; RootFS: object }[]>('image', 'inspect', list);
  expect(theirs?.Id).toBe(id);
  expect(JSON.parse(image)).toMatchObject({ Id: id, RootFS: theirs?.RootFS });
});

it('has the history of its image', async () => {
  const { history } = await scene.daemon.call<{ history: { id: string; createdBy: string }[] }>(
    'HistoryImage',
    { name: list },
  );
  const theirs = await scene.store.podmanJson<{ id: string; CreatedBy: string }[]>(
    'history',
    '--format=json',
    list,
  );
  expect(history.map((step) => [step.id, step.createdBy])).toEqual(
    theirs.map((step) => [step.id, step.CreatedBy]),
  );
});

it('has the tree of its image', async () => {
  const { tree } = await scene.daemon.call<{ tree: string }>('ImageTree', {
    name: list,
    whatRequires: false,
  });
  expect(tree).toContain('Top Layer of: [localhost/base:1]');
});

it('is pushed as its image', async () => {
  const tag = `dir:${join(scene.store.directory, 'pushed')}`;
  const { reply } = await scene.daemon.call<{ reply: { id: string } }>('PushImage', {
    name: list,
    tag,
    compress: false,
    format: '',
    removeSignatures: false,
    signBy: '',
  });
  expect(reply.id).toBe(id);
  const manifest = await scene.store.skopeoOutput('inspect', '--raw', tag);
  expect((JSON.parse(manifest) as { config: { digest: string } }).config.digest).toBe(`sha256:${id}`);
});

it("is saved as its image, under the list's name as podman does", async () => {
  using caller = new OldClient(scene.daemon.address);
  const save = { name: list, output: '', outputType: '', moreTags: [], quiet: true, compress: false };
  const [last] = await caller.more('ImageSave', { options: { ...save, format: 'docker-archive' } });
  const ours = join(scene.store.directory, 'ours.tar');
  const theirs = join(scene.store.directory, 'theirs.tar');
  await writeFile(ours, (await caller.download(last?.parameters.reply.id ?? '', true)) ?? '');
  await scene.store.podmanOutput('save', '--quiet', '-o', theirs, list);
  const manifestOf = async (archive: string): Promise<unknown> =>
    JSON.parse(await output('tar', ['-xOf', archive, 'manifest.json']));
  expect(await manifestOf(ours)).toEqual(await manifestOf(theirs));
});

it.each(['InspectImage', 'HistoryImage'])(
  'that is empty says so to %s in the words of podman',
  async (method) => {
    const theirs = await scene.store.podman(['history', none]);
    const reason = theirs.stderr.replace(/^Error: /, '').trim();
    await expect(scene.daemon.call(method, { name: none })).rejects.toMatchObject({
      error: 'io.podman.ImageNotFound',
      parameters: { reason },
    });
  },
);

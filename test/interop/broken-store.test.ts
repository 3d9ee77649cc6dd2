// A store that cannot be read or has no room: calls fail with a message, the daemon and the store survive.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { output } from './support/process.js';
import { noise } from './support/rich-image.js';
import { exchangedFiles, OldClient, sendFile } from './support/old-client.js';
import { Scene } from './support/scene.js';
import { imageRecords, untidiness, unusedLayers } from './support/store-content.js';

jest.setTimeout(90_000);

describe('a store whose records are damaged', () => {
  let scene: Scene;
  let name: string;

  beforeEach(async () => {
    scene = await Scene.open();
    name = scene.serve('small', await buildImage({ layers: [[{ name: 'file', content: 'content' }]] }));
    await scene.daemon.pull(name);
  });

  afterEach(async () => {
    await scene.close();
  });

  it.each(['overlay-images/images.json', 'overlay-layers/layers.json'])(
    'fails the calls that need %s, says so, and works when it is repaired',
    async (file) => {
      const path = join(scene.store.root, file);
      const good = await readFile(path);
      await scene.restart();
      await writeFile(path, good.subarray(0, good.length - 20));
      for (const [method, parameters] of [
        ['ListImages', {}],
        ['PullImage', { name: scene.name('other') }],
        ['TagImage', { name, tagged: 'localhost/x:1' }],
      ] as const) {
        await expect(scene.daemon.call(method, parameters)).rejects.toMatchObject({
          error: 'io.podman.ErrorOccurred',
          reason: expect.stringContaining(path),
        });
      }
      await expect(scene.daemon.call('GetVersion')).resolves.toBeDefined();
      // Nothing was written over what cannot be read.
      expect(await readFile(path)).toEqual(good.subarray(0, good.length - 20));
      await writeFile(path, good);
      const { images } = await scene.daemon.call<{ images: unknown[] }>('ListImages');
      expect(images.length).toBe(1);
    },
  );

  it('fails the inspection of an image without its configuration, and still lists and removes it', async () => {
    const [record] = await imageRecords(scene.store.root);
    const id = record?.id ?? '';
    const config = `=${Buffer.from(`sha256:${id}`).toString('base64')}`;
    await removeTree(join(scene.store.root, 'overlay-images', id, config));
    await scene.restart();
    await expect(scene.daemon.call('InspectImage', { name })).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
    });
    await scene.daemon.call('RemoveImage', { name, force: true });
    expect(await imageRecords(scene.store.root)).toEqual([]);
  });
});

describe('a full disk', () => {
  let disk: string;
  let scene: Scene;

  beforeEach(async () => {
    disk = await temporaryDirectory('disk');
    await output('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'imaged-test', disk]);
    scene = await Scene.open({ root: join(disk, 'root') });
  });

  afterEach(async () => {
    await scene.close();
    await removeTree(disk);
  });

  it('fails saves, uploads and loads with a message that says so, and leaves nothing of them', async () => {
    const image = await buildImage({ layers: [[{ name: 'file', content: noise(9_000_000) }]] });
    const name = scene.serve('saved', image);
    await scene.daemon.pull(name);
    const options = { output: '', outputType: '', moreTags: [], quiet: false, compress: false };
    for (const format of ['docker-archive', 'docker-dir']) {
      const saving = scene.daemon.call('ImageSave', { options: { ...options, name, format } });
      await expect(saving).rejects.toMatchObject({
        reason: expect.stringMatching(new RegExp(`^unable to save "${name}": .*no space left on device`)),
      });
      expect(await exchangedFiles(scene.store.root)).toEqual([]);
    }
    using caller = new OldClient(scene.daemon.address);
    caller.send(sendFile(12_000_000));
    expect(await caller.next()).toEqual({
      error: 'io.podman.ErrorOccurred',
      parameters: { reason: '12000000 bytes cannot be taken: no space left on device' },
    });
    // There is room for two uploads, but not for both.
    using first = new OldClient(scene.daemon.address);
    using second = new OldClient(scene.daemon.address);
    const outcomes = await Promise.allSettled(
      [first, second].map((each) => each.upload(Buffer.alloc(5_000_000))),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await exchangedFiles(scene.store.root)).toHaveLength(1);
  });

  it('fails the pull with a message that says so, leaves nothing, and the next image fits', async () => {
    const layers = [[{ name: 'small', content: 'fits' }], [{ name: 'large', content: noise(20_000_000) }]];
    const name = scene.serve('large', await buildImage({ layers, compression: 'none' }));
    await expect(scene.daemon.pull(name)).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
      reason: expect.stringMatching(/no space left on device/i),
    });
    expect(await imageRecords(scene.store.root)).toEqual([]);
    expect(await unusedLayers(scene.store.root)).toEqual([]);
    expect(await untidiness(scene.store.root)).toEqual([]);
    expect(await scene.store.podmanOutput('images', '--quiet')).toBe('');

    const fits = scene.serve(
      'fits',
      await buildImage({ layers: [[{ name: 'file', content: noise(5_000_000) }]] }),
    );
    await scene.daemon.pull(fits);
    expect((await scene.store.podman(['image', 'exists', fits])).code).toBe(0);
  });

  it('does not keep images from being listed and removed', async () => {
    const fits = scene.serve(
      'fits',
      await buildImage({ layers: [[{ name: 'file', content: noise(5_000_000) }]] }),
    );
    await scene.daemon.pull(fits);
    // dd ends when the disk is full.
    await output('sh', ['-c', `dd if=/dev/zero of=${disk}/filler bs=64k 2>/dev/null; true`]);
    const { images } = await scene.daemon.call<{ images: unknown[] }>('ListImages');
    expect(images.length).toBe(1);
    await removeTree(join(disk, 'filler'));
    await scene.daemon.call('RemoveImage', { name: fits, force: false });
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chainIds, LayerMissingError, type Store } from '../../src/store/index.js';
import {
  addImage,
  openSettled,
  present,
  sampleImage,
  sampleLayer,
  staged,
  temporaryStore,
} from './sample.js';

let fixture: Awaited<ReturnType<typeof temporaryStore>>;
let root: string;
let store: Store;
beforeEach(async () => {
  fixture = await temporaryStore();
  root = fixture.options.graphRoot;
  store = await openSettled(fixture.options);
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

async function expectEmptyStore(): Promise<void> {
  const view = await store.view();
  expect([view.images, view.layers]).toEqual([[], []]);
  expect(await readdir(join(root, 'overlay'))).toEqual(['l']);
  expect(await readdir(join(root, 'overlay/l'))).toEqual([]);
  expect((await readdir(join(root, 'overlay-layers'))).filter((name) => name.endsWith('.gz'))).toEqual([]);
  expect(await readdir(join(root, 'overlay-layers/tmp')).catch(() => [])).toEqual([]);
}

describe('a commit that fails', () => {
  it('takes back the layers it had added', async () => {
    const layers = [await sampleLayer({ a: '1' }), await sampleLayer({ b: '2' })];
    const blocker = join(root, 'overlay-images', sampleImage(layers, []).id);
    await writeFile(blocker, 'a file where the data of the image should go');
    await expect(addImage(store, layers, ['localhost/x:1'])).rejects.toThrow('ENOTDIR');
    await expectEmptyStore();
    await rm(blocker, { force: true });
    await addImage(store, layers, ['localhost/x:1']);
    expect((await store.view()).layers).toHaveLength(2);
  });

  it('changes nothing if a layer was staged without its recipe', async () => {
    const layer = await sampleLayer({ a: '1' });
    const stage = await store.stageLayer();
    const commit = { layers: [{ ...present(layer), staged: stage }], image: sampleImage([layer], []) };
    await expect(store.commitImage(commit)).rejects.toThrow('ENOENT');
    await stage.discard();
    await expectEmptyStore();
  });

  it('leaves what is staged to another try when a layer below has gone', async () => {
    const base = await sampleLayer({ a: '1' });
    const top = await sampleLayer({ b: '2' });
    const { id } = await addImage(store, [base], ['localhost/base:1']);
    const layer = await staged(store, top);
    await store.deleteImage(id);
    const image = sampleImage([base, top], ['localhost/x:1']);
    const error = await store
      .commitImage({ layers: [present(base), layer], image })
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LayerMissingError);
    expect(error).toMatchObject({ index: 0, diffId: base.diffId });
    await store.commitImage({ layers: [await staged(store, base), layer], image });
    expect((await store.view()).chain(chainIds([base.diffId, top.diffId])[1])).toHaveLength(2);
  });

  it('is not begun when the signal is aborted', async () => {
    const image = sampleImage([], ['localhost/x:1']);
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(store.commitImage({ layers: [], image }, signal)).rejects.toThrow('gone');
    await expect(store.stageLayer(signal)).rejects.toThrow('gone');
    await expectEmptyStore();
  });
});

describe('several commits at once', () => {
  it('add a layer that they share once, and use up all that was staged', async () => {
    const base = await sampleLayer({ a: '1' });
    const tops = await Promise.all(['b', 'c', 'd', 'e'].map((name) => sampleLayer({ [name]: name })));
    await Promise.all(tops.map((top, index) => addImage(store, [base, top], [`localhost/x:${index}`])));
    const view = await store.view();
    expect([view.images.length, view.layers.length]).toEqual([4, 5]);
    expect(await readdir(join(root, 'overlay-layers/tmp'))).toEqual([]);
    expect(existsSync(join(root, 'overlay/tempdirs'))).toBe(false);
  });
});

describe('garbage where a layer should go', () => {
  it('is put away', async () => {
    const layer = await sampleLayer({ a: '1' });
    const [id = ''] = chainIds([layer.diffId]);
    await mkdir(join(root, 'overlay', id, 'diff', 'old'), { recursive: true });
    await addImage(store, [layer], ['localhost/x:1']);
    expect(await readdir(join(root, 'overlay', id, 'diff'))).toEqual(['a']);
    expect(await readdir(join(root, 'overlay'))).toHaveLength(2);
  });
});

describe('the next start after a crash', () => {
  /** What a process that died in the midst of a change would have noted. */
  async function note(...lines: string[]): Promise<void> {
    await mkdir(join(root, 'imaged'), { recursive: true });
    await writeFile(join(root, 'imaged', 'x.change'), lines.map((line) => `${line}\n`).join(''));
  }

  async function reopen(): Promise<readonly string[]> {
    await store.close();
    store = await openSettled(fixture.options);
    return await store.recovery;
  }

  it('removes noted layers and data that no image has', async () => {
    const layers = [await sampleLayer({ a: '1' }), await sampleLayer({ b: '2' })];
    const image = await addImage(store, layers, ['localhost/x:1']);
    const ids = chainIds(layers.map(({ diffId }) => diffId));
    await writeFile(join(root, 'overlay-images/images.json'), '[]');
    await note(...ids.map((id) => `layer ${id}`), `image ${image.id}`);
    expect(await reopen()).toEqual(ids.toReversed());
    await expectEmptyStore();
    expect(existsSync(join(root, 'overlay-images', image.id))).toBe(false);
    expect(await readdir(join(root, 'imaged'))).toEqual([]);
  });

  it('keeps noted layers and images that are in use', async () => {
    const base = await sampleLayer({ a: '1' });
    const image = await addImage(store, [base], ['localhost/x:1']);
    await note(`layer ${image.layer}`, `image ${image.id}`, 'layer ../../etc', 'nonsense');
    expect(await reopen()).toEqual([]);
    expect((await store.view()).chain(image.layer)).toHaveLength(1);
    expect(await store.imageData(image, 'manifest')).not.toHaveLength(0);
  });

  it('removes directories of noted layers that were never recorded', async () => {
    const id = 'e'.repeat(64);
    await mkdir(join(root, 'overlay', id, 'diff'), { recursive: true });
    await writeFile(join(root, 'overlay-layers', `${id}.tar-split.gz`), '');
    await note(`layer ${id}`);
    expect(await reopen()).toEqual([]);
    await expectEmptyStore();
  });

  it('removes incomplete layers, noted or not', async () => {
    const id = 'e'.repeat(64);
    await mkdir(join(root, 'overlay', id, 'diff'), { recursive: true });
    await writeFile(
      join(root, 'overlay-layers/layers.json'),
      JSON.stringify([{ id, flags: { incomplete: true } }]),
    );
    expect(await reopen()).toEqual([]);
    await expectEmptyStore();
  });
});

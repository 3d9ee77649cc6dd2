import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  chainIds,
  ImageConflictError,
  ImageUnknownError,
  LayerMissingError,
  type Store,
} from '../../src/store/index.js';
import {
  addImage,
  openSettled,
  present,
  sampleImage,
  sampleLayer,
  sha256,
  staged,
  temporaryStore,
} from './sample.js';

let fixture: Awaited<ReturnType<typeof temporaryStore>>;
let store: Store;
beforeEach(async () => {
  fixture = await temporaryStore();
  store = await openSettled(fixture.options);
});
afterEach(async () => {
  await store.close();
  await fixture.remove();
});

async function json(...path: string[]): Promise<Record<string, unknown>[]> {
  return JSON.parse(await readFile(join(fixture.options.graphRoot, ...path), 'utf8')) as Record<
    string,
    unknown
  >[];
}

describe('a new store', () => {
  it('is empty and has the directories other programs expect', async () => {
    const view = await store.view();
    expect(view.images).toEqual([]);
    expect((await readdir(fixture.options.graphRoot)).toSorted()).toEqual([
      'overlay',
      'overlay-containers',
      'overlay-images',
      'overlay-layers',
    ]);
    expect(await readdir(join(fixture.options.graphRoot, 'overlay'))).toEqual(['l']);
  });
});

describe('committing an image', () => {
  it('makes image, layers and data visible at once', async () => {
    const layers = [await sampleLayer({ 'etc/hello': 'hi' }), await sampleLayer({ two: '2' })];
    const image = await addImage(store, layers, ['localhost/x:1']);
    const view = await store.view();
    expect(view.images).toEqual([image]);
    expect(view.imageByName('localhost/x:1')).toBe(image);
    expect(view.imagesByIdPrefix(image.id.slice(0, 5))).toEqual([image]);
    expect(view.imagesByDigest(sha256(await store.imageData(image, 'manifest')))).toEqual([image]);
    const ids = chainIds(layers.map(({ diffId }) => diffId));
    expect(view.chain(image.layer).map(({ id }) => id)).toEqual(ids.toReversed());
    const top = view.layer(ids[1] as string);
    expect(top).toMatchObject({ parent: ids[0], diffSize: layers[1]?.tar.length, compression: 'gzip' });
    expect(await readFile(join(store.layerPaths(top as never).diff, 'two'), 'utf8')).toBe('2');
  });

  it('leaves no staging directory and no flag behind', async () => {
    await addImage(store, [await sampleLayer({ a: '1' }), await sampleLayer({ b: '2' })], ['localhost/x:1']);
    const { graphRoot } = fixture.options;
    const records = await json('overlay-layers', 'layers.json');
    const ids = records.map(({ id }) => id as string);
    expect(records.every((record) => !('flags' in record))).toBe(true);
    expect((await readdir(join(graphRoot, 'overlay'))).toSorted()).toEqual([...ids, 'l'].toSorted());
    expect((await readdir(join(graphRoot, 'overlay-layers'))).toSorted()).toEqual(
      [...ids.map((id) => `${id}.tar-split.gz`), 'layers.json', 'layers.lock', 'tmp'].toSorted(),
    );
    expect(await readdir(join(graphRoot, 'imaged'))).toEqual([]);
  });

  it('uses layers that are there and asks for those that are not', async () => {
    const base = await sampleLayer({ a: '1' });
    const top = await sampleLayer({ b: '2' });
    await addImage(store, [base], ['localhost/base:1']);
    const commit = {
      layers: [present(base), present(top)],
      image: sampleImage([base, top], ['localhost/two:1']),
    };
    await expect(store.commitImage(commit)).rejects.toThrow(LayerMissingError);
    const layers = [present(base), await staged(store, top)];
    const image = await store.commitImage({ ...commit, layers });
    expect((await store.view()).chain(image.layer)).toHaveLength(2);
    await layers[1]?.staged?.discard();
  });

  it('adds an image without layers', async () => {
    const image = await addImage(store, [], ['localhost/empty:1']);
    expect(image.layer).toBeUndefined();
    expect((await json('overlay-images', 'images.json'))[0]).not.toHaveProperty('layer');
  });

  it('merges names into an image that exists, new ones first', async () => {
    const layers = [await sampleLayer({ a: '1' })];
    const first = await addImage(store, layers, ['localhost/x:1']);
    const second = await addImage(store, layers, ['localhost/y:1']);
    expect(second).toMatchObject({ id: first.id, names: ['localhost/y:1', 'localhost/x:1'] });
    expect((await store.view()).images).toHaveLength(1);
  });

  it('takes the name from the image that had it, which remembers it', async () => {
    const layers = [await sampleLayer({ a: '1' })];
    const old = await addImage(store, layers, ['localhost/x:1'], 'old');
    const young = await addImage(store, layers, ['localhost/x:1'], 'young');
    const view = await store.view();
    expect(view.imageByName('localhost/x:1')?.id).toBe(young.id);
    expect(view.imageById(old.id)).toMatchObject({ names: [], namesHistory: ['localhost/x:1'] });
  });

  it('refuses an id that exists with other layers', async () => {
    const layers = [await sampleLayer({ a: '1' })];
    const image = await addImage(store, layers, ['localhost/x:1']);
    const other = await sampleLayer({ b: '1' });
    const layer = await staged(store, other);
    await expect(
      store.commitImage({ layers: [layer], image: { ...sampleImage(layers, []), id: image.id } }),
    ).rejects.toThrow(ImageConflictError);
    await layer.staged?.discard();
    expect((await store.view()).layers).toHaveLength(1);
  });
});

describe('names', () => {
  it('appends a tag and keeps the history newest first', async () => {
    const { id } = await addImage(store, [], ['localhost/x:1']);
    const tagged = await store.addName(id, 'localhost/y:1');
    expect(tagged.names).toEqual(['localhost/x:1', 'localhost/y:1']);
    expect(tagged.namesHistory).toEqual(['localhost/y:1', 'localhost/x:1']);
    const untagged = await store.removeName(id, 'localhost/x:1');
    expect(untagged.names).toEqual(['localhost/y:1']);
    expect((await store.removeName(id, 'localhost/y:1')).names).toEqual([]);
  });

  it('that an image has already change nothing', async () => {
    const image = await addImage(store, [], ['localhost/x:1']);
    const view = await store.view();
    expect(await store.addName(image.id, 'localhost/x:1')).toBe(image);
    expect(await store.removeName(image.id, 'localhost/y:1')).toBe(image);
    expect(await store.view()).toBe(view);
  });

  it('are not given to an image that does not exist', async () => {
    await expect(store.addName('0'.repeat(64), 'localhost/x:1')).rejects.toThrow(ImageUnknownError);
  });
});

describe('deleting an image', () => {
  it('removes the layers nobody else needs', async () => {
    const base = await sampleLayer({ a: '1' });
    const keep = await addImage(store, [base], ['localhost/base:1']);
    const { id } = await addImage(store, [base, await sampleLayer({ b: '2' })], ['localhost/two:1']);
    expect(await store.deleteImage(id)).toHaveLength(1);
    const view = await store.view();
    expect(view.images.map(({ id }) => id)).toEqual([keep.id]);
    expect(view.layers).toHaveLength(1);
    await store.deleteImage(keep.id);
    const { graphRoot } = fixture.options;
    expect(await readdir(join(graphRoot, 'overlay'))).toEqual(['l']);
    expect(await readdir(join(graphRoot, 'overlay', 'l'))).toEqual([]);
    expect((await readdir(join(graphRoot, 'overlay-images'))).toSorted()).toEqual([
      'images.json',
      'images.lock',
    ]);
    expect((await readdir(join(graphRoot, 'overlay-layers'))).toSorted()).toEqual([
      'layers.json',
      'layers.lock',
      'tmp',
    ]);
  });
});

describe('a view', () => {
  it('is the same object until something changes', async () => {
    const { id } = await addImage(store, [], ['localhost/x:1']);
    const view = await store.view();
    expect(await store.view()).toBe(view);
    await store.addName(id, 'localhost/y:1');
    const next = await store.view();
    expect(next).not.toBe(view);
    expect(view.imageById(id)?.names).toEqual(['localhost/x:1']);
  });
});

// ImageTree and the maps of layers, beside what podman draws and what the store says.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { noise } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { layerRecords, type LayerRecord } from './support/store-content.js';

jest.setTimeout(120_000);

const base = [{ name: 'base', content: noise(3_000_000) }];
const layer = (name: string): { name: string }[] => [{ name }];

let scene: Scene;

/** A base with a tree on it: base ← one ← (two, three ← four), and an image without layers. */
beforeAll(async () => {
  scene = await Scene.open();
  const one = [base, layer('one')];
  const images = {
    base: [base],
    two: [...one, layer('two')],
    four: [...one, layer('three'), layer('four')],
    bare: [],
  };
  for (const [name, layers] of Object.entries(images))
    await scene.daemon.pull(scene.serve(name, await buildImage({ layers })));
  await scene.store.podmanOutput('tag', scene.name('two'), 'localhost/also:2');
});

afterAll(async () => {
  await scene?.close();
});

async function tree(name: string, whatRequires: boolean): Promise<string> {
  return (await scene.daemon.call<{ tree: string }>('ImageTree', { name, whatRequires })).tree;
}

async function layerMap(): Promise<Record<string, Layer>> {
  const { layerMap: text } = await scene.daemon.call<{ layerMap: string }>('GetLayersMapWithImageInfo');
  return JSON.parse(text) as Record<string, Layer>;
}

interface Layer {
  readonly ID: string;
  readonly ParentID: string;
  readonly ChildID: readonly string[] | null;
  readonly RepoTags: readonly string[] | null;
  readonly Size: number;
}

/** The short ids of the layers with these names, as the trees have them. */
async function shortIds(): Promise<Record<string, string>> {
  const map = await layerMap();
  const named = (name: string): Layer | undefined =>
    Object.values(map).find(({ RepoTags }) => RepoTags?.includes(scene.name(name)));
  const ids: Record<string, string | undefined> = {
    base: named('base')?.ID,
    one: named('two')?.ParentID,
    two: named('two')?.ID,
    three: named('four')?.ParentID,
    four: named('four')?.ID,
  };
  return Object.fromEntries(Object.entries(ids).map(([name, id = '']) => [name, id.slice(0, 12)]));
}

describe('ImageTree', () => {
  it.each(['base', 'two', 'four', 'bare'])('draws %s as podman does, with one more blank', async (name) => {
    const theirs = await scene.store.podmanOutput('image', 'tree', scene.name(name));
    expect((await tree(scene.name(name), false)).replaceAll('──  ID', '── ID').trimEnd()).toBe(
      theirs.trimEnd(),
    );
  });

  it('draws the layers of an image, base first', async () => {
    const { base: first, one, two } = await shortIds();
    const { image } = await scene.daemon.call<{ image: { id: string } }>('GetImage', {
      id: scene.name('two'),
    });
    expect(await tree('two:1', false)).toBe(
      `Image ID: ${image.id.slice(0, 12)}
Tags:     [${scene.name('two')} localhost/also:2]
Size:     3.007MB
Image Layers
├──  ID: ${first} Size: 3.002MB Top Layer of: [${scene.name('base')}]
├──  ID: ${one} Size: 1.536kB
└──  ID: ${two} Size: 1.536kB Top Layer of: [${scene.name('two')} localhost/also:2]
`,
    );
  });

  it('draws what stands on an image, each branch below its beginning', async () => {
    const { base: first, one, two, three, four } = await shortIds();
    const drawn = (await tree('base:1', true)).split('\n').slice(4);
    const [below, ...rest] = drawn;
    expect(below).toContain(`├── ID: ${first} Size: 3.002MB`);
    expect(rest).toEqual([
      `└── ID: ${one} Size: 1.536kB`,
      ` ├── ID: ${two} Size: 1.536kB Top Layer of: [${scene.name('two')} localhost/also:2]`,
      ` ├── ID: ${three} Size: 1.536kB`,
      ` └── ID: ${four} Size: 1.536kB Top Layer of: [${scene.name('four')}]`,
      '',
    ]);
  });

  it('knows no image by a wrong name', async () => {
    for (const method of ['ImageTree', 'BuildImageHierarchyMap'])
      await expect(scene.daemon.call(method, { name: 'nothing' })).rejects.toMatchObject({
        error: 'io.podman.ImageNotFound',
      });
  });
});

describe('GetLayersMapWithImageInfo', () => {
  it('has every layer of the store with parent, children, names and size, in the order of ids', async () => {
    const records = await layerRecords(scene.store.root);
    const map = await layerMap();
    expect(Object.keys(map)).toEqual([
      '',
      ...records.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)),
    ]);
    expect(map['']).toEqual({ ID: '', ParentID: '', ChildID: null, RepoTags: [scene.name('bare')], Size: 0 });
    for (const record of records) {
      const { ID, ParentID, ChildID, Size } = map[record.id] as Layer;
      const children = records.filter(({ parent }) => parent === record.id).map(({ id }) => id);
      expect({ ID, ParentID, ChildID, Size }).toEqual({
        ID: record.id,
        ParentID: record.parent ?? '',
        ChildID: children.length === 0 ? null : children,
        Size: (record as LayerRecord & { 'diff-size': number })['diff-size'],
      });
    }
    expect(records.length).toBe(5);
  });

  it('has containers of buildah while they are there', async () => {
    const container = await scene.store.buildahOutput('from', '--pull-never', scene.name('four'));
    const ids = (await layerRecords(scene.store.root)).map(({ id }) => id);
    expect(Object.keys(await layerMap()).length).toBe(7);
    await scene.store.buildahOutput('rm', container);
    expect(Object.keys(await layerMap()).length).toBe(6);
    expect(ids.length).toBe(6);
  });
});

describe('BuildImageHierarchyMap', () => {
  it('has the layers of an image, base first, as the map of all layers has them', async () => {
    const { imageInfo } = await scene.daemon.call<{ imageInfo: string }>('BuildImageHierarchyMap', {
      name: 'also:2',
    });
    const { image } = await scene.daemon.call<{ image: { id: string; topLayer: string } }>('GetImage', {
      id: 'also:2',
    });
    const map = await layerMap();
    const two = map[image.topLayer];
    const one = map[two?.ParentID ?? ''];
    expect(imageInfo).toBe(
      JSON.stringify({
        ID: image.id,
        Tags: [scene.name('two'), 'localhost/also:2'],
        Layers: [map[one?.ParentID ?? ''], one, two],
      }),
    );
  });

  it('has null for the layers of an image that has none', async () => {
    const { imageInfo } = await scene.daemon.call<{ imageInfo: string }>('BuildImageHierarchyMap', {
      name: 'bare:1',
    });
    expect(JSON.parse(imageInfo)).toMatchObject({ Tags: [scene.name('bare')], Layers: null });
  });
});

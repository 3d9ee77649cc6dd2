import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ImageDataError,
  LockTimeoutError,
  openStore,
  ReadOnlyImageError,
  StoreUnreadableError,
  UnsupportedStoreError,
  type Store,
} from '../../src/store/index.js';
import { addImage, openSettled, sampleImage, sampleLayer, staged, temporaryStore } from './sample.js';

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

const id = (digit: string): string => digit.repeat(64);

/** Replaces a file as other programs do. */
async function replace(path: string, content: unknown): Promise<void> {
  const target = join(root, path);
  await writeFile(`${target}.new`, JSON.stringify(content));
  await rename(`${target}.new`, target);
}

async function records(path: string): Promise<Record<string, unknown>[]> {
  return JSON.parse(await readFile(join(root, path), 'utf8')) as Record<string, unknown>[];
}

/** Another process that holds the POSIX write lock of a lock file of the store. */
async function lockHolder(path: string): Promise<() => Promise<void>> {
  const script = `import fcntl, sys
f = open(${JSON.stringify(join(root, path))}, 'a+')
fcntl.lockf(f, fcntl.LOCK_EX)
print('held', flush=True)
sys.stdin.read()`;
  const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

describe('what other programs wrote', () => {
  it('is seen at the next view, and only what changed becomes a new object', async () => {
    await replace('overlay-images/images.json', [{ id: id('a'), names: ['localhost/a:1'] }, { id: id('b') }]);
    const before = await store.view();
    await replace('overlay-images/images.json', [
      { id: id('a'), names: ['localhost/a:1'] },
      { id: id('b'), names: ['localhost/b:1'] },
    ]);
    const after = await store.view();
    expect(after.imageById(id('a'))).toBe(before.imageById(id('a')));
    expect(after.imageByName('localhost/b:1')?.id).toBe(id('b'));
    expect(before.imageByName('localhost/b:1')).toBeUndefined();
  });

  it('stays as it is, unknown fields, strange records and order included', async () => {
    const strange = { id: '', future: [1] };
    const foreign = {
      id: id('a'),
      names: ['localhost/a:1'],
      created: '2020-01-01T00:00:00Z',
      future: { x: [null] },
    };
    await replace('overlay-images/images.json', [
      strange,
      foreign,
      { id: id('b'), created: '2020-01-01T00:00:00Z' },
    ]);
    await store.addName(id('b'), 'localhost/b:1');
    const after = await records('overlay-images/images.json');
    expect(after.slice(0, 2)).toEqual([strange, foreign]);
    await store.addName(id('b'), 'localhost/a:1');
    expect((await records('overlay-images/images.json'))[1]).toEqual({
      id: id('a'),
      created: '2020-01-01T00:00:00Z',
      future: { x: [null] },
    });
  });

  it('may be of any type: what makes no sense counts as absent', async () => {
    await replace('overlay-images/images.json', [
      { id: id('a'), names: null, layer: 7, 'big-data-sizes': null, 'mapped-layers': 'x', created: null },
    ]);
    expect((await store.view()).imageById(id('a'))).toMatchObject({
      names: [],
      layer: undefined,
      mappedLayers: [],
    });
  });

  it('is a name of two images: the later one has it', async () => {
    await replace('overlay-images/images.json', [
      { id: id('a'), names: ['localhost/x:1'] },
      { id: id('b'), names: ['localhost/x:1'] },
    ]);
    expect((await store.view()).imageByName('localhost/x:1')?.id).toBe(id('b'));
  });

  it('is found by a unique beginning of the id, and by all that fit', async () => {
    await replace('overlay-images/images.json', [{ id: id('a') }, { id: `ab${id('a').slice(2)}` }]);
    const view = await store.view();
    expect(view.imagesByIdPrefix('ab')).toHaveLength(1);
    expect(view.imagesByIdPrefix('a')).toHaveLength(2);
    expect(view.imagesByIdPrefix('c')).toEqual([]);
  });

  it('hides layers that are incomplete, which the next writer of layers removes', async () => {
    await addImage(store, [await sampleLayer({ a: '1' })], ['localhost/x:1']);
    const [whole] = await records('overlay-layers/layers.json');
    await mkdir(join(root, 'overlay', id('d'), 'diff'), { recursive: true });
    await writeFile(join(root, 'overlay', id('d'), 'link'), 'ABCDEF');
    await writeFile(join(root, 'overlay', 'l', 'ABCDEF'), '');
    await writeFile(join(root, 'overlay-layers', `${id('d')}.tar-split.gz`), '');
    await replace('overlay-layers/layers.json', [whole, { id: id('d'), flags: { incomplete: true } }]);
    expect((await store.view()).layers.map((layer) => layer.id)).toEqual([whole?.['id']]);
    await addImage(store, [await sampleLayer({ b: '1' })], ['localhost/y:1']);
    expect(await readdir(join(root, 'overlay'))).not.toContain(id('d'));
    expect(await readdir(join(root, 'overlay', 'l'))).not.toContain('ABCDEF');
    expect(await readdir(join(root, 'overlay-layers'))).not.toContain(`${id('d')}.tar-split.gz`);
    expect((await records('overlay-layers/layers.json')).map((record) => record['id'])).not.toContain(
      id('d'),
    );
  });

  it('counts layers and containers of the volatile files, which go back to where they came from', async () => {
    await addImage(store, [await sampleLayer({ a: '1' })], ['localhost/x:1']);
    const image = (await store.view()).imageByName('localhost/x:1');
    await writeFile(
      join(root, 'overlay-layers/volatile-layers.json'),
      JSON.stringify([
        { id: id('c'), parent: image?.layer },
        { id: id('d'), flags: { incomplete: true } },
      ]),
    );
    await writeFile(
      join(root, 'overlay-containers/volatile-containers.json'),
      JSON.stringify([{ id: id('e'), image: image?.id, layer: id('c') }]),
    );
    const view = await store.view();
    expect(view.layer(id('c'))?.parent).toBe(image?.layer);
    expect(view.containersOf(image?.id ?? '')).toHaveLength(1);
    await addImage(store, [await sampleLayer({ b: '1' })], ['localhost/y:1']);
    expect(await records('overlay-layers/volatile-layers.json')).toEqual([
      { id: id('c'), parent: image?.layer },
    ]);
    expect(await records('overlay-layers/layers.json')).toHaveLength(2);
  });

  it('is refused with the name of the file when it is damaged', async () => {
    await writeFile(join(root, 'overlay-images/images.json'), '[{"id":');
    await expect(store.view()).rejects.toThrow(StoreUnreadableError);
    await expect(store.view()).rejects.toThrow(join(root, 'overlay-images/images.json'));
    await writeFile(join(root, 'overlay-images/images.json'), '');
    expect((await store.view()).images).toEqual([]);
  });

  it('names data that is missing or cut off', async () => {
    const image = await addImage(store, [], ['localhost/x:1']);
    await writeFile(join(root, 'overlay-images', image.id, 'manifest'), 'short');
    await expect(store.imageData(image, 'manifest')).rejects.toThrow(
      /"manifest": has 5 bytes instead of \d+/,
    );
    await expect(store.imageData(image, 'other')).rejects.toThrow(ImageDataError);
  });
});

describe('while another process holds a lock', () => {
  it('views are still to be had', async () => {
    const release = await lockHolder('overlay-layers/layers.lock');
    await replace('overlay-images/images.json', [{ id: id('a') }]);
    expect((await store.view()).images).toHaveLength(1);
    await release();
  });

  it('changes wait, until they may or their time is over or they are cancelled', async () => {
    await replace('overlay-images/images.json', [{ id: id('a') }]);
    const release = await lockHolder('overlay-images/images.lock');
    const impatient = await openStore({ ...fixture.options, lockTimeoutMs: 30 });
    await expect(impatient.addName(id('a'), 'localhost/a:1')).rejects.toThrow(LockTimeoutError);
    await impatient.close();
    const cancelled = store.addName(id('a'), 'localhost/a:1', AbortSignal.timeout(30));
    await expect(cancelled).rejects.toThrow(/timeout/);
    const waiting = store.addName(id('a'), 'localhost/a:1');
    await release();
    expect((await waiting).names).toEqual(['localhost/a:1']);
  });
});

describe('an additional store', () => {
  let second: Store;
  let own: string;
  beforeEach(async () => {
    own = await mkdtemp(join(tmpdir(), 'imaged-own-'));
    second = await openSettled({
      ...fixture.options,
      graphRoot: join(own, 'root'),
      runRoot: join(own, 'run'),
      additionalImageStores: [root],
    });
  });
  afterEach(async () => {
    await second.close();
    await rm(own, { recursive: true, force: true });
  });

  it('is listed behind the own images and never written', async () => {
    const foreign = await addImage(store, [await sampleLayer({ a: '1' })], ['localhost/x:1']);
    const mine = await addImage(second, [await sampleLayer({ b: '1' })], ['localhost/y:1']);
    const view = await second.view();
    expect(view.images.map((image) => [image.id, image.readOnly])).toEqual([
      [mine.id, false],
      [foreign.id, true],
    ]);
    const [, listed] = view.images;
    expect(JSON.parse((await second.imageData(listed as never, 'manifest')).toString())).toHaveProperty(
      'config',
    );
    await expect(second.deleteImage(foreign.id)).rejects.toThrow(ReadOnlyImageError);
    await expect(second.removeName(foreign.id, 'localhost/x:1')).rejects.toThrow(ReadOnlyImageError);
  });

  it('lends its layers: a new one stands on them by their short name', async () => {
    const base = await sampleLayer({ a: '1' });
    const top = await sampleLayer({ b: '1' });
    const foreign = await addImage(store, [base], ['localhost/x:1']);
    const layers = [{ ...(await staged(second, base)), staged: undefined }, await staged(second, top)];
    const image = await second.commitImage({ layers, image: sampleImage([base, top], ['localhost/y:1']) });
    const link = await readFile(join(root, 'overlay', foreign.layer ?? '', 'link'), 'utf8');
    expect(await readFile(join(own, 'root/overlay', image.layer ?? '', 'lower'), 'utf8')).toBe(`l/${link}`);
    await second.deleteImage(image.id);
    expect((await second.view()).layers.map((layer) => layer.root)).toEqual([root]);
  });

  it('lends its image to whoever names it', async () => {
    const foreign = await addImage(store, [await sampleLayer({ a: '1' })], ['localhost/x:1']);
    expect(await second.addName(foreign.id, 'localhost/x:1')).toMatchObject({ readOnly: true });
    const mine = await second.addName(foreign.id, 'localhost/y:1');
    expect(mine).toEqual({
      ...foreign,
      names: ['localhost/x:1', 'localhost/y:1'],
      namesHistory: ['localhost/y:1', 'localhost/x:1'],
      root: join(own, 'root'),
    });
    expect(await second.imageData(mine, 'manifest')).toEqual(await store.imageData(foreign, 'manifest'));
    await second.deleteImage(foreign.id);
    expect((await second.view()).images).toMatchObject([{ id: foreign.id, readOnly: true }]);
    expect((await second.view()).chain(foreign.layer)).toHaveLength(1);
  });

  it('gives way to the own image of the same id', async () => {
    const layers = [await sampleLayer({ a: '1' })];
    await addImage(store, layers, ['localhost/x:1']);
    const mine = await addImage(second, layers, ['localhost/y:1']);
    const view = await second.view();
    expect(view.images).toEqual([mine]);
    expect(view.imageByName('localhost/x:1')).toBe(mine);
  });
});

describe('a store that cannot be written', () => {
  it('is read, and says why it is not written', async () => {
    await addImage(store, [], ['localhost/x:1']);
    const reason = 'its driver is special';
    const closed = await openSettled({ ...fixture.options, readOnlyReason: reason });
    const view = await closed.view();
    const [image] = view.images;
    expect(view.images).toHaveLength(1);
    const attempts = [
      () => closed.stageLayer(),
      () => closed.addName(image?.id ?? '', 'localhost/y:1'),
      () => closed.deleteImage(image?.id ?? ''),
      () => closed.commitImage({ layers: [], image: sampleImage([], []) }),
    ];
    for (const attempt of attempts)
      await expect(attempt()).rejects.toThrow(`${root} cannot be written: ${reason}`);
    await closed.close();
  });

  it('is one that was made with a mount program', async () => {
    await writeFile(join(root, 'overlay/.has-mount-program'), 'true');
    const opened = await openSettled(fixture.options);
    await expect(opened.stageLayer()).rejects.toThrow(UnsupportedStoreError);
    await opened.close();
  });

  it('is refused at once if its directories cannot be made', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(openStore({ ...fixture.options, graphRoot: join(root, 'file') })).rejects.toThrow(
      StoreUnreadableError,
    );
  });
});

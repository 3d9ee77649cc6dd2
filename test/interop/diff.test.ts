// Diff beside podman's, on one store: images, containers of podman and buildah, layers.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { DiffInfo } from '../../src/generated/io-podman.js';
import { buildImage, type SampleEntry } from '../peers/sample-image.js';
import { output } from './support/process.js';
import { Scene } from './support/scene.js';
import { layerRecords } from './support/store-content.js';

jest.setTimeout(120_000);

const directory = (name: string, more: Partial<SampleEntry> = {}): SampleEntry => ({
  name: `${name}/`,
  type: 'directory',
  mode: 0o755,
  ...more,
});

const base: readonly SampleEntry[] = [
  directory('etc'),
  directory('gone'),
  directory('opaque'),
  directory('same'),
  directory('same/deep'),
  directory('to-file'),
  { name: 'etc/changed', content: 'before' },
  { name: 'etc/hosts', content: 'left out' },
  { name: 'etc/mode', mode: 0o644, content: 'the same' },
  { name: 'etc/removed', content: 'x' },
  { name: 'gone/inside', content: 'x' },
  { name: 'opaque/again', content: 'x' },
  { name: 'opaque/hidden', content: 'x' },
  { name: 'same/deep/file', content: 'x' },
  { name: 'to-directory', content: 'x' },
  { name: 'to-file/inside', content: 'x' },
];

const top: readonly SampleEntry[] = [
  directory('etc'),
  directory('opaque'),
  directory('fresh'),
  { name: '.wh.gone' },
  { name: 'etc/.wh.removed' },
  { name: 'etc/.wh.never-there' },
  { name: 'etc/changed', content: 'after' },
  { name: 'etc/hosts', content: 'left out still' },
  { name: 'etc/mode', mode: 0o600, content: 'the same' },
  { name: 'fresh/.wh..wh..opq' },
  { name: 'fresh/hard', content: 'two names' },
  { name: 'fresh/link', type: 'link', linkname: 'fresh/hard' },
  { name: 'opaque/.wh..wh..opq' },
  { name: 'opaque/again', content: 'y' },
  { name: 'opaque/new', content: 'y' },
  { name: 'same/deep/new\nline', content: 'y' },
  { name: 'to-file', content: 'y' },
];

/** What a command in a container may do to its files. */
const changeAll = [
  'mkdir -p same/a/b && echo 1 > same/a/b/c',
  'rm -r opaque && mkdir opaque && echo 1 > opaque/other',
  'printf x > "$(printf \'no\\377utf\\342\\202-8 \\360\\237\\220\\263\')"',
  'mv fresh/hard fresh/moved',
  'chmod 700 etc/changed && chown 3 to-file',
  'ln -s /etc etc/link && mkfifo etc/pipe',
];

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
  await scene.daemon.pull(scene.serve('two', await buildImage({ layers: [base, top] })));
  await scene.daemon.pull(scene.serve('bare', await buildImage({ layers: [] })));
});

afterAll(async () => {
  await scene?.close();
});

async function diff(name: string): Promise<readonly DiffInfo[]> {
  return (await scene.daemon.call<{ diffs: readonly DiffInfo[] }>('Diff', { name })).diffs;
}

/** What podman finds, as it finds it: by kind of change. */
async function podmanDiff(...command: readonly string[]): Promise<object> {
  const {
    added = [],
    changed = [],
    deleted = [],
  } = await scene.store.podmanJson<Partial<Record<'added' | 'changed' | 'deleted', string[]>>>(
    ...command,
    '--format',
    'json',
  );
  return { added, changed, deleted };
}

/** The same of ours. */
async function byKind(name: string): Promise<object> {
  const diffs = await diff(name);
  const paths = (kind: string): string[] =>
    diffs.filter(({ changeType }) => changeType === kind).map(({ path }) => path);
  return { added: paths('A'), changed: paths('C'), deleted: paths('D') };
}

/** Makes all the changes in a mounted container. */
async function change(place: string): Promise<void> {
  for (const command of changeAll) await output('sh', ['-c', command], { cwd: place });
}

describe('Diff', () => {
  it('gives what podman gives for an image, in its order', async () => {
    const name = scene.name('two');
    expect(await byKind(name)).toEqual(await podmanDiff('image', 'diff', name));
    expect(await diff(name)).toEqual([
      { path: '/etc/changed', changeType: 'C' },
      { path: '/etc/mode', changeType: 'C' },
      { path: '/etc', changeType: 'C' },
      { path: '/etc/never-there', changeType: 'D' },
      { path: '/etc/removed', changeType: 'D' },
      { path: '/fresh', changeType: 'A' },
      { path: '/fresh/hard', changeType: 'A' },
      { path: '/fresh/link', changeType: 'A' },
      { path: '/gone', changeType: 'D' },
      { path: '/opaque', changeType: 'D' },
      { path: '/opaque/again', changeType: 'C' },
      { path: '/opaque/new', changeType: 'A' },
      { path: '/same', changeType: 'C' },
      { path: '/same/deep', changeType: 'C' },
      { path: '/same/deep/new\nline', changeType: 'A' },
      { path: '/to-file', changeType: 'C' },
    ]);
  });

  it('gives what podman gives for each layer, by the beginning of its id: all of a base is added', async () => {
    const layers = await layerRecords(scene.store.root);
    expect(layers.map(({ parent }) => parent === undefined)).toEqual([true, false]);
    const kinds = (await diff(layers[0]?.id ?? '')).map(({ changeType }) => changeType);
    expect(new Set(kinds)).toEqual(new Set(['A']));
    for (const { id } of layers) {
      expect(await byKind(id.slice(0, 12))).toEqual(await podmanDiff('diff', id.slice(0, 12)));
    }
  });

  it("gives what podman gives for buildah's container, mounted, with names of any bytes", async () => {
    const { store } = scene;
    const container = await store.buildahOutput('from', '--pull-never', scene.name('two'));
    try {
      await change(await store.buildahOutput('mount', container));
      const expected = await podmanDiff('diff', container);
      expect(await byKind(container)).toEqual(expected);
      expect(expected).toMatchObject({
        added: expect.arrayContaining(['/no\ufffdutf\ufffd\ufffd-8 🐳', '/etc/pipe']),
        deleted: ['/fresh/hard', '/opaque'],
      });
    } finally {
      await store.buildahOutput('rm', container);
    }
  });

  it("gives what podman gives for podman's container, by name, id and the beginning of its id", async () => {
    const { store } = scene;
    const id = await store.podmanOutput('create', '--name', 'changed', scene.name('two'), '/bin/true');
    try {
      await change(await store.podmanOutput('mount', 'changed'));
      await store.podmanOutput('unmount', 'changed');
      const expected = await podmanDiff('diff', 'changed');
      for (const name of ['changed', id, id.slice(0, 12)]) expect(await byKind(name)).toEqual(expected);
    } finally {
      await store.podmanOutput('rm', 'changed');
    }
  });

  it('tells of directories in the place of files and links, where podman fails or follows', async () => {
    const { store } = scene;
    const entries: readonly SampleEntry[] = [
      directory('inside'),
      { name: 'inside/file', content: 'the image has it behind the link' },
      directory('outside'),
      { name: 'outside/passwd', content: 'the host has it behind the link' },
      directory('to-directory'),
      { name: 'to-directory/file', content: 'x' },
    ];
    const links: readonly SampleEntry[] = [
      { name: 'inside', type: 'symlink', linkname: 'same/deep' },
      { name: 'outside', type: 'symlink', linkname: '/etc' },
    ];
    const name = scene.serve('typed', await buildImage({ layers: [[...base, ...links], entries] }));
    await scene.daemon.pull(name);
    expect((await store.podman(['image', 'diff', name])).stderr).toContain('not a directory');
    expect(await diff(name)).toEqual([
      { path: '/inside', changeType: 'C' },
      { path: '/inside/file', changeType: 'A' },
      { path: '/outside', changeType: 'C' },
      { path: '/outside/passwd', changeType: 'A' },
      { path: '/to-directory', changeType: 'C' },
      { path: '/to-directory/file', changeType: 'A' },
    ]);
  });

  it('says so where there is nothing to compare', async () => {
    const { error, reason } = await failure('no-such-thing');
    expect(error).toBe('io.podman.ImageNotFound');
    expect(reason).toBe('layer, image, or container no-such-thing does not exist');
    expect(await failure('')).toMatchObject({ error: 'io.podman.ImageNotFound' });
    expect(await failure(scene.name('bare'))).toMatchObject({
      error: 'io.podman.ErrorOccurred',
      reason: 'layer not known',
    });
    expect((await scene.store.podman(['image', 'diff', scene.name('bare')])).stderr).toContain(
      'layer not known',
    );
  });

  it('leaves no file of a layer open, whether it ends, fails, or its caller leaves', async () => {
    const name = scene.serve('lost', await buildImage({ layers: [[{ name: 'lost', content: 'x' }]] }));
    const id = await scene.daemon.pull(name);
    const lost = (await layerRecords(scene.store.root)).at(-1)?.id ?? '';
    await rm(join(scene.store.root, 'overlay', lost, 'diff'), { recursive: true });
    expect((await failure(id)).reason).toContain(lost);
    const leaving = await scene.daemon.connect();
    leaving.send({ method: 'io.podman.Diff', parameters: { name: scene.name('two') } });
    leaving.close();
    await diff(scene.name('two'));
    expect((await scene.daemon.descriptors()).filter((path) => path.includes('/overlay/'))).toEqual([]);
  });
});

async function failure(name: string): Promise<{ error: string; reason: string }> {
  try {
    await diff(name);
  } catch (error) {
    return error as { error: string; reason: string };
  }
  throw new Error(`${name} was compared`);
}

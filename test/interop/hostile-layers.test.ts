// Layers made to break out of the store, pulled from a registry: refused or contained, never effective.
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage, buildTar, type SampleEntry, type SampleImage } from '../peers/sample-image.js';
import { temporaryDirectory } from './support/files.js';
import { Scene } from './support/scene.js';
import { imageRecords, layerRecords, untidiness, unusedLayers } from './support/store-content.js';
import { describeTree } from './support/tree.js';

jest.setTimeout(90_000);

let scene: Scene;
/** A directory of the host that no layer may touch. */
let outside: string;
const up = '../'.repeat(30);

beforeAll(async () => {
  scene = await Scene.open();
  outside = await temporaryDirectory('outside');
});

afterAll(async () => {
  await scene?.close();
  await rm(outside, { recursive: true, force: true });
});

/** Nothing was written where the layer wanted to, and the store has nothing it should not. */
async function expectContained(): Promise<void> {
  expect(existsSync(join(outside, 'escaped'))).toBe(false);
  expect(await untidiness(scene.store.root)).toEqual([]);
}

let served = 0;

function serve(image: SampleImage): string {
  served += 1;
  return scene.serve(`hostile-${served}`, image);
}

/** Entries that would write `escaped` outside, by hazard. */
const refused: readonly (readonly [string, () => SampleEntry[]])[] = [
  ['a name that climbs', () => [{ name: `${up}${outside.slice(1)}/escaped`, content: 'x' }]],
  [
    'a name that climbs out of a directory',
    () => [
      { name: 'a/', type: 'directory' },
      { name: `a/../${up}${outside.slice(1)}/escaped`, content: 'x' },
    ],
  ],
  [
    'a hard link to a file of the host',
    () => [{ name: 'passwd', type: 'link', linkname: `${up}etc/passwd` }],
  ],
  [
    'a hard link through a symbolic link',
    () => [
      { name: 'etc', type: 'symlink', linkname: '/etc' },
      { name: 'passwd', type: 'link', linkname: 'etc/passwd' },
    ],
  ],
  ['a hard link to nothing', () => [{ name: 'link', type: 'link', linkname: 'nothing' }]],
  ['a whiteout of the directory above', () => [{ name: 'a/.wh...' }]],
  [
    'two entries of one name',
    () => [
      { name: 'same', content: 'one' },
      { name: './same', content: 'two' },
    ],
  ],
  [
    'a device that is a whiteout to the kernel',
    () => [{ name: 'hole', type: 'character-device', devmajor: 0, devminor: 0 }],
  ],
  ['a component longer than a file name may be', () => [{ name: 'x'.repeat(300), content: 'x' }]],
];

/** Entries that are harmless when they are taken to be inside the layer: what appears there, by hazard. */
const contained: readonly (readonly [string, () => SampleEntry[], () => string])[] = [
  ['an absolute name', () => [{ name: `${outside}/escaped`, content: 'x' }], () => `${outside}/escaped`],
  [
    'a file through an absolute symbolic link',
    () => [
      { name: 'way', type: 'symlink', linkname: outside },
      { name: `${outside.slice(1)}/`, type: 'directory' },
      { name: 'way/escaped', content: 'x' },
    ],
    () => `${outside}/escaped`,
  ],
  [
    'a directory through a symbolic link to the root',
    () => [
      { name: 'root', type: 'symlink', linkname: '/' },
      { name: 'root/etc/inside', content: 'x' },
    ],
    () => '/etc/inside',
  ],
];

describe('a hostile layer is refused, and nothing of its image stays', () => {
  it.each(refused)('%s', async (_, entries) => {
    const before = await layerRecords(scene.store.root);
    const name = serve(await buildImage({ layers: [await buildTar(entries())] }));
    await expect(scene.daemon.pull(name)).rejects.toMatchObject({
      error: 'io.podman.ErrorOccurred',
      reason: expect.stringMatching(/^[^\n]+$/),
    });
    expect(await layerRecords(scene.store.root)).toEqual(before);
    expect((await imageRecords(scene.store.root)).flatMap((record) => record.names ?? [])).not.toContain(
      name,
    );
    expect(await unusedLayers(scene.store.root)).toEqual([]);
    await expectContained();
  });

  it('a tar that ends in the middle of a file', async () => {
    const tar = await buildTar([{ name: 'file', content: Buffer.alloc(100_000) }]);
    const name = serve(await buildImage({ layers: [tar.subarray(0, 50_000)] }));
    await expect(scene.daemon.pull(name)).rejects.toMatchObject({ error: 'io.podman.ErrorOccurred' });
    await expectContained();
  });

  it('something that is no tar at all', async () => {
    const name = serve(await buildImage({ layers: [Buffer.alloc(4096, 'no tar ')] }));
    await expect(scene.daemon.pull(name)).rejects.toMatchObject({ error: 'io.podman.ErrorOccurred' });
    await expectContained();
  });
});

describe('a layer that only looks hostile is contained', () => {
  it.each(contained)('%s', async (_, entries, place) => {
    const name = serve(await buildImage({ layers: [await buildTar(entries())] }));
    const id = await scene.daemon.pull(name);
    const record = (await imageRecords(scene.store.root)).find((image) => image.id === id);
    const written = join(scene.store.root, 'overlay', record?.layer ?? '', 'diff', place());
    expect(await readFile(written, 'utf8')).toBe('x');
    await expectContained();
  });

  it('attributes that overlayfs gives a meaning are not set', async () => {
    const entries: SampleEntry[] = [
      { name: 'dir/', type: 'directory', pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y' } },
      { name: 'file', content: 'x', pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc' } },
    ];
    const name = serve(await buildImage({ layers: [await buildTar(entries)] }));
    const pulled = await scene.daemon.pull(name).then(
      (id) => id,
      () => undefined,
    );
    const record = (await imageRecords(scene.store.root)).find((image) => image.id === pulled);
    const tree =
      record?.layer === undefined
        ? []
        : await describeTree(join(scene.store.root, 'overlay', record.layer, 'diff'));
    expect(tree.join('\n')).not.toContain('trusted.overlay');
  });
});

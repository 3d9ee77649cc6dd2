// One store that this program's library and podman change in turn and at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import {
  ImageInUseError,
  ImageMountedError,
  openStore,
  type StorageOptions,
  type Store,
  type StoredImage,
} from '../../src/store/index.js';
import { addImage, sampleLayer } from '../store/sample.js';
import { PeerStore } from './support/peer-store.js';
import { untidiness, unusedLayers } from './support/store-content.js';

jest.setTimeout(120_000);

let peer: PeerStore;
let store: Store;
beforeEach(async () => {
  peer = await PeerStore.create();
  store = await openStore(options());
  await store.recovery;
});
afterEach(async () => {
  await store.close();
  await peer.close();
});

function options(): StorageOptions {
  const { root: graphRoot, runroot: runRoot } = peer;
  return { graphRoot, runRoot, driver: 'overlay', additionalImageStores: [], driverOptions: [] };
}

/** An image of two layers on a base that others may share. */
async function sample(name: string): Promise<StoredImage> {
  const layers = [await sampleLayer({ base: 'b', 'bin/true': '' }), await sampleLayer({ top: name })];
  return await addImage(store, layers, [`localhost/${name}:1`], name);
}

/** An image that buildah makes: a base and a layer on it. */
async function built(name: string): Promise<string> {
  const context = join(peer.directory, 'context');
  await mkdir(context, { recursive: true });
  await writeFile(join(context, 'file'), name);
  const container = await peer.buildahOutput('from', 'scratch');
  await peer.buildahOutput('copy', container, context, '/');
  return await peer.buildahOutput('commit', '--quiet', '--rm', container, `localhost/${name}:1`);
}

describe('an image added here', () => {
  it('is exported by skopeo with the digests it came with, and removed by podman without a trace', async () => {
    const image = await sample('x');
    await peer.skopeoOutput('copy', peer.transport('localhost/x:1'), `dir:${join(peer.directory, 'out')}`);
    expect(
      await peer.podmanOutput('image', 'inspect', '--format', '{{.Id}} {{.Digest}}', 'localhost/x:1'),
    ).toBe(`${image.id} ${image.digest}`);
    await peer.podmanOutput('rmi', 'localhost/x:1');
    expect((await store.view()).images).toEqual([]);
    expect(await untidiness(peer.root)).toEqual([]);
    expect(await unusedLayers(peer.root)).toEqual([]);
  });

  it('is not removed while a container of podman or buildah stands on it', async () => {
    const image = await sample('x');
    const container = await peer.podmanOutput('create', 'localhost/x:1', '/bin/true');
    const working = await peer.buildahOutput('from', 'localhost/x:1');
    const error = await store.deleteImage(image.id).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ImageInUseError);
    expect((error as ImageInUseError).containers).toHaveLength(2);
    expect((error as ImageInUseError).containers).toContain(container);
    await peer.podmanOutput('rm', container);
    await peer.buildahOutput('rm', working);
    await store.deleteImage(image.id);
    expect(await untidiness(peer.root)).toEqual([]);
  });

  it('is not removed while podman has it mounted', async () => {
    const image = await sample('x');
    await peer.podmanOutput('image', 'mount', 'localhost/x:1');
    await expect(store.deleteImage(image.id)).rejects.toThrow(ImageMountedError);
    await peer.podmanOutput('image', 'unmount', 'localhost/x:1');
    await store.deleteImage(image.id);
    expect(await untidiness(peer.root)).toEqual([]);
  });
});

describe('what is told about the store', () => {
  it('is what podman tells', async () => {
    const image = await sample('x');
    const status = await store.graphStatus();
    const told = await peer.podmanJson<Record<string, string>>(
      'info',
      '--format',
      '{{json .Store.GraphStatus}}',
    );
    expect(told).toMatchObject({
      'Backing Filesystem': status.backingFilesystem,
      'Native Overlay Diff': String(status.nativeOverlayDiff),
      'Supports d_type': String(status.supportsDType),
      'Using metacopy': String(status.metacopy),
    });
    // Podman has noted its findings by now; they are read instead of guessed.
    expect(await store.graphStatus()).toEqual(status);
    const [top, base] = (await store.view()).chain(image.layer).map((layer) => store.layerPaths(layer));
    expect(
      await peer.podmanJson('image', 'inspect', '--format', '{{json .GraphDriver.Data}}', image.id),
    ).toEqual({ LowerDir: base?.diff, UpperDir: top?.diff, WorkDir: top?.work });
  });
});

describe('an image that buildah made', () => {
  it('is found, named and removed here', async () => {
    const id = await built('y');
    expect((await store.view()).imageByName('localhost/y:1')?.id).toBe(id);
    await store.addName(id, 'localhost/z:1');
    expect(await peer.podmanOutput('image', 'inspect', '--format', '{{.RepoTags}}', id)).toBe(
      '[localhost/y:1 localhost/z:1]',
    );
    await store.deleteImage(id);
    expect(await peer.podmanOutput('images', '--quiet')).toBe('');
    expect(await untidiness(peer.root)).toEqual([]);
  });

  it('may be the ground of an image added here, and goes before it', async () => {
    const base = await built('base');
    const view = await store.view();
    const [layer] = view.chain(view.imageById(base)?.layer);
    const image = await sample('x');
    expect(image.layer).not.toBe(layer?.id);
    await peer.podmanOutput('rmi', 'localhost/base:1');
    expect((await store.view()).images.map(({ id }) => id)).toEqual([image.id]);
    expect(await untidiness(peer.root)).toEqual([]);
  });
});

describe('programs at work on one store at once', () => {
  it('lose none of the names that each of them gives', async () => {
    const image = await sample('x');
    // Podman 4.3 reads the names of an image before it takes the lock to write them: it gets an image of its own.
    const other = await sample('y');
    const second = await openStore(options());
    const tag = async (by: Store, prefix: string): Promise<string[]> => {
      const names = Array.from({ length: 60 }, (_, count) => `localhost/${prefix}:${count}`);
      for (const name of names) await by.addName(image.id, name);
      return names;
    };
    const podmanTag = async (): Promise<string[]> => {
      const names = Array.from({ length: 8 }, (_, count) => `localhost/podman:${count}`);
      for (const name of names) await peer.podmanOutput('tag', other.id, name);
      return names;
    };
    const [first, others, podman] = await Promise.all([tag(store, 'a'), tag(second, 'b'), podmanTag()]);
    await second.close();
    const view = await store.view();
    const expected = ['localhost/x:1', ...first, ...others];
    expect(view.imageById(image.id)?.names.toSorted()).toEqual(expected.toSorted());
    expect(view.imageById(other.id)?.names).toEqual(['localhost/y:1', ...podman]);
  });

  it('add and remove images beside one another and leave a tidy store', async () => {
    const writer = join(process.cwd(), 'dist/test/interop/support/store-writer.js');
    const writers = ['a', 'b'].map((prefix) =>
      spawn(process.execPath, [writer, peer.root, peer.runroot, prefix, '60'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    );
    const errors = writers.map(async ({ stderr }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stderr) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    });
    const ended = writers.map((child) => once(child, 'exit'));
    for (let count = 0; count < 4; count += 1) {
      const id = await built(`peer-${count}`);
      await peer.podmanOutput('tag', id, `localhost/again-${count}:1`);
      await peer.podmanOutput('rmi', '--force', id);
    }
    await Promise.all(ended);
    expect(await Promise.all(errors)).toEqual(['', '']);
    expect(await untidiness(peer.root)).toEqual([]);
    expect(await unusedLayers(peer.root)).toEqual([]);
    const images = await peer.podmanJson<{ Id: string }[]>(
      'images',
      '--all',
      '--format',
      'json',
      '--no-trunc',
    );
    const view = await store.view();
    expect(new Set(images.map(({ Id }) => Id))).toEqual(new Set(view.images.map(({ id }) => id)));
  });
});

// Images removed with the containers on them, beside other programs, and when the removal is cut short.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { openStore, type Store } from '../../src/store/index.js';
import { buildShellImage } from '../peers/shell-image.js';
import { addImage, sampleLayer } from '../store/sample.js';
import { eventsOf } from './support/events.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { Scene } from './support/scene.js';
import { containerRecords, imageRecords, untidiness, unusedLayers } from './support/store-content.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(120_000);

let scene: Scene;
let store: Store;

beforeAll(async () => {
  scene = await Scene.open();
  store = await open(scene.store);
});

afterAll(async () => {
  await store?.close();
  await scene?.close();
});

function open({ root: graphRoot, runroot: runRoot }: PeerStore): Promise<Store> {
  return openStore({ graphRoot, runRoot, driver: 'overlay', additionalImageStores: [], driverOptions: [] });
}

/** Adds `localhost/NAME:1`; returns its id. */
async function add(name: string, into = store): Promise<string> {
  return (await addImage(into, [await sampleLayer({ file: name })], [`localhost/${name}:1`], name)).id;
}

/** Why the call was refused. */
async function reason(daemon: Imaged, method: string, parameters: Readonly<Record<string, unknown>>) {
  const error = await daemon.call(method, parameters).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(VarlinkReplyError);
  return (error as VarlinkReplyError).reason;
}

async function expectEmpty(): Promise<void> {
  expect(await imageRecords(scene.store.root)).toEqual([]);
  expect(await containerRecords(scene.store.root)).toEqual([]);
  expect(await untidiness(scene.store.root)).toEqual([]);
  expect(await unusedLayers(scene.store.root)).toEqual([]);
}

describe('with force, containers go by the program that made them', () => {
  it('podman, running or not, and buildah', async () => {
    const name = scene.serve('shell', await buildShellImage());
    const id = await scene.daemon.pull(name);
    await scene.store.podmanOutput('create', name);
    // It ends only when it is told to.
    const stop = ['--stop-signal', 'KILL', '--interactive', '--detach'];
    const running = await scene.store.podmanOutput('run', ...stop, name, 'cat');
    await scene.store.buildahOutput('from', '--pull-never', name);
    expect(await scene.store.podmanOutput('inspect', '--format', '{{.State.Status}}', running)).toBe(
      'running',
    );
    expect(await reason(scene.daemon, 'RemoveImage', { name, force: false })).toBe(
      `could not remove image ${id} as it is being used by 3 containers`,
    );
    expect(await scene.daemon.call('RemoveImageWithResponse', { name, force: true })).toEqual({
      response: { untagged: [name], deleted: id },
    });
    expect(await scene.store.podmanOutput('ps', '--all', '--external', '--quiet')).toBe('');
    await expectEmpty();
    expect((await eventsOf(scene.store)).at(-1)).toBe(`remove ${name} ${id}`);
  });

  it('none of them if one belongs to a program that cannot be asked', async () => {
    const id = await add('mixed');
    const podmans = await scene.store.podmanOutput('create', 'localhost/mixed:1', '/none');
    const other = await scene.store.podmanOutput('create', 'localhost/mixed:1', '/none');
    const setMetadata = async (metadata: string): Promise<void> => {
      const path = join(scene.store.root, 'overlay-containers', 'containers.json');
      const records = JSON.parse(await readFile(path, 'utf8')) as { id: string; metadata: string }[];
      for (const record of records) if (record.id === other) record.metadata = metadata;
      await writeFile(path, JSON.stringify(records));
    };
    const parameters = { name: 'mixed:1', force: true };
    await setMetadata(JSON.stringify({ 'pod-name': 'pod', 'pod-id': 'f00', 'image-name': 'x' }));
    expect(await reason(scene.daemon, 'RemoveImage', parameters)).toBe(
      `container ${other} belongs to CRI-O: remove it with "crictl rm --force ${other}", or its pod with "crictl rmp"`,
    );
    await setMetadata('');
    expect(await reason(scene.daemon, 'RemoveImage', parameters)).toBe(
      `container ${other} was made by a program that left no sign of itself: remove it with that program`,
    );
    expect((await containerRecords(scene.store.root)).map((record) => record.id)).toEqual([podmans, other]);
    await scene.store.podmanOutput('rm', '--force', podmans, other);
    expect(await scene.daemon.call('RemoveImage', parameters)).toEqual({ image: id });
    await expectEmpty();
  });

  it('by the options of a store that has additional ones, whose own images stay', async () => {
    const lender = await PeerStore.create();
    const lending = await open(lender);
    const foreign = await add('foreign', lending);
    await lending.close();
    const option = `additionalimagestore=${lender.root}`;
    const daemon = await Imaged.start(scene.store, { args: ['--storage-opt', option] });
    try {
      const id = await add('own');
      await scene.store.podmanOutput('create', 'localhost/own:1', '/none');
      const readOnly = `image ${foreign} is in the read-only store ${lender.root}`;
      for (const name of ['foreign:1', foreign]) {
        expect(await reason(daemon, 'RemoveImage', { name, force: true })).toBe(readOnly);
      }
      expect(await reason(daemon, 'UntagImage', { name: foreign, tag: 'foreign:1' })).toBe(readOnly);
      expect(await daemon.call('ImagesPrune', { all: true, filter: [] })).toEqual({ pruned: [] });
      expect(await daemon.call('RemoveImage', { name: 'own:1', force: true })).toEqual({ image: id });
      // A name of our own makes it an image of our own, which goes and leaves the other.
      await daemon.call('TagImage', { name: 'foreign:1', tagged: 'mine:1' });
      await daemon.call('UntagImage', { name: 'mine:1', tag: 'foreign:1' });
      expect(await reason(daemon, 'RemoveImage', { name: 'foreign:1', force: true })).toBe(
        'unable to match user input to any specific repotag',
      );
      expect(await daemon.call('DeleteUnusedImages')).toEqual({ images: [foreign] });
      expect(await daemon.call('DeleteUnusedImages')).toEqual({ images: [] });
      expect(await daemon.call('ImageExists', { name: 'foreign:1' })).toEqual({ exists: 0 });
    } finally {
      await daemon.close();
      await lender.close();
    }
    await expectEmpty();
  });
});

describe('an image that podman has mounted', () => {
  it('is kept by a prune with a warning, and ends the deletion of all unused', async () => {
    const [mounted, other] = [await add('mounted'), await add('other')];
    const place = await scene.store.podmanOutput('image', 'mount', mounted);
    const reply = await scene.daemon.call('ImagesPrune', { all: true, filter: [] });
    expect(reply).toEqual({ pruned: ['localhost/other:1'] });
    const complaint = `image ${mounted} is mounted at ${place}`;
    expect(scene.daemon.log.text).toContain(`not pruned: ${complaint}`);
    expect(await add('other')).toBe(other);
    expect(await reason(scene.daemon, 'DeleteUnusedImages', {})).toBe(complaint);
    expect(await reason(scene.daemon, 'RemoveImage', { name: 'mounted:1', force: true })).toBe(complaint);
    await scene.store.podmanOutput('image', 'unmount', mounted);
    expect(await scene.daemon.call('DeleteUnusedImages')).toEqual({ images: [mounted, other] });
    await expectEmpty();
  });
});

describe('a program that does not remove containers', () => {
  let daemon: Imaged | undefined;

  afterEach(async () => {
    await daemon?.close();
  });

  /** A daemon that finds this script instead of podman. */
  async function withPodman(script: string): Promise<Imaged> {
    const path = join(scene.store.directory, 'programs');
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'podman'), `#!/bin/sh\n${script}\n`);
    await chmod(join(path, 'podman'), 0o755);
    daemon = await Imaged.start(scene.store, { env: { PATH: path, CONTAINER_HOST: 'unix:/none' } });
    return daemon;
  }

  it('is quoted, and everything stays', async () => {
    const failing = await withPodman('echo "Error: $CONTAINER_HOST no" >&2; echo "really" >&2; exit 125');
    const id = await add('stays');
    const container = await scene.store.podmanOutput('create', 'localhost/stays:1', '/none');
    expect(await reason(failing, 'RemoveImage', { name: 'stays:1', force: true })).toBe(
      `container ${container} could not be removed: podman: Error:  no; really`,
    );
    expect((await imageRecords(scene.store.root)).map((record) => record.id)).toEqual([id]);
    await scene.daemon.call('RemoveImage', { name: 'stays:1', force: true });
    await expectEmpty();
  });

  it('ends when the caller leaves', async () => {
    const note = join(scene.store.directory, 'pid');
    const waiting = await withPodman(
      `echo $$ > ${note}.tmp; /bin/mv ${note}.tmp ${note}; exec /bin/sleep 1000`,
    );
    await add('left');
    await scene.store.podmanOutput('create', 'localhost/left:1', '/none');
    const caller = await waiting.connect();
    caller.send({ method: 'io.podman.RemoveImage', parameters: { name: 'left:1', force: true } });
    const pid = await until(async () => Number(await readFile(note, 'utf8').catch(() => '')) || undefined);
    expect(isAlive(pid)).toBe(true);
    caller.close();
    await until(() => Promise.resolve(isAlive(pid) ? undefined : true));
    await scene.daemon.call('RemoveImage', { name: 'left:1', force: true });
    await expectEmpty();
  });
});

/** What `value` gives as soon as it gives something. */
async function until<T>(value: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const found = await value();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error('it never came');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('beside podman', () => {
  it('each image is removed once, by one of those who try', async () => {
    const names = Array.from({ length: 24 }, (_, count) => `both-${count}`);
    const ids: string[] = [];
    for (const name of names) ids.push(await add(name));
    const answers: string[] = [];
    const one = async (name: string): Promise<void> => {
      try {
        const { image } = await scene.daemon.call<{ image: string }>('RemoveImage', { name, force: false });
        answers.push(image);
      } catch (error) {
        if (!(error instanceof VarlinkReplyError) || error.error !== 'io.podman.ImageNotFound') throw error;
      }
    };
    const podman = scene.store.podman(['rmi', ...ids.toReversed()]);
    const pruned: string[] = [];
    const prune = async (): Promise<void> => {
      const reply = await scene.daemon.call<{ pruned: string[] }>('ImagesPrune', { all: true, filter: [] });
      pruned.push(...reply.pruned);
    };
    await Promise.all([...ids.slice(0, 12).map(one), prune(), prune(), podman]);
    const deleted = (await podman).stdout.split('\n').filter((line) => line.startsWith('Deleted: '));
    expect(new Set(answers).size).toBe(answers.length);
    expect(new Set(pruned).size).toBe(pruned.length);
    // Podman counts as its own what was gone when it came to delete it.
    expect(answers.length + pruned.length + deleted.length).toBeGreaterThanOrEqual(names.length);
    await expectEmpty();
  });

  it('what it names while images are pruned is whole, or gone', async () => {
    const names = Array.from({ length: 10 }, (_, count) => `named-${count}`);
    for (const name of names) await add(name);
    const tagging = names.map(
      async (name) => await scene.store.podman(['tag', `${name}:1`, `kept-${name}:1`]),
    );
    const pruning = (async () => {
      for (let round = 0; round < 10; round += 1) {
        await scene.daemon.call('ImagesPrune', { all: true, filter: [] });
        await sleep(10);
      }
    })();
    await Promise.all([pruning, ...tagging]);
    expect(await untidiness(scene.store.root)).toEqual([]);
    expect(await unusedLayers(scene.store.root)).toEqual([]);
    await scene.daemon.call('ImagesPrune', { all: true, filter: [] });
    await expectEmpty();
  });
});

describe('a daemon that is killed while it prunes', () => {
  it('leaves images that podman can use, and the rest to the next prune', async () => {
    let cut = 0;
    for (let round = 0; round < 3; round += 1) {
      const names = Array.from({ length: 20 }, (_, count) => `cut-${round}-${count}`);
      for (const name of names) await add(name);
      const caller = await scene.daemon.connect();
      caller.send({ method: 'io.podman.ImagesPrune', parameters: { all: true, filter: [] } });
      const few = 18 - 5 * round;
      await until(async () => ((await imageRecords(scene.store.root)).length <= few ? true : undefined));
      await scene.restart('kill');
      const left = await imageRecords(scene.store.root);
      if (left.length > 0) cut += 1;
      const listed = await scene.store.podmanOutput('images', '--all', '--quiet', '--no-trunc');
      expect(listed.split('\n').filter(Boolean).toSorted()).toEqual(
        left.map(({ id }) => `sha256:${id}`).toSorted(),
      );
      await until(async () => ((await untidiness(scene.store.root)).length === 0 ? true : undefined));
      expect(await unusedLayers(scene.store.root)).toEqual([]);
      for (const { id } of left.slice(0, 1)) {
        await scene.store.skopeoOutput(
          'copy',
          scene.store.transport(`@${id}`),
          `dir:${scene.store.directory}/copy`,
        );
      }
      const { pruned } = await scene.daemon.call<{ pruned: string[] }>('ImagesPrune', {
        all: true,
        filter: [],
      });
      expect(pruned).toHaveLength(left.length);
      await expectEmpty();
    }
    expect(cut).toBeGreaterThan(0);
  });
});

describe('the list of images', () => {
  it('tells lists of manifests, as podman makes them, from images', async () => {
    const id = await add('plain');
    const list = await scene.store.podmanOutput('manifest', 'create', 'localhost/list:1');
    const ids = async (filter: string): Promise<readonly string[]> => {
      const parameters = { filters: [filter] };
      const { images } = await scene.daemon.call<{ images: { id: string }[] }>(
        'ListImagesWithFilters',
        parameters,
      );
      return images.map((image) => image.id);
    };
    expect(await ids('manifest=true')).toEqual([list]);
    expect(await ids('manifest=false')).toEqual([id]);
    expect(await ids('until=2020-09-13T12:26:40.123456789Z')).toEqual([]);
    expect(await ids('until=2020-09-13T12:26:40.123456790Z')).toEqual([id]);
    expect(await scene.daemon.call('RemoveImage', { name: 'list:1', force: false })).toEqual({ image: list });
    await scene.daemon.call('RemoveImage', { name: 'plain:1', force: false });
    await expectEmpty();
  });
});

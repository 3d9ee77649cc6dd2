// Archives, layouts and directories between us and podman and skopeo, in both directions; the matrix of all copies is another test.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { digestOf } from '../../src/oci/digest.js';
import type { ImageArchive } from '../../src/runtime/copy/image-archive.js';
import { createDirectory } from '../../src/runtime/transports/directory-destination.js';
import { openDirectory } from '../../src/runtime/transports/directory-source.js';
import { createDockerArchive } from '../../src/runtime/transports/docker-archive-destination.js';
import { openDockerArchive } from '../../src/runtime/transports/docker-archive-source.js';
import { createOciArchive, createOciLayout } from '../../src/runtime/transports/layout-destination.js';
import { openOciArchive, openOciLayout } from '../../src/runtime/transports/layout-source.js';
import { selectImage } from '../../src/runtime/transports/select-image.js';
import {
  file,
  hexOf,
  newDockerMembers,
  oldDockerMembers,
  podmanMembers,
  sampleParts,
} from '../archive/images.js';
import { tarOf, type Made } from '../archive/tar-builder.js';
import { messageOf } from '../../src/runtime/errors.js';
import { copyInto, copyTo, never, OneMover } from '../runtime/transports/copying.js';
import { PeerStore } from './support/peer-store.js';

jest.setTimeout(120_000);

const parts = sampleParts({
  docker_version: '20.10',
  container_config: { Cmd: ['a <b> & "c"', '\u2028'], Number: 1.5e300 },
});
const others = sampleParts({ author: 'somebody' });
const mover = new OneMover();
let peers: PeerStore;
let root: string;

beforeAll(async () => {
  peers = await PeerStore.create();
  root = join(peers.directory, 'archives');
  await mkdir(root);
});

afterAll(async () => {
  await peers?.close();
});

const at = (name: string): string => join(root, name);
const skopeo = (...args: readonly string[]): Promise<string> => peers.skopeoOutput(...args);

async function opened(name: string, bytes: Buffer): Promise<ImageArchive> {
  await writeFile(at(name), bytes);
  return await openDockerArchive(at(name), mover, never);
}

describe('a docker-archive that we write', () => {
  it("is skopeo's to the byte", async () => {
    await using archive = await opened('in.tar', tarOf(...oldDockerMembers(parts)));
    await using source = archive.images[0]!.open();
    const names = ['example.com/a:1', 'docker.io/library/b:2'];
    await copyTo(source, createDockerArchive(at('ours.tar'), mover), names);
    await skopeo('copy', '-q', `docker-archive:${at('in.tar')}`, `dir:${at('dir')}`);
    const to = `docker-archive:${at('theirs.tar')}:example.com/a:1`;
    await skopeo('copy', '-q', '--additional-tag', 'docker.io/library/b:2', `dir:${at('dir')}`, to);
    expect((await readFile(at('ours.tar'))).equals(await readFile(at('theirs.tar')))).toBe(true);
  });

  it('is loaded by podman with all of its images', async () => {
    {
      await using destination = await createDockerArchive(at('two.tar'), mover);
      for (const [image, name] of [
        [parts, 'example.com/one:1'],
        [others, 'example.com/two:2'],
      ] as const) {
        await using archive = await opened('each.tar', tarOf(...podmanMembers(image)));
        await using source = archive.images[0]!.open();
        await copyInto(source, destination, [name]);
      }
      await destination.finish(never);
    }
    await peers.podman(['load', '-q', '-i', at('two.tar')]);
    for (const [image, name] of [
      [parts, 'example.com/one:1'],
      [others, 'example.com/two:2'],
    ] as const) {
      const { stdout } = await peers.podman(['image', 'inspect', '--format', '{{.Id}}', name]);
      expect(stdout.trim()).toBe(hexOf(image.config));
    }
  });
});

describe('a docker-archive that we read', () => {
  it.each<readonly [string, () => Buffer]>([
    ['podman', () => tarOf(...podmanMembers(parts))],
    ['Docker up to 24', () => tarOf(...oldDockerMembers(parts))],
    ['Docker from 25 on', () => tarOf(...newDockerMembers(parts))],
    ["Docker with containerd's store", () => tarOf(...newDockerMembers(parts, true))],
  ])('is presented as skopeo does: %s', async (_name, bytes) => {
    await using archive = await opened('in.tar', bytes());
    const { bytes: manifest } = await archive.images[0]!.open().manifest(undefined, never);
    expect(manifest.toString()).toBe(await skopeo('inspect', '--raw', `docker-archive:${at('in.tar')}`));
  });

  it('has the images that podman saved', async () => {
    await using archive = await opened('saved.tar', await saved(['example.com/one:1', 'example.com/two:2']));
    expect(archive.images.map(({ names }) => names)).toEqual([['example.com/one:1'], ['example.com/two:2']]);
    const { digest } = await archive.images[1]!.open().manifest(undefined, never);
    const raw = await skopeo('inspect', '--raw', `docker-archive:${at('saved.tar')}:example.com/two:2`);
    expect(digest).toBe(digestOf(Buffer.from(raw)));
  });

  async function saved(names: readonly string[]): Promise<Buffer> {
    await peers.podman(['save', '-q', '--multi-image-archive', '-o', at('podman.tar'), ...names]);
    return await readFile(at('podman.tar'));
  }

  type Change = (made: Made) => readonly Made[];
  const without =
    (name: string): Change =>
    (made) =>
      made.name === name ? [] : [made];
  const item =
    (change: object): Change =>
    (made) => {
      if (made.name !== 'manifest.json') return [made];
      const [first] = JSON.parse(made.content!.toString()) as [object];
      return [file('manifest.json', JSON.stringify([{ ...first, ...change }]))];
    };
  const [base, top] = parts.layers.map((layer) => `${hexOf(layer)}.tar`) as [string, string, string];

  it.each<readonly [string, Change]>([
    ['no manifest', without('manifest.json')],
    ['no config', without(`${hexOf(parts.config)}.json`)],
    ['no layer', without(top)],
    ['no image', (made) => (made.name === 'manifest.json' ? [file('manifest.json', '[]')] : [made])],
    ['too few layers', item({ Layers: [base, top] })],
    ['one layer for two', item({ Layers: [base, base, base] })],
  ])('is refused in the words of skopeo: %s', async (_name, change) => {
    const bytes = tarOf(...podmanMembers(parts).flatMap((made) => change(made)));
    await writeFile(at('bad.tar'), bytes);
    const theirs = await skopeo('inspect', '--raw', `docker-archive:${at('bad.tar')}`).catch(messageOf);
    const ours = await manifestOf(at('bad.tar')).catch(messageOf);
    expect(theirs.replaceAll('\\"', '"')).toContain(ours);
  });

  async function manifestOf(path: string): Promise<string> {
    await using archive = await openDockerArchive(path, mover, never);
    return (await selectImage(archive, {}).open().manifest(undefined, never)).digest;
  }
});

describe('a layout', () => {
  it.each(['oci', 'oci-archive'] as const)('that we write as %s is read by skopeo', async (form) => {
    await using archive = await opened('in.tar', tarOf(...oldDockerMembers(parts)));
    await using source = archive.images[0]!.open();
    const create = form === 'oci' ? createOciLayout : createOciArchive;
    const { manifest } = await copyTo(source, create(at(`ours-${form}`), mover, never), ['a/b:1']);
    const raw = await skopeo('inspect', '--raw', `${form}:${at(`ours-${form}`)}:a/b:1`);
    expect(raw).toBe(manifest.bytes.toString());
    await skopeo('copy', '-q', `${form}:${at(`ours-${form}`)}:a/b:1`, `dir:${at(`from-${form}`)}`);
  });

  it.each(['oci', 'oci-archive'] as const)('that skopeo writes as %s is read by us', async (form) => {
    await writeFile(at('in.tar'), tarOf(...oldDockerMembers(parts)));
    await skopeo('copy', '-q', `docker-archive:${at('in.tar')}`, `${form}:${at(`theirs-${form}`)}:a/b:1`);
    const open = form === 'oci' ? openOciLayout : openOciArchive;
    await using archive = await open(at(`theirs-${form}`), never);
    await using source = selectImage(archive, { name: 'a/b:1' }).open();
    const { plan } = await copyTo(source, createDockerArchive(at(`again-${form}.tar`), mover), [
      'example.com/a:1',
    ]);
    expect(plan.layers.map(({ diffId }) => diffId)).toEqual(parts.layers.map((layer) => digestOf(layer)));
  });

  it('takes images of both, one after the other', async () => {
    await using archive = await opened('in.tar', tarOf(...podmanMembers(parts)));
    await using source = archive.images[0]!.open();
    await copyTo(source, createOciLayout(at('both'), mover, never), ['ours']);
    await writeFile(at('others.tar'), tarOf(...podmanMembers(others)));
    await skopeo('copy', '-q', `docker-archive:${at('others.tar')}`, `oci:${at('both')}:theirs`);
    await copyTo(source, createOciLayout(at('both'), mover, never), ['ours-again']);
    await using both = await openOciLayout(at('both'), never);
    expect(both.images.map(({ refName }) => refName)).toEqual(['ours', 'theirs', 'ours-again']);
    for (const name of ['ours', 'theirs', 'ours-again']) {
      await skopeo('copy', '-q', `oci:${at('both')}:${name}`, `dir:${at(`both-${name}`)}`);
    }
  });

  it('is loaded by podman from our archive', async () => {
    await using archive = await opened('in.tar', tarOf(...podmanMembers(others)));
    await using source = archive.images[0]!.open();
    await copyTo(source, createOciArchive(at('load.tar'), mover, never), ['example.com/loaded:1']);
    const { stdout } = await peers.podman(['load', '-q', '-i', at('load.tar')]);
    expect(stdout).toContain('example.com/loaded:1');
  });
});

describe('a directory', () => {
  it('goes from us to skopeo and back to the byte', async () => {
    await using archive = await opened('in.tar', tarOf(...podmanMembers(parts)));
    await using source = archive.images[0]!.open();
    const { manifest } = await copyTo(source, createDirectory(at('d1'), mover, never));
    await skopeo('copy', '-q', `dir:${at('d1')}`, `dir:${at('d2')}`);
    await using back = await openDirectory(at('d2'));
    expect((await back.manifest(undefined, never)).bytes).toEqual(manifest.bytes);
    await copyTo(back, createDirectory(at('d1'), mover, never));
    expect(execFileSync('diff', ['-r', at('d1'), at('d2')], { encoding: 'utf8' })).toBe('');
    await skopeo('copy', '-q', `docker-archive:${at('in.tar')}`, `dir:${at('d1')}`);
    expect(execFileSync('diff', ['-r', at('d1'), at('d2')], { encoding: 'utf8' })).toBe('');
  });
});

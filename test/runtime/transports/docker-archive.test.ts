import { execFileSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.js';
import { dockerLayerGzip } from '../../../src/oci/media-types.js';
import { parseManifest, type ImageManifest } from '../../../src/oci/manifest.js';
import type { ImageArchive } from '../../../src/runtime/copy/image-archive.js';
import { createDockerArchive } from '../../../src/runtime/transports/docker-archive-destination.js';
import { openDockerArchive } from '../../../src/runtime/transports/docker-archive-source.js';
import { selectImage } from '../../../src/runtime/transports/select-image.js';
import {
  described,
  file,
  hexOf,
  newDockerMembers,
  oldDockerMembers,
  podmanMembers,
  sampleParts,
  type Item,
} from '../../archive/images.js';
import { tarOf, type Made } from '../../archive/tar-builder.js';
import type { LayerMover } from '../../../src/runtime/transports/layer-shelf.js';
import {
  copyInto,
  copyTo,
  never,
  OneMover,
  openBelow,
  someOperation,
  workplace,
  type Workplace,
} from './copying.js';

const parts = sampleParts();
const mover = new OneMover();
let place: Workplace;

beforeEach(async () => {
  place = await workplace();
});

afterEach(async () => {
  const open = await openBelow(place.root);
  await place[Symbol.asyncDispose]();
  if (open.length > 0) throw new Error(`still open: ${open.join(' ')}`);
});

async function archiveOf(members: readonly Made[], name = 'in.tar'): Promise<ImageArchive> {
  await writeFile(place.path(name), tarOf(...members));
  return await openDockerArchive(place.path(name), mover, never);
}

async function manifestOf(archive: ImageArchive, index = 0): Promise<ImageManifest> {
  const { bytes, mediaType } = await archive.images[index]!.open().manifest(undefined, never);
  return parseManifest(bytes, mediaType) as ImageManifest;
}

/** What skopeo says of this image, whatever the layout. */
function expectedManifest(): object {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: parts.config.length,
      digest: digestOf(parts.config),
    },
    layers: parts.layers.map((layer) => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      size: layer.length,
      digest: digestOf(layer),
    })),
  };
}

describe('a docker-archive', () => {
  it.each([
    ['podman', podmanMembers(parts)],
    ['Docker up to 24', oldDockerMembers(parts)],
    ['Docker from 25 on', newDockerMembers(parts)],
    ["Docker with containerd's store", newDockerMembers(parts, true)],
  ])('of %s is presented with the tars of its layers', async (_name, members) => {
    await using archive = await archiveOf(members);
    const { bytes, digest } = await archive.images[0]!.open().manifest(undefined, never);
    expect(bytes.toString()).toBe(JSON.stringify(expectedManifest()));
    expect(digest).toBe(digestOf(bytes));
  });

  it.each([
    ['gzip', (tar: Buffer) => gzipSync(tar)],
    [
      'gzip of several members',
      (tar: Buffer) => Buffer.concat([gzipSync(tar.subarray(0, 999)), gzipSync(tar.subarray(999))]),
    ],
    ['xz', (tar: Buffer) => zip('xz', tar)] as const,
    ['zstd', (tar: Buffer) => zip('zstd', tar)] as const,
    ['bzip2', (tar: Buffer) => zip('bzip2', tar)] as const,
  ] as const)('is read when it is compressed as a whole with %s', async (_name, compress) => {
    for (const members of [podmanMembers(parts), newDockerMembers(parts, true)]) {
      await writeFile(place.path('in.tar'), compress(tarOf(...members)));
      await using archive = await openDockerArchive(place.path('in.tar'), mover, never);
      await using source = archive.images[0]!.open();
      await copyTo(source, createDockerArchive(place.path('out.tar'), mover), ['example.com/a:1']);
      await using copied = await openDockerArchive(place.path('out.tar'), mover, never);
      expect(await manifestOf(copied)).toEqual(await manifestOf(archive));
      expect((await manifestOf(copied)).layers.map(({ digest }) => digest)).toEqual(
        parts.layers.map((layer) => digestOf(layer)),
      );
      execFileSync('rm', [place.path('out.tar')]);
    }
  });

  it('that is compressed as a whole is read anew when another one has taken its place', async () => {
    for (const author of ['somebody', 'somebody else']) {
      const image = sampleParts({ author });
      const layers = image.layers.map((layer) => Buffer.concat([layer, Buffer.alloc(512)]));
      const diffIds = layers.map((layer) => digestOf(layer));
      const config = JSON.stringify({ author, rootfs: { type: 'layers', diff_ids: diffIds } });
      const members = podmanMembers({ config: Buffer.from(config), layers }).toReversed();
      await writeFile(
        place.path('in.tar'),
        gzipSync(tarOf(...(author === 'somebody' ? members : members.toReversed()))),
      );
      await using archive = await openDockerArchive(place.path('in.tar'), mover, never);
      const to = createDockerArchive(place.path(`${author}.tar`), mover);
      const { plan } = await copyTo(archive.images[0]!.open(), to, ['example.com/a:1']);
      expect(plan.config.author).toBe(author);
    }
  });

  it('offers every image, by name and by number', async () => {
    const others = sampleParts({ author: 'somebody' });
    const [first, second] = [podmanMembers(parts, ['a:1', 'b:2']), podmanMembers(others, ['c'])];
    const items = [first, second].map((each) => JSON.parse(contentOf(each, 'manifest.json'))[0] as Item);
    await using archive = await archiveOf([
      ...[...first, ...second].filter(({ name }) => name !== 'manifest.json'),
      file('manifest.json', JSON.stringify(items)),
    ]);
    expect(archive.images.map(({ names }) => names)).toEqual([['a:1', 'b:2'], ['c']]);
    expect(selectImage(archive, { name: 'docker.io/library/b:2' })).toBe(archive.images[0]);
    expect(selectImage(archive, { name: 'c:latest' })).toBe(archive.images[1]);
    expect(selectImage(archive, { index: 1 })).toBe(archive.images[1]);
    expect((await manifestOf(archive, 1)).config.digest).toBe(digestOf(others.config));
    for (const [selector, message] of [
      [{}, 'Unexpected tar manifest.json: expected 1 item, got 2'],
      [{ name: 'd' }, 'Tag "docker.io/library/d:latest" not found'],
      [{ index: 2 }, 'Invalid source index @2, only 2 manifest items available'],
    ] as const) {
      expect(() => selectImage(archive, selector)).toThrow(message);
    }
  });
});

describe('a docker-archive that is written', () => {
  async function write(names: readonly string[] = ['example.com/a:1'], to = 'out.tar'): Promise<Buffer> {
    await using archive = await archiveOf(oldDockerMembers(parts));
    await using source = archive.images[0]!.open();
    await copyTo(source, createDockerArchive(place.path(to), mover), names);
    return await readFile(place.path(to));
  }

  it('has the same bytes each time', async () => {
    const first = await write();
    expect(await write(undefined, 'again.tar')).toEqual(first);
  });

  it('has each layer once, links for old readers, and its documents behind', async () => {
    await write();
    const list = execFileSync('tar', ['tf', place.path('out.tar')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const [base, top] = parts.layers.map(hexOf);
    expect(list.slice(0, 3)).toEqual([`${base}.tar`, `${top}.tar`, `${hexOf(parts.config)}.json`]);
    expect(list.slice(3, -2).map((name) => name.replace(/^[0-9a-f]{64}/, ''))).toEqual(
      [0, 1, 2].flatMap(() => ['/layer.tar', '/VERSION', '/json']),
    );
    expect(list.slice(-2)).toEqual(['manifest.json', 'repositories']);
  });

  it('has the mode of any new file, and nothing beside it', async () => {
    await write();
    await writeFile(place.path('plain'), '');
    const modes = await Promise.all(
      ['out.tar', 'plain'].map(async (name) => (await stat(place.path(name))).mode),
    );
    expect(modes[0]).toBe(modes[1]);
    expect(await place.names()).toEqual(['in.tar', 'out.tar', 'plain']);
  });

  it('replaces an empty file and nothing else', async () => {
    await writeFile(place.path('out.tar'), '');
    await write();
    const refused = "docker-archive doesn't support modifying existing images";
    await expect(createDockerArchive(place.path('out.tar'), mover)).rejects.toThrow(refused);
    await expect(createDockerArchive(place.root, mover)).rejects.toThrow('is not a regular file');
    await expect(createDockerArchive(place.path('none/out.tar'), mover)).rejects.toThrow('ENOENT');
    expect(await place.names()).toEqual(['in.tar', 'out.tar']);
  });

  it('takes several images, which share their layers', async () => {
    const others = sampleParts({ author: 'somebody' });
    {
      await using first = await archiveOf(podmanMembers(parts), '1.tar');
      await using second = await archiveOf(podmanMembers(others), '2.tar');
      await using destination = await createDockerArchive(place.path('out.tar'), mover);
      for (const [archive, name] of [
        [first, 'a.io/a:1'],
        [second, 'a.io/b:1'],
        [first, 'a.io/c:1'],
      ] as const) {
        await using source = archive.images[0]!.open();
        await copyInto(source, destination, [name]);
      }
      await destination.finish(never);
    }
    await using copied = await openDockerArchive(place.path('out.tar'), mover, never);
    expect(copied.images.map(({ names }) => names)).toEqual([['a.io/a:1', 'a.io/c:1'], ['a.io/b:1']]);
    const list = execFileSync('tar', ['tf', place.path('out.tar')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(list.filter((name) => name.endsWith('.tar') && !name.includes('/'))).toHaveLength(2);
    expect(new Set(list).size).toBe(list.length);
  });

  it('has only what was whole when a second image fails', async () => {
    const lying = sampleParts({ author: 'liar' });
    const wrong = podmanMembers(lying).map((made) =>
      made.name === `${hexOf(lying.layers[1]!)}.tar` ? file(made.name, tarOf({ name: 'other' })) : made,
    );
    {
      await using first = await archiveOf(podmanMembers(parts), '1.tar');
      await using second = await archiveOf(wrong, '2.tar');
      await using destination = await createDockerArchive(place.path('out.tar'), mover);
      await using bad = second.images[0]!.open();
      await expect(copyInto(bad, destination, ['a.io/bad:1'])).rejects.toThrow('Digest did not match');
      await using good = first.images[0]!.open();
      await copyInto(good, destination, ['example.com/a:1']);
      await destination.finish(never);
    }
    const bytes = await readFile(place.path('out.tar'));
    expect(bytes).toEqual(await write(['example.com/a:1'], 'alone.tar'));
  });

  it('is not there at all when it is left unfinished', async () => {
    {
      await using archive = await archiveOf(podmanMembers(parts));
      await using destination = await createDockerArchive(place.path('out.tar'), mover);
      await using source = archive.images[0]!.open();
      await copyInto(source, destination, ['example.com/a:1']);
    }
    expect(await place.names()).toEqual(['in.tar']);
  });

  it('leaves nothing behind when it is stopped while layers are moved or wait for their places', async () => {
    const started: string[] = [];
    const stuck: LayerMover = {
      transfer: async ({ blob }, signal) => {
        started.push(blob.kind);
        return await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
    };
    const sizes = new OneMover();
    await writeFile(place.path('in.tar'), tarOf(...newDockerMembers(parts, true)));
    {
      await using archive = await openDockerArchive(place.path('in.tar'), sizes, never);
      await using source = archive.images[0]!.open();
      await using destination = await createDockerArchive(place.path('out.tar'), stuck);
      const operation = someOperation();
      const copied = copyInto(source, destination, ['example.com/a:1'], operation);
      const ended = copied.catch((error: unknown) => String(error));
      while (started.length === 0) await new Promise(setImmediate);
      operation.abort(new Error('enough'));
      expect(await ended).toBe('Error: enough');
    }
    expect(await place.names()).toEqual(['in.tar']);
  });

  it('has room for a layer with a long digest that is unzipped on the way', async () => {
    const layers = parts.layers.slice(0, 2);
    const long = layers.map((layer) => `sha512:${createHash('sha512').update(layer).digest('hex')}`);
    const config = Buffer.from(JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: long } }));
    await using archive = await archiveOf(newDockerMembers({ config, layers }, true));
    await using source = archive.images[0]!.open();
    // As a registry has it: compressed, and its size unknown until it was unzipped.
    const zipped = layers.map((layer) => gzipSync(layer));
    source.contents = async () => zipped.map((bytes) => described(dockerLayerGzip, bytes));
    source.locate = async ({ digest }) => {
      const at = zipped.findIndex((bytes) => digestOf(bytes) === digest);
      await writeFile(place.path(`blob-${at}`), zipped[at]!);
      return { kind: 'file', path: place.path(`blob-${at}`), offset: 0, length: zipped[at]!.length };
    };
    await copyTo(source, createDockerArchive(place.path('out.tar'), new OneMover()), ['a.io/a:1']);
    await using copied = await openDockerArchive(place.path('out.tar'), mover, never);
    expect((await manifestOf(copied)).layers.map(({ digest }) => digest)).toEqual(long);
    await copyTo(copied.images[0]!.open(), createDockerArchive(place.path('again.tar'), mover), ['a.io/a:1']);
    expect(await readFile(place.path('again.tar'))).toEqual(await readFile(place.path('out.tar')));
  });

  it('refuses a name without a tag', async () => {
    await expect(write(['example.com/a'])).rejects.toThrow('has no tag');
    expect(await place.names()).toEqual(['in.tar']);
  });
});

function contentOf(members: readonly Made[], name: string): string {
  return members.find((made) => made.name === name)!.content!.toString();
}

function zip(program: string, bytes: Buffer): Buffer {
  return execFileSync(program, ['-c', '-q'], { input: bytes });
}

import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../src/oci/digest.js';
import { ociLayer, ociLayerGzip } from '../../../src/oci/media-types.js';
import { copyAll } from '../../../src/runtime/copy/copy-index.js';
import type { ImageArchive } from '../../../src/runtime/copy/image-archive.js';
import type { ImageDestination } from '../../../src/runtime/copy/image-sink.js';
import { createOciArchive, createOciLayout } from '../../../src/runtime/transports/layout-destination.js';
import { openOciArchive, openOciLayout } from '../../../src/runtime/transports/layout-source.js';
import type { LayerMover } from '../../../src/runtime/transports/layer-shelf.js';
import { selectImage } from '../../../src/runtime/transports/select-image.js';
import { described, hexOf, layoutFiles, members, sampleParts } from '../../archive/images.js';
import { tarOf } from '../../archive/tar-builder.js';
import {
  copyInto,
  copyTo,
  linux,
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

type Form = 'oci' | 'oci-archive';
const forms: readonly Form[] = ['oci', 'oci-archive'];

async function opened(form: Form, files: ReadonlyMap<string, Buffer>, name = 'in'): Promise<ImageArchive> {
  const path = place.path(name);
  if (form === 'oci-archive') {
    await writeFile(path, tarOf(...members(files)));
    return await openOciArchive(path, never);
  }
  await writeLayout(path, files);
  return await openOciLayout(path, never);
}

async function writeLayout(path: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [name, content] of files) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
}

function create(form: Form, name: string): Promise<ImageDestination> {
  const make = form === 'oci' ? createOciLayout : createOciArchive;
  return make(place.path(name), mover, never);
}

async function reopened(form: Form, name: string): Promise<ImageArchive> {
  const open = form === 'oci' ? openOciLayout : openOciArchive;
  return await open(place.path(name), never);
}

/** An index with an image for each of two architectures, and all of their files. */
function indexFiles(): { readonly files: Map<string, Buffer>; readonly index: Buffer } {
  const images = ['amd64', 'arm64'].map((architecture) => {
    const files = layoutFiles(sampleParts({ architecture }));
    const { manifests } = JSON.parse(files.get('index.json')!.toString()) as { manifests: object[] };
    return { files, entry: { ...manifests[0], annotations: {}, platform: { os: 'linux', architecture } } };
  });
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, manifests: images.map(({ entry }) => entry) }),
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'both' };
  const top = { schemaVersion: 2, manifests: [{ ...described(mediaType, index), annotations }] };
  const files = new Map<string, Buffer>();
  for (const image of images) for (const [name, content] of image.files) files.set(name, content);
  files.set('index.json', Buffer.from(JSON.stringify(top))).set(`blobs/sha256/${hexOf(index)}`, index);
  return { files, index };
}

describe.each(forms)('a layout read from %s', (form) => {
  it('names its images as containerd does, or else by their ref names', async () => {
    await using plain = await opened(form, layoutFiles(parts, { refName: 'a/b:1' }), 'plain');
    const full = layoutFiles(parts, { refName: '1', name: 'docker.io/library/a:1' });
    await using named = await opened(form, full, 'named');
    expect(plain.images.map(({ names }) => names)).toEqual([['a/b:1']]);
    expect(named.images.map(({ names }) => names)).toEqual([['docker.io/library/a:1']]);
    expect(selectImage(named, { name: '1' })).toBe(named.images[0]);
    expect(() => selectImage(named, { name: 'docker.io/library/a:1' })).toThrow(
      'no descriptor found for reference "docker.io/library/a:1"',
    );
  });

  it('wants to know which of several images is meant', async () => {
    const files = layoutFiles(parts);
    const { manifests } = JSON.parse(files.get('index.json')!.toString()) as { manifests: object[] };
    const twice = { schemaVersion: 2, manifests: [...manifests, ...manifests] };
    files.set('index.json', Buffer.from(JSON.stringify(twice)));
    await using archive = await opened(form, files);
    expect(() => selectImage(archive, {})).toThrow('more than one image in oci, choose an image');
    expect(selectImage(archive, { index: 1 })).toBe(archive.images[1]);
    expect(() => selectImage(archive, { index: 2 })).toThrow('only 2 entries available');
  });

  it('refuses a blob of another digest or size than its descriptor says', async () => {
    const files = layoutFiles(parts);
    const config = `blobs/sha256/${hexOf(parts.config)}`;
    files.set(config, Buffer.from(parts.config.toString().replace('amd64', 'AMD64')));
    await using lying = await opened(form, files, 'lying');
    const to = createOciArchive(place.path('out'), mover, never);
    await expect(copyTo(lying.images[0]!.open(), to)).rejects.toThrow('Digest did not match');
    files.set(config, Buffer.concat([parts.config, Buffer.from(' ')]));
    await using longer = await opened(form, files, 'longer');
    const again = createOciArchive(place.path('out'), mover, never);
    await expect(copyTo(longer.images[0]!.open(), again)).rejects.toThrow('Size did not match');
  });

  it('takes a foreign layer from its urls when it is not there itself', async () => {
    const digest = digestOf(Buffer.from('elsewhere'));
    await using archive = await opened(form, layoutFiles(parts));
    await using source = archive.images[0]!.open();
    const urls = ['ftp://a/1', 'https://a/1', 'http://b/2'];
    const layer = { mediaType: ociLayer, digest, size: 9, urls };
    await expect(source.locate(layer, never)).resolves.toEqual({
      kind: 'http',
      url: 'http://b/2',
      external: ['https://a/1'],
      headers: {},
      insecure: false,
    });
    await expect(source.locate({ mediaType: ociLayer, digest, size: 9 }, never)).rejects.toThrow(
      'Unknown blob',
    );
  });

  it('of another version is refused', async () => {
    const files = layoutFiles(parts).set('oci-layout', Buffer.from('{"imageLayoutVersion":"2.0.0"}'));
    await expect(opened(form, files)).rejects.toThrow('unsupported OCI layout version 2.0.0');
  });
});

describe.each(forms)('a layout written to %s', (form) => {
  it('keeps the image to the byte', async () => {
    await using archive = await opened(form, layoutFiles(parts));
    const { manifest } = await copyTo(archive.images[0]!.open(), create(form, 'out'), ['example.com/a:1']);
    const original = await archive.images[0]!.open().manifest(undefined, never);
    expect(manifest.bytes).toEqual(original.bytes);
    await using copied = await reopened(form, 'out');
    expect(copied.images.map(({ refName }) => refName)).toEqual(['example.com/a:1']);
    expect((await copied.images[0]!.open().manifest(undefined, never)).bytes).toEqual(original.bytes);
  });

  it('zips what is not zipped, and says so', async () => {
    await using archive = await opened(form, layoutFiles(parts, { compressed: false }));
    const { layers } = await copyTo(archive.images[0]!.open(), create(form, 'out'), ['a']);
    expect(layers.map(({ mediaType }) => mediaType)).toEqual([ociLayerGzip, ociLayerGzip, ociLayerGzip]);
    await using copied = await reopened(form, 'out');
    const back = await copyTo(copied.images[0]!.open(), create(form, 'back'), ['a']);
    expect(back.plan.layers.map(({ diffId }) => diffId)).toEqual(
      parts.layers.map((layer) => digestOf(layer)),
    );
  });

  it('zips a layer that is not what its type says', async () => {
    const files = layoutFiles(parts, { compressed: false });
    const { manifests } = JSON.parse(files.get('index.json')!.toString()) as {
      manifests: { digest: string }[];
    };
    const old = `blobs/sha256/${manifests[0]!.digest.slice(7)}`;
    const lying = Buffer.from(files.get(old)!.toString().replaceAll('v1.tar"', 'v1.tar+gzip"'));
    files.delete(old);
    files.set(`blobs/sha256/${hexOf(lying)}`, lying);
    const entry = described('application/vnd.oci.image.manifest.v1+json', lying);
    files.set('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] })));
    await using archive = await opened(form, files);
    const { layers } = await copyTo(archive.images[0]!.open(), create(form, 'out'));
    expect(layers.map(({ digest }) => digest)).not.toContain(digestOf(parts.layers[0]!));
    await using copied = await reopened(form, 'out');
    await using source = copied.images[0]!.open();
    for (const layer of layers) {
      const blob = await source.locate(layer, never);
      expect(blob).toMatchObject({ length: layer.size });
    }
  });

  it('has a whole index with its images', async () => {
    const { files, index } = indexFiles();
    await using archive = await opened(form, files);
    const gate = { admit: async (): Promise<void> => undefined };
    const options = { platform: linux, gate, signatures: 'keep' } as const;
    {
      await using destination = await create(form, 'out');
      await using sink = destination.image(['both']);
      await copyAll(archive.images[0]!.open(), sink, options, someOperation());
      await destination.finish(never);
    }
    await using copied = await reopened(form, 'out');
    expect(copied.images).toHaveLength(1);
    const source = copied.images[0]!.open();
    expect((await source.manifest(undefined, never)).bytes).toEqual(index);
    const { manifests } = JSON.parse(index.toString()) as {
      manifests: { digest: ReturnType<typeof digestOf> }[];
    };
    for (const { digest } of manifests) {
      expect((await source.manifest(digest, never)).digest).toBe(digest);
    }
  });

  it('leaves nothing behind when a layer is not what it should be', async () => {
    const files = layoutFiles(parts);
    const blob = [...files.keys()].find((name) => name.startsWith('blobs/'))!;
    const wrong = Buffer.from(files.get(blob)!);
    wrong[20]! ^= 1;
    files.set(blob, wrong);
    await using archive = await opened(form, files);
    await expect(copyTo(archive.images[0]!.open(), create(form, 'out'))).rejects.toThrow(
      'Digest did not match',
    );
    expect(await place.names()).toEqual(['in']);
  });
});

describe('a layout in a directory that images are added to', () => {
  async function add(files: ReadonlyMap<string, Buffer>, names: readonly string[]): Promise<void> {
    await using archive = await opened('oci', files, `in-${Math.random()}`);
    await copyTo(archive.images[0]!.open(), create('oci', 'out'), names);
  }

  async function entries(): Promise<(readonly [string | undefined, string])[]> {
    await using archive = await openOciLayout(place.path('out'), never);
    return await Promise.all(
      archive.images.map(async (image) => {
        const source = image.open();
        return [image.refName, (await source.manifest(undefined, never)).digest.slice(7, 15)] as const;
      }),
    );
  }

  it('keeps the others, and gives a name to the image that got it last', async () => {
    const other = layoutFiles(sampleParts({ author: 'somebody' }));
    await add(layoutFiles(parts), ['a', 'b']);
    const [[, first]] = (await entries()) as [[string, string]];
    await add(other, ['b']);
    await add(other, []);
    await add(other, []);
    const second = (await entries())[1]![1];
    expect(second).not.toBe(first);
    expect(await entries()).toEqual([
      ['a', first],
      ['b', second],
      [undefined, second],
    ]);
    expect((await readdir(place.path('out'))).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('is not given again what it has', async () => {
    await add(layoutFiles(parts), ['a']);
    await using archive = await opened('oci', layoutFiles(parts), 'again');
    let moved = 0;
    const counting: LayerMover = {
      transfer: async (...task) => {
        moved += 1;
        return await mover.transfer(...task);
      },
    };
    const to = createOciLayout(place.path('out'), counting, never);
    await copyTo(archive.images[0]!.open(), to, ['b']);
    expect(moved).toBe(0);
    expect((await entries()).map(([name]) => name)).toEqual(['a', 'b']);
  });

  it('takes one image after the other', async () => {
    await using archive = await opened('oci', layoutFiles(parts), 'one');
    await using source = archive.images[0]!.open();
    await using destination = await create('oci', 'out');
    const results = await Promise.allSettled(['a', 'b'].map((name) => copyInto(source, destination, [name])));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await copyInto(source, destination, ['b']);
    await destination.finish(never);
    expect((await entries()).map(([name]) => name)).toEqual(['a', 'b']);
  });

  it('keeps what index.json says besides', async () => {
    await mkdir(place.path('out'));
    const existing = { schemaVersion: 2, annotations: { key: 'value' }, manifests: [], extra: [1] };
    await writeFile(place.path('out/index.json'), JSON.stringify(existing));
    await add(layoutFiles(parts), ['a']);
    const index: unknown = JSON.parse(await readFile(place.path('out/index.json'), 'utf8'));
    expect(index).toMatchObject({ annotations: { key: 'value' }, extra: [1], manifests: [{}] });
  });

  it('is as it was after a failure', async () => {
    await add(layoutFiles(parts), ['a']);
    const before = execFileSync('find', [place.path('out'), '-ls'], { encoding: 'utf8' });
    const files = layoutFiles(sampleParts({ author: 'somebody' }));
    files.delete(`blobs/sha256/${hexOf(sampleParts({ author: 'somebody' }).config)}`);
    await expect(add(files, ['a'])).rejects.toThrow('no such file');
    expect(execFileSync('find', [place.path('out'), '-ls'], { encoding: 'utf8' }).split('\n').length).toBe(
      before.split('\n').length,
    );
    expect(await readdir(place.path('out'))).toHaveLength(3);
  });

  it('loses nothing when two add at once', async () => {
    await mkdir(place.path('out'));
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((author) => add(layoutFiles(sampleParts({ author })), [author])));
    expect(new Set((await entries()).map(([name]) => name))).toEqual(new Set(names));
  });

  it('is not taken for one if it has another version', async () => {
    await mkdir(place.path('out'));
    await writeFile(place.path('out/oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    await expect(create('oci', 'out')).rejects.toThrow('unsupported OCI layout version');
    expect(await readdir(place.path('out'))).toEqual(['oci-layout']);
  });
});

describe('a layout in a directory with links', () => {
  it('is read as long as they stay inside', async () => {
    const files = layoutFiles(parts);
    await writeLayout(place.path('in'), files);
    await symlink('index.json', place.path('in/again'));
    await rm(place.path('in/oci-layout'));
    const config = `blobs/sha256/${hexOf(parts.config)}`;
    await rm(place.path(`in/${config}`));
    await writeFile(place.path('in/config'), parts.config);
    await symlink('../../config', place.path(`in/${config}`));
    await using archive = await openOciLayout(place.path('in'), never);
    await copyTo(archive.images[0]!.open(), create('oci-archive', 'out'));
    await rm(place.path('in/config'));
    await writeFile(place.path('config'), parts.config);
    await rm(place.path(`in/${config}`));
    await symlink('../../../config', place.path(`in/${config}`));
    await using destination = await create('oci-archive', 'out2');
    await expect(copyInto(archive.images[0]!.open(), destination)).rejects.toThrow('leads out of');
  });
});

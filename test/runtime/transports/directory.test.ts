import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestHex } from '../../../src/oci/digest.js';
import { copyAll } from '../../../src/runtime/copy/copy-index.js';
import type { ImageSource, Signature } from '../../../src/runtime/copy/image-source.js';
import { createDirectory } from '../../../src/runtime/transports/directory-destination.js';
import { openDirectory } from '../../../src/runtime/transports/directory-source.js';
import { openDockerArchive } from '../../../src/runtime/transports/docker-archive-source.js';
import { file, hexOf, podmanMembers, sampleParts } from '../../archive/images.js';
import { tarOf } from '../../archive/tar-builder.js';
import { sampleSource } from '../copy-parts.js';
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

const create = (): ReturnType<typeof createDirectory> => createDirectory(place.path('out'), mover, never);

/** An image of an archive, with signatures that archives do not have. */
async function signedSource(signatures: readonly Signature[], image = parts): Promise<ImageSource> {
  const path = place.path(`${hexOf(image.config)}.tar`);
  await writeFile(path, tarOf(...podmanMembers(image)));
  const archive = await openDockerArchive(path, mover, never);
  const source = archive.images[0]!.open();
  source.signatures = async () => signatures;
  source[Symbol.asyncDispose] = () => archive[Symbol.asyncDispose]();
  return source;
}

describe('a directory', () => {
  it('has blobs, manifest, signatures and version, and gives all of them back', async () => {
    const signatures = [Buffer.from([0x88, 1, 2]), Buffer.from('\0sigstore-json\n{}')];
    await using source = await signedSource(signatures);
    const { manifest } = await copyTo(source, create());
    expect((await readdir(place.path('out'))).toSorted()).toEqual(
      [
        ...new Set([...parts.layers, parts.config].map(hexOf)),
        'manifest.json',
        'signature-1',
        'signature-2',
        'version',
      ].toSorted(),
    );
    expect(await readFile(place.path('out/version'), 'utf8')).toBe('Directory Transport Version: 1.1\n');
    await using copied = await openDirectory(place.path('out'));
    expect((await copied.manifest(undefined, never)).bytes).toEqual(manifest.bytes);
    expect(await copied.signatures(manifest.digest, never)).toEqual(signatures);
  });

  it('holds the next image instead of the last, which is there until then', async () => {
    await using source = await signedSource([Buffer.from('a'), Buffer.from('b')]);
    await copyTo(source, create());
    const other = sampleParts({ author: 'somebody' });
    await using next = await signedSource([], other);
    {
      await using destination = await create();
      await copyInto(next, destination);
      expect(await readdir(place.path('out'))).toContain('signature-2');
    }
    await using kept = await openDirectory(place.path('out'));
    expect((await kept.manifest(undefined, never)).bytes.toString()).toContain(hexOf(parts.config));
    await copyTo(next, create());
    const names = await readdir(place.path('out'));
    expect(names).toContain(hexOf(other.config));
    expect(names).not.toContain(hexOf(parts.config));
    expect(names).not.toContain('signature-2');
  });

  it('with important data is not touched', async () => {
    await mkdir(place.path('out'));
    const refused = "not a containers image directory, don't want to overwrite important data";
    await writeFile(place.path('out/thesis'), '');
    await expect(create()).rejects.toThrow(refused);
    await writeFile(place.path('out/version'), 'Directory Transport Version: 9.9\n');
    await expect(create()).rejects.toThrow(refused);
    expect(await readdir(place.path('out'))).toHaveLength(2);
  });

  it('that was made for an image goes when the image fails', async () => {
    const members = podmanMembers(parts).map((made) =>
      made.name.endsWith('.tar') ? file(made.name, Buffer.concat([tarOf({ name: 'x' })])) : made,
    );
    await writeFile(place.path('bad.tar'), tarOf(...members));
    await using archive = await openDockerArchive(place.path('bad.tar'), mover, never);
    await expect(copyTo(archive.images[0]!.open(), create())).rejects.toThrow('Digest did not match');
    expect(await place.names()).toEqual(['bad.tar']);
  });

  it('holds an index with its images', async () => {
    const options = {
      platform: linux,
      gate: { admit: async (): Promise<void> => undefined },
      signatures: 'keep',
    } as const;
    const source = sampleSource({ layers: [] }, [{ layers: [], architecture: 'arm64' }]);
    {
      await using destination = await create();
      await using sink = destination.image([]);
      await copyAll(source, sink, options, someOperation());
      await destination.finish(never);
    }
    const index = await source.manifest(undefined, never);
    await using copied = await openDirectory(place.path('out'));
    expect((await copied.manifest(undefined, never)).bytes).toEqual(index.bytes);
    const { manifests } = JSON.parse(index.bytes.toString()) as {
      manifests: { digest: typeof index.digest }[];
    };
    for (const { digest } of manifests) {
      expect((await copied.manifest(digest, never)).digest).toBe(digest);
      expect(await readdir(place.path('out'))).toContain(`${digestHex(digest)}.manifest.json`);
    }
  });
});

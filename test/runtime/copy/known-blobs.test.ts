import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf, type Digest } from '../../../src/oci/digest.js';
import { formatKnownBlob, placeOf, type KnownBlob } from '../../../src/runtime/copy/known-blob.js';
import { KnownBlobs } from '../../../src/runtime/copy/known-blobs.js';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'known-blobs-')), 'imaged');
  path = join(directory, 'known-blobs');
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

function named(name: string): Digest {
  return digestOf(Buffer.from(name));
}

function blob(name: string, tar = 'tar', repository = 'app', host = 'example.com'): KnownBlob {
  return {
    digest: named(name),
    form: { diffId: named(tar), size: name.length, compression: 'gzip' },
    places: [{ host, repository }],
  };
}

describe('what is known of blobs', () => {
  it('is nothing at first, and makes no file', async () => {
    const known = new KnownBlobs(directory);
    expect(await known.formsOf(named('tar'))).toEqual([]);
    await known.note([]);
    await expect(stat(directory)).rejects.toThrow('ENOENT');
  });

  it('is the forms of a tar, the one noted last first', async () => {
    const known = new KnownBlobs(directory);
    await known.note([blob('one'), blob('two'), blob('three'), blob('other', 'other tar')]);
    await known.note([blob('two')]);
    expect(await known.formsOf(named('tar'))).toEqual(
      ['two', 'three', 'one'].map((name) => ({
        digest: named(name),
        diffId: named('tar'),
        size: name.length,
        compression: 'gzip',
      })),
    );
  });

  it('is where blobs are at a registry, eight places at most', async () => {
    const known = new KnownBlobs(directory);
    for (let at = 0; at < 10; at += 1) await known.note([blob('one', 'tar', `app${at}`)]);
    await known.note([blob('one', 'tar', 'app5'), blob('one', 'tar', 'elsewhere', 'other.org')]);
    expect(await known.repositoriesWith(named('one'), 'example.com')).toEqual(
      [5, 9, 8, 7, 6, 4, 3].map((at) => `app${at}`),
    );
    expect(await known.repositoriesWith(named('one'), 'other.org')).toEqual(['elsewhere']);
    expect(await known.repositoriesWith(named('two'), 'example.com')).toEqual([]);
  });

  it('does not lose a form when the blob is seen elsewhere without a look into it', async () => {
    const known = new KnownBlobs(directory);
    await known.note([blob('one')]);
    await known.note([{ digest: named('one'), places: [{ host: 'example.com', repository: 'b' }] }]);
    expect(await known.formsOf(named('tar'))).toHaveLength(1);
    expect(await known.repositoriesWith(named('one'), 'example.com')).toEqual(['b', 'app']);
  });

  it('is there for the next daemon, and for one beside it', async () => {
    const known = new KnownBlobs(directory);
    const other = new KnownBlobs(directory);
    await known.note([blob('one')]);
    expect(await other.formsOf(named('tar'))).toHaveLength(1);
    await other.note([blob('two')]);
    await known.note([blob('three')]);
    for (const each of [known, other, new KnownBlobs(directory)]) {
      expect(await each.formsOf(named('tar'))).toHaveLength(3);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('survives notes that come all at once', async () => {
    const known = new KnownBlobs(directory);
    const names = Array.from({ length: 50 }, (_, index) => `blob ${index}`);
    await Promise.all(names.map((name) => known.note([blob(name)])));
    expect(await new KnownBlobs(directory).formsOf(named('tar'))).toHaveLength(50);
  });

  it('is as much as is left when the file is damaged', async () => {
    const known = new KnownBlobs(directory);
    await known.note([blob('one'), blob('two'), blob('three')]);
    const text = await readFile(path, 'utf8');
    const at = text.indexOf(named('two'));
    await writeFile(
      path,
      `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}\0garbage`,
    );
    const forms = await known.formsOf(named('tar'));
    expect(forms.map(({ digest }) => digest)).toEqual([named('three'), named('one')]);
  });

  it.each([
    '{"digest":"sha256:00"}',
    '{"digest":"../../etc","places":[]}',
    '{"digest":5}',
    'null',
    '[]',
    `{"digest":"${named('one')}","form":{"diffId":"x","size":1,"compression":"gzip"},"places":[]}`,
    `{"digest":"${named('one')}","form":{"diffId":"${named('tar')}","size":-1,"compression":"gzip"},"places":[]}`,
    `{"digest":"${named('one')}","places":[{"host":"a b","repository":"x"}]}`,
  ])('does not come from a line like %s', async (json) => {
    await new KnownBlobs(directory).note([blob('two', 'other')]);
    const { crc32 } = await import('node:zlib');
    await appendFile(path, `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`);
    const known = new KnownBlobs(directory);
    expect(await known.formsOf(named('tar'))).toEqual([]);
    expect(await known.repositoriesWith(named('one'), 'a b')).toEqual([]);
    expect(await known.formsOf(named('other'))).toHaveLength(1);
  });

  it('is the last five thousand blobs, in a file that is written anew at times', async () => {
    const known = new KnownBlobs(directory);
    const many = Array.from({ length: 6000 }, (_, index) => blob(`blob ${index}`));
    await known.note(many);
    await known.note(many);
    const fresh = new KnownBlobs(directory);
    expect(await fresh.formsOf(named('tar'))).toHaveLength(5000);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(5001);
    expect(await readdir(directory)).toEqual(['known-blobs']);
  });

  it('does not come from a file that is too large to be ours', async () => {
    const known = new KnownBlobs(directory);
    await known.note([blob('one')]);
    await truncate(path, 1024 * 1024 * 1024);
    expect(await known.formsOf(named('tar'))).toEqual([]);
    await known.note([blob('two')]);
    expect(await new KnownBlobs(directory).formsOf(named('tar'))).toHaveLength(1);
    expect((await stat(path)).size).toBe(formatKnownBlob(blob('two')).length);
  });

  it('is kept in memory where it cannot be written down', async () => {
    await writeFile(directory, 'a file where the directory should be');
    const known = new KnownBlobs(directory);
    await known.note([blob('one')]);
    expect(await known.formsOf(named('tar'))).toHaveLength(1);
  });

  it('is forgotten with the file', async () => {
    const known = new KnownBlobs(directory);
    await known.note([blob('one')]);
    await rm(directory, { recursive: true });
    expect(await known.formsOf(named('tar'))).toEqual([]);
    await known.note([blob('two')]);
    expect(await known.formsOf(named('tar'))).toHaveLength(1);
  });
});

describe('the place of a blob', () => {
  it.each([
    [
      'https://registry-1.docker.io/v2/library/debian/blobs/sha256:00',
      'registry-1.docker.io',
      'library/debian',
    ],
    ['http://127.0.0.1:5000/v2/a/blobs/uploads/', '127.0.0.1:5000', 'a'],
  ])('of %s is a host and a repository', (url, host, repository) => {
    expect(placeOf(url)).toEqual({ host, repository });
  });

  it('of other URLs is not known', () => {
    expect(placeOf('https://storage.example.com/some/thing?x=/v2/a/blobs/')).toBeUndefined();
  });
});

// Unpacking what the service made of a directory, and refusing everything else.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unpackFiles } from '../../client/unpack-files.js';
import { buildTar } from '../peers/sample-image.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unpack-files-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the files of a directory', () => {
  it.each([1, 511, 512, 513, 100_000])('are unpacked from pieces of %d bytes', async (size) => {
    const files = { version: 'Directory', 'manifest.json': '', abc: 'x'.repeat(1024), def: 'y'.repeat(1025) };
    const tar = await buildTar(Object.entries(files).map(([name, content]) => ({ name, content })));
    await unpackFiles(inPieces(tar, size), directory);
    const found = await readdir(directory);
    const contents = await Promise.all(
      found.map(async (name) => [name, await readFile(join(directory, name), 'utf8')]),
    );
    expect(Object.fromEntries(contents)).toEqual(files);
  });

  it.each([
    [{ name: '../out', content: 'x' }],
    [{ name: '..', content: 'x' }],
    [{ name: 'a/b', content: 'x' }],
    [{ name: '/etc/x', content: 'x' }],
    [{ name: 'link', type: 'symlink' as const, linkname: '/etc/passwd' }],
    [{ name: 'directory', type: 'directory' as const }],
  ])('are not %j', async (entry) => {
    await expect(unpackFiles(inPieces(await buildTar([entry]), 512), directory)).rejects.toThrow(
      'the archive is none of a directory',
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it('must be whole, and those before go with the one that is not', async () => {
    const tar = await buildTar([
      { name: 'a', content: 'x' },
      { name: 'b', content: 'x'.repeat(2000) },
    ]);
    await expect(unpackFiles(inPieces(tar.subarray(0, 2000), 512), directory)).rejects.toThrow(
      'the archive ended too early',
    );
    expect(await readdir(directory)).toEqual([]);
  });
});

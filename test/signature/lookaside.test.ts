import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../src/oci/digest.js';
import { parseNormalized } from '../../src/oci/reference.js';
import { LookasideError } from '../../src/signature/errors.js';
import { readLookaside, writeLookaside, type FetchUrl } from '../../src/signature/lookaside.js';

const manifest = digestOf(Buffer.from('manifest'));
const key = { reference: parseNormalized('quay.io/a/b:1'), manifest };
const { signal } = new AbortController();
const signature = (text: string): Buffer => Buffer.from(`\x90${text}`, 'latin1');
const directoryOf = `a/b@${manifest.replace(':', '=')}`;
const nothing: FetchUrl = async () => undefined;

let directory: string;
let base: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged test-'));
  base = pathToFileURL(directory).href;
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('signatures beside a registry', () => {
  it('are read as they were written', async () => {
    const signatures = [signature('one'), signature('two')];
    await writeLookaside(base, key, signatures, signal);
    expect(await readdir(join(directory, directoryOf))).toEqual(['signature-1', 'signature-2']);
    expect(await readLookaside(base, key, nothing, signal)).toEqual(signatures);
  });

  it('take the place of those that were there', async () => {
    await writeLookaside(base, key, [signature('1'), signature('2'), signature('3')], signal);
    await writeLookaside(`${base}/`, key, [signature('4')], signal);
    expect(await readdir(join(directory, directoryOf))).toEqual(['signature-1']);
    expect(await readFile(join(directory, directoryOf, 'signature-1'))).toEqual(signature('4'));
  });

  it('are none where there is no directory', async () => {
    expect(await readLookaside(base, key, nothing, signal)).toEqual([]);
  });

  it('end at the first number that is missing', async () => {
    await writeLookaside(base, key, [signature('1'), signature('2'), signature('3')], signal);
    await rm(join(directory, directoryOf, 'signature-2'));
    expect(await readLookaside(base, key, nothing, signal)).toEqual([signature('1')]);
  });

  it('are asked for at http addresses one after the other', async () => {
    const asked: string[] = [];
    const fetchUrl: FetchUrl = async (url) => {
      asked.push(url.href);
      return asked.length < 3 ? signature('x') : undefined;
    };
    const read = await readLookaside('https://example.com/base?x=1', key, fetchUrl, signal);
    expect(read).toHaveLength(2);
    expect(asked).toEqual([1, 2, 3].map((n) => `https://example.com/base/${directoryOf}/signature-${n}?x=1`));
  });

  it('are not read without end', async () => {
    await expect(readLookaside('https://x', key, async () => signature('x'), signal)).rejects.toThrow(
      'Too many signatures: more than 128',
    );
    const large = Buffer.concat([signature(''), Buffer.alloc(100 * 1024)]);
    await expect(readLookaside('https://x', key, async () => large, signal)).rejects.toThrow(
      'Too many signatures: more than 2097152 bytes',
    );
  });

  it('are refused when they are something else', async () => {
    await writeLookaside(base, key, [signature('x')], signal);
    const path = join(directory, directoryOf, 'signature-2');
    await writeFile(path, '<html>');
    await expect(readLookaside(base, key, nothing, signal)).rejects.toThrow(
      `Error reading signature from ${pathToFileURL(path).href}: unrecognized signature format`,
    );
  });

  it('that cannot be read are an error without the password', async () => {
    const fetchUrl: FetchUrl = () => Promise.reject(new Error('status 500'));
    const reading = readLookaside('https://me:secret@x', key, fetchUrl, signal);
    await expect(reading).rejects.toThrow(`Error reading signature from https://me:xxxxx@x/${directoryOf}`);
    await expect(reading).rejects.not.toThrow('secret');
  });

  it.each([
    ['ftp://x', 'Unsupported scheme when reading signature from ftp://x/'],
    ['relative', 'Invalid signature storage URL relative'],
  ])('are not read from %s', async (url, message) => {
    await expect(readLookaside(url, key, nothing, signal)).rejects.toThrow(message);
  });

  it.each([
    ['http://x', `Writing directly to a http sigstore http://x/${directoryOf}/signature-1 is not supported.`],
    ['https://x', 'Configure a sigstore-staging: location'],
    ['ftp://x', 'Unsupported scheme when writing signature to ftp://x/'],
  ])('are not written to %s', async (url, message) => {
    const writing = writeLookaside(url, key, [signature('x')], signal);
    await expect(writing).rejects.toThrow(message);
    await expect(writing).rejects.toBeInstanceOf(LookasideError);
  });

  it('leave nothing half-written when there is no place for them', async () => {
    await writeFile(join(directory, 'a'), '');
    await expect(writeLookaside(base, key, [signature('x')], signal)).rejects.toBeInstanceOf(LookasideError);
    expect(await readdir(directory)).toEqual(['a']);
  });
});

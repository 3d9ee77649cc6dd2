import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sha256Digest } from '../../src/oci/digest.js';
import { storageSource } from '../../src/runtime/transports/storage-source.js';
import type { Store, StoredImage } from '../../src/store/index.js';

const hex = createHash('sha256').update('{}').digest('hex');
const digest = sha256Digest(hex);
const signal = new AbortController().signal;

/** A source of an image with these items; all else of the store is left out. */
function sourceOf(metadata: unknown, items: Readonly<Record<string, string>>) {
  const image = {
    id: 'a'.repeat(64),
    metadata: typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
    bigDataNames: Object.keys(items),
    bigDataDigests: new Map([['manifest', digest]]),
  } as unknown as StoredImage;
  const store = {
    options: { driver: 'overlay', graphRoot: '/g', runRoot: '/r' },
    imageData: async (_: StoredImage, key: string) => Buffer.from(items[key] ?? ''),
  } as unknown as Store;
  return storageSource(store, image);
}

async function signaturesOf(metadata: unknown, items: Readonly<Record<string, string>>) {
  return (await sourceOf(metadata, items).signatures(digest, signal)).map(String);
}

describe('signatures of a stored image', () => {
  const items = { [`signature-${hex}`]: 'onetwothree', signatures: 'oldones' };

  it('are cut as the metadata say', async () => {
    const sizes = { 'signatures-sizes': { [digest]: [3, 3, 5] }, 'signature-sizes': [3, 4] };
    expect(await signaturesOf(sizes, items)).toEqual(['one', 'two', 'three']);
  });

  it('are those of the image as a whole in old records', async () => {
    expect(await signaturesOf({ 'signature-sizes': [3, 4] }, items)).toEqual(['old', 'ones']);
    const other = sha256Digest('0'.repeat(64));
    expect(await sourceOf({ 'signature-sizes': [3, 4] }, items).signatures(other, signal)).toEqual([]);
  });

  it.each([
    ['empty metadata', ''],
    ['metadata that are no JSON', '{'],
    ['metadata of another kind', 'null'],
    ['null for no sizes', { 'signatures-sizes': null, 'signature-sizes': null }],
    ['no sizes', { 'signatures-sizes': { [digest]: [] } }],
  ])('are none for %s', async (_, metadata) => {
    expect(await signaturesOf(metadata, items)).toEqual([]);
  });

  it('are refused when they are not as long as they should be', async () => {
    await expect(signaturesOf({ 'signatures-sizes': { [digest]: [3, 3] } }, items)).rejects.toThrow(
      /not as long/,
    );
  });
});

describe('the manifest of a stored image', () => {
  it('is refused when it is not what its name says', async () => {
    const source = sourceOf({}, { [`manifest-${digest}`]: '{"changed": true}' });
    await expect(source.manifest(digest, signal)).rejects.toThrow(/is damaged/);
  });
});

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { layerHeader, type LayerMember } from '../../src/archive/layer-header.js';
import { defaultLayerLimits } from '../../src/archive/limits.js';
import type { TarEntry } from '../../src/archive/tar-entry.js';
import { TarReader, type TarVisitor } from '../../src/archive/tar-reader.js';

const plain: LayerMember = {
  name: 'etc/file',
  type: '0',
  status: { mode: 0o100644, uid: 1, gid: 2, deviceMajor: 0, deviceMinor: 0 },
  size: 0,
  modified: { seconds: 1_600_000_000, nanoseconds: 0 },
  linkName: '',
  attributes: [],
};

/** What a reader makes of a header. */
function read(header: Buffer): TarEntry {
  const entries: TarEntry[] = [];
  const visitor: TarVisitor = {
    blocked: false,
    settled: async () => undefined,
    entry: (entry) => void entries.push(entry),
    content: () => undefined,
    entryEnd: () => undefined,
  };
  new TarReader(visitor, undefined, defaultLayerLimits).push(Buffer.from(header));
  expect(entries).toHaveLength(1);
  return entries[0] as TarEntry;
}

const bytes = (maxLength: number) =>
  fc
    .uint8Array({ minLength: 1, maxLength })
    .map((array) => Buffer.from(array.map((byte) => byte || 1)).toString('latin1'));

const member: fc.Arbitrary<LayerMember> = fc.record({
  // A file's name with a slash at its end would make it a directory.
  name: fc
    .oneof(bytes(300), fc.stringMatching(/^[a-z]{1,90}(\/[a-z]{1,90}){0,3}$/))
    .filter((name) => !name.endsWith('/')),
  type: fc.constantFrom('0', '1', '2', '3', '4', '6'),
  status: fc.record({
    mode: fc.integer({ min: 0, max: 0o7777 }).map((mode) => 0o100000 | mode),
    uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    deviceMajor: fc.integer({ min: 0, max: 4095 }),
    deviceMinor: fc.integer({ min: 0, max: 2 ** 20 - 1 }),
  }),
  size: fc.constant(0),
  modified: fc.record({
    seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  }),
  linkName: fc.oneof(fc.constant(''), bytes(300)),
  attributes: fc.uniqueArray(
    fc.tuple(
      fc.stringMatching(/^user\.[a-z]{1,20}$/),
      fc.uint8Array({ minLength: 1, maxLength: 5000 }).map((value) => Buffer.from(value)),
    ),
    { selector: ([key]) => key, maxLength: 3 },
  ),
});

describe('the header of a layer’s member', () => {
  it('says to a reader what it was made of, whatever that is', () => {
    fc.assert(
      fc.property(member, (one) => {
        const header = layerHeader(one);
        expect(header.length % 512).toBe(0);
        const { mode, uid, gid, deviceMajor, deviceMinor } = one.status;
        const { name, type, linkName, modified } = one;
        expect(read(header)).toMatchObject({
          name,
          type,
          linkName,
          modified,
          mode: mode & 0o7777,
          uid,
          gid,
          deviceMajor,
          deviceMinor,
          attributes: one.attributes.toSorted(([a], [b]) => (a < b ? -1 : 1)),
        });
      }),
    );
  });

  it('is one block when ustar has room for all of it', () => {
    const long = `${'d'.repeat(150)}/${'f'.repeat(99)}`;
    expect(layerHeader(plain)).toHaveLength(512);
    expect(layerHeader({ ...plain, name: long })).toHaveLength(512);
    expect(layerHeader({ ...plain, name: `${'d'.repeat(150)}/${'f'.repeat(101)}` })).toHaveLength(1536);
    expect(layerHeader({ ...plain, modified: { seconds: 1, nanoseconds: 1 } })).toHaveLength(1536);
    expect(layerHeader({ ...plain, size: 2 ** 40 })).toHaveLength(1536);
  });

  it('holds sizes that no octal number holds', () => {
    expect(read(layerHeader({ ...plain, size: 2 ** 40 })).size).toBe(2 ** 40);
  });
});

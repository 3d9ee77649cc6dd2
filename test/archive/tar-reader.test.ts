import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LayerLimitError, TarFormatError, UnsupportedEntryError } from '../../src/archive/errors.js';
import { defaultLayerLimits } from '../../src/archive/limits.js';
import type { TarEntry } from '../../src/archive/tar-entry.js';
import type { TarObserver } from '../../src/archive/tar-observer.js';
import { TarReader } from '../../src/archive/tar-reader.js';
import type { Made } from './tar-builder.js';
import { entryOf, extension, header, paxRecord, seal, tarOf } from './tar-builder.js';

interface Read {
  readonly entries: (TarEntry & { content: string })[];
  /** What the observer was told, raw bytes joined. */
  readonly observed: string[];
}

function read(tar: Buffer, cuts: readonly number[] = [], limits = defaultLayerLimits): Read {
  const entries: Read['entries'] = [];
  const observed: string[] = [];
  const note = (kind: string, text: string): void => {
    const last = observed.at(-1);
    if (last?.startsWith(kind) === true) observed[observed.length - 1] = last + text;
    else observed.push(kind + text);
  };
  const observer: TarObserver = {
    raw: (bytes, start, end) => note('raw:', bytes.toString('hex', start, end)),
    entry: (name, size) => observed.push(`entry ${name} ${size}`),
    content: (bytes, start, end) => note('content:', bytes.toString('hex', start, end)),
    end: () => observed.push('end'),
  };
  let open = false;
  const reader = new TarReader(
    {
      blocked: false,
      settled: () => Promise.resolve(),
      entry(entry) {
        expect(open).toBe(false);
        open = true;
        entries.push({ ...entry, content: '' });
      },
      content(bytes, start, end) {
        (entries.at(-1) as Read['entries'][0]).content += bytes.toString('latin1', start, end);
      },
      entryEnd() {
        expect(open).toBe(true);
        open = false;
      },
    },
    observer,
    limits,
  );
  const places = [0, ...cuts.toSorted((a, b) => a - b), tar.length];
  for (let i = 1; i < places.length; i++) reader.push(tar.subarray(places[i - 1], places[i]));
  reader.end();
  return { entries, observed };
}

function first(made: Made): TarEntry {
  return read(tarOf(made)).entries[0] as TarEntry;
}

const varied = Buffer.concat([
  entryOf({ name: 'dir/', type: '5', mode: 0o755 }),
  entryOf({ name: 'dir/file', content: 'x'.repeat(700) }),
  extension('L', Buffer.from(`${'long/'.repeat(60)}name\0`)),
  entryOf({ name: 'cut', content: 'abc' }),
  extension('g', paxRecord('comment', 'global')),
  entryOf({ name: 'pax', content: '1', pax: { path: 'caf\u00e9', mtime: '5.25' } }),
  extension('K', Buffer.from('target\0')),
  entryOf({ name: 'link', type: '2', link: 'cut' }),
  Buffer.alloc(1024),
  Buffer.from('whatever follows'),
]);

describe('a tar reader', () => {
  it('reads the same wherever the bytes are cut', () => {
    const whole = read(varied);
    const cut = fc.integer({ min: 0, max: varied.length });
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 40 }), (cuts) => {
        expect(read(varied, cuts)).toEqual(whole);
      }),
    );
    const everywhere = Array.from({ length: varied.length }, (_, i) => i);
    expect(read(varied, everywhere)).toEqual(whole);
  });

  it('shows its observer every byte once and in order', () => {
    const { observed } = read(varied);
    const bytes = observed
      .filter((each) => /^(?:raw|content):/.test(each))
      .map((each) => each.replace(/.*:/, ''));
    expect(bytes.join('')).toBe(varied.toString('hex'));
    expect(observed.filter((each) => each.startsWith('entry'))).toEqual([
      'entry dir/ 0',
      'entry dir/file 700',
      `entry ${'long/'.repeat(60)}name 3`,
      'entry extension 0',
      'entry caf\u00c3\u00a9 1',
      'entry link 0',
    ]);
    expect(observed.at(-1)).toBe('end');
  });

  it('joins prefix and name of ustar, and takes a GNU access time from the same place', () => {
    expect(first({ name: 'name', patch: (block) => block.write('some/prefix', 345) }).name).toBe(
      'some/prefix/name',
    );
    const gnu = (block: Buffer): void => {
      block.write('ustar  \0', 257, 'latin1');
      block.write('00000001750\0', 345, 'latin1');
    };
    expect(first({ name: 'name', patch: gnu })).toMatchObject({ name: 'name', accessed: { seconds: 1000 } });
  });

  it('takes name, link, owner, size and times from pax before the header', () => {
    const pax = {
      path: 'p',
      linkpath: 'l',
      uid: '3000000000',
      gid: '7',
      size: '2',
      mtime: '1.5',
      atime: '2.5',
    };
    expect(first({ name: 'h', content: 'ab', size: 99, pax })).toMatchObject({
      name: 'p',
      linkName: 'l',
      uid: 3_000_000_000,
      gid: 7,
      size: 2,
      modified: { seconds: 1, nanoseconds: 5e8 },
      accessed: { seconds: 2, nanoseconds: 5e8 },
    });
  });

  it('takes an empty pax value as none', () => {
    expect(first({ name: 'h', pax: { path: '', 'SCHILY.xattr.user.a': '' } })).toMatchObject({
      name: 'h',
      attributes: [],
    });
  });

  it('prefers a GNU long name to a pax path', () => {
    const tar = Buffer.concat([
      extension('L', Buffer.from('gnu\0')),
      tarOf({ name: 'h', pax: { path: 'pax' } }),
    ]);
    expect(read(tar).entries[0]?.name).toBe('gnu');
  });

  it('keeps extended attributes as raw bytes', () => {
    const value = Buffer.from([0, 1, 0xff, 0x0a, 0x3d]);
    const { attributes } = first({ name: 'f', pax: { 'SCHILY.xattr.security.capability': value } });
    expect(attributes).toEqual([['security.capability', value]]);
  });

  it('applies a pax header to one entry only', () => {
    const { entries } = read(tarOf({ name: 'a', pax: { path: 'A' } }, { name: 'b' }));
    expect(entries.map(({ name }) => name)).toEqual(['A', 'b']);
  });

  it('reads no content for types that have none, whatever their size says', () => {
    const { entries } = read(tarOf({ name: 'd', type: '5', size: 1000 }, { name: 'f', content: 'x' }));
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ['d', 0],
      ['f', 1],
    ]);
  });

  it('takes an entry of type NUL for a directory if its name ends in a slash', () => {
    const { entries } = read(tarOf({ name: 'd/', type: '\0' }, { name: 'f', type: '\0', content: 'x' }));
    expect(entries.map(({ type }) => type)).toEqual(['5', '0']);
  });

  it('accepts a checksum over signed bytes', () => {
    const block = header({ name: 'caf\xe9' });
    const sum = Number.parseInt(block.toString('latin1', 148, 154), 8) - 256;
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(read(block).entries[0]?.name).toBe('caf\xe9');
  });

  it.each([
    ['without end blocks', entryOf({ name: 'f', content: 'abc' })],
    ['with one zero block', Buffer.concat([entryOf({ name: 'f', content: 'abc' }), Buffer.alloc(512)])],
    ['without padding at its end', entryOf({ name: 'f', content: 'abc' }).subarray(0, 515)],
  ])('reads a tar %s', (_, tar) => {
    expect(read(tar).entries).toHaveLength(1);
  });

  it('takes no bytes at all for an empty tar', () => {
    expect(read(Buffer.alloc(0))).toEqual({ entries: [], observed: ['end'] });
  });

  it.each([
    ['a wrong checksum', Buffer.concat([header({ name: 'f' }).fill('1', 100, 101)])],
    ['something else than a tar', Buffer.alloc(1024, 'text ')],
    ['a header behind a zero block', Buffer.concat([Buffer.alloc(512), header({ name: 'f' })])],
    ['an end inside a header', header({ name: 'f' }).subarray(0, 300)],
    ['an end inside content', entryOf({ name: 'f', content: 'abc' }).subarray(0, 513)],
    ['an end inside an extension', extension('x', paxRecord('path', 'x')).subarray(0, 515)],
    ['an extension without an entry', extension('L', Buffer.from('name'))],
    ['an extension before the end', Buffer.concat([extension('L', Buffer.from('n')), Buffer.alloc(1024)])],
    ['a negative size', header({ name: 'f', size: Buffer.alloc(12, 0xff) })],
    [
      'a size past 2^53',
      header({ name: 'f', size: Buffer.from([0x80, 0, 0, 0, 0, 0xff, ...Array(6).fill(0xff)]) }),
    ],
    ['an owner past 32 bits', tarOf({ name: 'f', pax: { uid: '4294967295' } })],
    ['a negative owner', tarOf({ name: 'f', pax: { gid: '-1' } })],
    ['a negative pax size', tarOf({ name: 'f', pax: { size: '-1' } })],
    ['a negative extension', seal(header({ name: 'x', type: 'x', size: Buffer.alloc(12, 0xff) }))],
  ])('refuses %s', (_, tar) => {
    expect(() => read(tar)).toThrow(TarFormatError);
  });

  it.each([
    ['old GNU sparse files', tarOf({ name: 'f', type: 'S' })],
    ['pax sparse files', tarOf({ name: 'f', pax: { 'GNU.sparse.major': '1' } })],
  ])('refuses %s', (_, tar) => {
    expect(() => read(tar)).toThrow(UnsupportedEntryError);
  });

  it('stops at the limits for entries and for extension headers', () => {
    const limits = { ...defaultLayerLimits, entries: 2, extensionBytes: 20 };
    expect(read(tarOf({ name: 'a' }, { name: 'b' }), [], limits).entries).toHaveLength(2);
    expect(() => read(tarOf({ name: 'a' }, { name: 'b' }, { name: 'c' }), [], limits)).toThrow(
      LayerLimitError,
    );
    expect(() => read(tarOf({ name: 'a', pax: { path: 'more than twenty' } }), [], limits)).toThrow(
      LayerLimitError,
    );
  });
});

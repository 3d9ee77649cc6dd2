import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LayerError, LayerLimitError } from '../../src/archive/errors.js';
import { OwnerSets } from '../../src/archive/owners.js';
import { unpackLayer } from '../../src/archive/unpack-layer.js';
import { listAttributes } from '../../src/sys/xattr.js';
import type { Place } from '../archive/layers.js';
import { digestOf, listTree, makePlace, removePlace, unpack } from '../archive/layers.js';
import type { Made } from '../archive/tar-builder.js';
import { entryOf, extension, header, padded, paxRecord, tarOf } from '../archive/tar-builder.js';

/*
 * Every layer here is an attack. It is either refused, or unpacked in a way that does no harm; around the layer's directory
 * lie things that must not change, reachable by every path an archive could try.
 */

let place: Place;
let canary: string;

beforeEach(() => {
  place = makePlace();
  canary = join(place.root, 'canary');
  mkdirSync(join(canary, 'inner'), { recursive: true });
  writeFileSync(join(canary, 'file'), 'untouched', { mode: 0o600 });
  symlinkSync('file', join(canary, 'link'));
});

afterEach(() => {
  removePlace(place);
});

/** Everything about the surroundings that an attack could change. */
function surroundings(): unknown {
  const { mode, uid, gid, mtimeMs, ctimeMs, nlink } = statSync(join(canary, 'file'));
  return {
    tree: listTree(canary),
    file: { mode, uid, gid, mtimeMs, ctimeMs, nlink },
    content: readFileSync(join(canary, 'file'), 'utf8'),
    attributes: listAttributes(join(canary, 'file')),
    beside: readdirSync(place.root).filter((name) => name !== 'tar-split.gz'),
    parent: readdirSync(join(place.root, '..')).filter((name) => name.startsWith('pwned')),
    rootMode: statSync(place.root).mode,
  };
}

function refusal(error: unknown): 'refused' {
  if (error instanceof LayerError) return 'refused';
  throw error;
}

async function attack(tar: Buffer): Promise<'refused' | Record<string, string>> {
  const before = surroundings();
  const outcome = await unpack(place, tar).then(() => listTree(place.diff), refusal);
  expect(surroundings()).toEqual(before);
  return outcome;
}

const file = (name: string, more: Partial<Made> = {}): Made => ({ name, content: 'pwned', ...more });
const link = (name: string, target: string): Made => ({ name, type: '2', link: target });
const hardLink = (name: string, target: string, more: Partial<Made> = {}): Made => ({
  name,
  type: '1',
  link: target,
  ...more,
});
const directory = (name: string): Made => ({ name, type: '5', mode: 0o755 });

describe('refused: names that lead out', () => {
  const cases: readonly (readonly [string, readonly Made[]])[] = [
    ['traversal', [file('../canary/file')]],
    ['traversal behind a directory', [file('a/../../canary/file')]],
    ['traversal by an absolute name', [file('/../canary/file')]],
    ['traversal by a directory', [directory('../pwned')]],
    ['traversal by a pax path', [file('x', { pax: { path: '../canary/file' } })]],
    ['traversal by a symbolic link', [link('../canary/new', 'file')]],
    ['traversal by a device', [{ name: '../pwned', type: '6' }]],
    ['whiteout of what is outside', [{ name: '../canary/.wh.file' }]],
    ['opaque marker outside', [{ name: '../canary/.wh..wh..opq' }]],
    ['whiteout of ..', [directory('d'), { name: 'd/.wh...' }]],
    ['whiteout of .', [{ name: '.wh..' }]],
    ['whiteout of nothing', [{ name: '.wh.' }]],
    ['hard link out by ..', [hardLink('h', '../canary/file')]],
    ['hard link out by .. below', [hardLink('a/h', '../../canary/file')]],
    ['hard link to the root', [hardLink('h', './')]],
    ['hard link to nothing', [hardLink('h', 'nothing')]],
    ['hard link to itself', [hardLink('h', 'h')]],
  ];
  it.each(cases)('%s', async (_, entries) => {
    expect(await attack(tarOf(...entries))).toBe('refused');
  });
});

describe('contained: links that lead out', () => {
  const up = '../../../../../../../../../../';

  it('an absolute name is a name below the layer’s root', async () => {
    const path = join(canary, 'file');
    expect(await attack(tarOf(file(path)))).toHaveProperty([path.slice(1)], '100644 1 = pwned');
  });

  it('a symbolic link to an absolute directory does not lead there', async () => {
    expect(await attack(tarOf(link('out', canary), file('out/file')))).toBe('refused');
  });

  it('a symbolic link up and out ends at the layer’s root', async () => {
    const tree = await attack(tarOf(link('out', up), directory('etc'), file('out/etc/passwd')));
    expect(tree).toMatchObject({ 'etc/passwd': '100644 1 = pwned', out: `120777 1 -> ${up}` });
  });

  it('a link through /proc does not leave the layer', async () => {
    const tar = tarOf(link('fd', '/proc/self/root'), file(`fd${canary}/file`));
    expect(await attack(tar)).toBe('refused');
  });

  it('a chain of links, each harmless, does not leave the layer', async () => {
    const tar = tarOf(
      directory('a/b'),
      link('a/b/up', '..'),
      link('x', 'a/b/up/../..'),
      link('y', 'x/../../canary'),
      file('y/file'),
    );
    expect(await attack(tar)).toBe('refused');
  });

  it('a loop of links ends', async () => {
    expect(await attack(tarOf(link('a', 'b'), link('b', 'a'), file('a/file')))).toBe('refused');
  });

  it('links that multiply end', async () => {
    const links = Array.from({ length: 60 }, (_, i) => link(`l${i + 1}`, `l${i}/l${i}`));
    expect(await attack(tarOf(link('l0', '.'), ...links, file('l60/file')))).toBe('refused');
  });

  it('a file over a symbolic link replaces the link, not its target', async () => {
    const tree = await attack(tarOf(link('d/l', join(canary, 'file')), link('l', 'd'), file('l/l')));
    expect(tree).toMatchObject({ 'd/l': '100644 1 = pwned' });
  });

  it('a directory over a symbolic link replaces the link', async () => {
    const tree = await attack(tarOf(link('d/l', canary), link('l', 'd'), directory('l/l'), file('d/l/file')));
    expect(tree).toMatchObject({ 'd/l': '40755', 'd/l/file': '100644 1 = pwned' });
  });

  it('removing what is in the way does not follow links', async () => {
    const tar = tarOf(link('d/in/out', canary), link('l', '.'), file('l/d'));
    expect(await attack(tar)).toEqual({ d: '100644 1 = pwned', l: '120777 1 -> .' });
  });

  it('a hard link through a symbolic link out finds nothing', async () => {
    expect(await attack(tarOf(link('out', canary), hardLink('h', 'out/file')))).toBe('refused');
  });

  it('a hard link to a symbolic link is a link to that link, and its mode and owner change nothing else', async () => {
    const tar = tarOf(link('s', join(canary, 'file')), hardLink('h', 's', { mode: 0o777, mtime: 1 }));
    expect(await attack(tar)).toMatchObject({ h: `120777 2 -> ${join(canary, 'file')}` });
  });

  it('a hard link over the directory of its target does not work with what was removed', async () => {
    expect(await attack(tarOf(file('a/b'), link('l', '.'), hardLink('l/a', 'a/b')))).toBe('refused');
  });

  it('a whiteout below a symbolic link out does not reach out', async () => {
    expect(await attack(tarOf(link('out', canary), { name: 'out/.wh.file' }))).toBe('refused');
  });

  it('an opaque marker below a symbolic link out does not reach out', async () => {
    expect(await attack(tarOf(link('out', canary), { name: 'out/.wh..wh..opq' }))).toBe('refused');
  });

  it('extended attributes of a symbolic link do not reach its target', async () => {
    const entry = { ...link('s', join(canary, 'file')), pax: { 'SCHILY.xattr.user.pwned': '1' } };
    // The kernel allows user attributes for files and directories only.
    expect(await attack(tarOf(entry))).toBe('refused');
  });
});

describe('refused: entries that are not what they seem', () => {
  const cases: readonly (readonly [string, Buffer])[] = [
    ['duplicate entries', tarOf(file('a'), file('./a'))],
    ['duplicate directories', tarOf(directory('a'), directory('a/'))],
    ['a file over a device of the same name', tarOf({ name: 'a', type: '6' }, file('a//'))],
    ['a file below a file', tarOf(file('a'), file('a/b'))],
    ['a whiteout of what the same layer brought', tarOf(file('a'), { name: '.wh.a' })],
    ['a socket', tarOf({ name: 's', type: 's' })],
    ['an unknown type', tarOf({ name: 'z', type: 'Z' })],
    ['char 0:0, a whiteout in disguise', tarOf({ name: 'w', type: '3' })],
    ['NUL in a pax path', tarOf(file('a', { pax: { path: 'a\0b' } }))],
    ['NUL in a pax link', tarOf({ ...link('a', 'b'), pax: { linkpath: 'a\0b' } })],
    ['a component of 256 bytes', tarOf(file('x', { pax: { path: 'n'.repeat(256) } }))],
    ['a path of 5000 bytes', tarOf(file('x', { pax: { path: 'n/'.repeat(2500) } }))],
    ['a symbolic link of 5000 bytes', tarOf({ ...link('x', 'y'), pax: { linkpath: 'n/'.repeat(2500) } })],
    [
      'a huge pax header',
      Buffer.concat([header({ name: 'x', type: 'x', size: 8_000_000_000 }), Buffer.alloc(2048, 'x')]),
    ],
    [
      'a huge GNU name',
      Buffer.concat([header({ name: 'x', type: 'L', size: 2_000_000 }), Buffer.alloc(2_000_384, 'x')]),
    ],
    ['a negative size', header({ name: 'f', size: Buffer.alloc(12, 0xff) })],
    ['a negative size in pax', tarOf(file('f', { pax: { size: '-512' } }))],
    [
      'a base-256 size past everything',
      header({ name: 'f', size: Buffer.from('807fffffffffffffffffffff', 'hex') }),
    ],
    ['a size past the end of the archive', tarOf(file('f', { size: 2 ** 32 }))],
    ['a pax size past the end of the archive', tarOf(file('f', { pax: { size: '4294967296' } }))],
    ['an owner that means "do not change"', tarOf(file('f', { pax: { uid: '4294967295' } }))],
    ['a sparse file', tarOf(file('f', { type: 'S' }))],
    ['a sparse file by pax', tarOf(file('f', { pax: { 'GNU.sparse.map': '0,1' } }))],
    [
      'a pax record that claims to be longer',
      Buffer.concat([extension('x', Buffer.from('999 path=x\n')), tarOf(file('f'))]),
    ],
  ];
  it.each(cases)('%s', async (_, tar) => {
    expect(await attack(tar)).toBe('refused');
  });
});

describe('contained: entries that are not what they seem', () => {
  it('NUL in a header’s name ends the name', async () => {
    expect(await attack(tarOf(file('safe\0/../../canary/file')))).toEqual({ safe: '100644 1 = pwned' });
  });

  it('names that object prototypes have are just names', async () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const tree = await attack(tarOf(...names.map((name) => file(`${name}/${name}`))));
    expect(Object.keys(tree).toSorted()).toEqual(
      names.flatMap((name) => [name, `${name}/${name}`]).toSorted(),
    );
  });

  it('a pax header that names an attribute of overlay has no effect', async () => {
    const keys = [
      'trusted.overlay.opaque',
      'trusted.overlay.redirect',
      'trusted.overlay.metacopy',
      'trusted.x',
    ];
    const pax = Object.fromEntries(keys.map((key) => [`SCHILY.xattr.${key}`, 'y']));
    await attack(tarOf({ ...directory('d'), pax }));
    expect(listAttributes(join(place.diff, 'd')).filter((key) => key.startsWith('trusted.'))).toEqual([]);
  });

  it('a global header changes no entry', async () => {
    const evil = Buffer.concat([paxRecord('path', '../canary/file'), paxRecord('linkpath', '/etc/passwd')]);
    expect(await attack(Buffer.concat([extension('g', evil), tarOf(file('f'))]))).toEqual({
      f: '100644 1 = pwned',
    });
  });

  it('set-id files are there only with the layer’s own owner', async () => {
    const tree = await attack(tarOf(file('su', { mode: 0o6755 })));
    expect(tree).toEqual({ su: '106755 1 = pwned' });
  });

  it('a thousand directories deep is as good as one', async () => {
    const deep = 'd/'.repeat(1000);
    expect(
      await attack(tarOf(file('x', { pax: { path: `${deep}f` } }), file('y', { pax: { path: `${deep}g` } }))),
    ).not.toBe('refused');
  });
});

describe('truncated archives', () => {
  it('are refused wherever they end but where all content is there', async () => {
    const tar = tarOf(
      directory('d'),
      file('d/f', { content: 'x'.repeat(1500) }),
      file('g', { pax: { path: 'long' } }),
    );
    const accepted: number[] = [];
    for (let end = 0; end <= tar.length; end += 128) {
      const again = makePlace();
      const outcome = await unpack(again, tar.subarray(0, end)).then(() => 'accepted', refusal);
      if (outcome === 'accepted') accepted.push(end);
      removePlace(again);
    }
    // Between entries; with padding or end blocks missing, as for Go.
    const filePadding = [2560];
    const lastPadding = [4224, 4352, 4480];
    expect(accepted).toEqual([0, 512, ...filePadding, ...lastPadding, 4608, 5120, 5632]);
  });
});

describe('bombs', () => {
  it('too many entries are refused', async () => {
    const entries = Array.from({ length: 300 }, (_, i) => file(`f${i}`));
    await expect(unpack(place, tarOf(...entries), { limits: { entries: 200 } })).rejects.toMatchObject({
      code: 'LAYER_LIMIT',
    });
  });

  it('too many owners are refused', () => {
    const owners = new OwnerSets(20);
    const add = (): void => {
      for (let id = 0; id < 21; id++) owners.add('f', id, 0);
    };
    expect(add).toThrow(LayerLimitError);
  });

  it('a stream that unzips to far more than real ones is stopped at its floor, in little memory', async () => {
    const limits = { ratio: 100, ratioFloor: 64 * 1024 * 1024 };
    const blob = await zippedZeros(256 * 1024 * 1024);
    const before = process.memoryUsage.rss();
    const expected = { digest: digestOf(blob), size: blob.length };
    const attempt = unpackLayer(Readable.from([blob]), { directory: place.diff, expected, limits });
    await expect(attempt).rejects.toMatchObject({ code: 'LAYER_LIMIT' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
    expect(statSync(join(place.diff, 'zeros')).size).toBeLessThanOrEqual(65 * 1024 * 1024);
  });

  it('a blob longer than promised is cut off at the first chunk too many', async () => {
    let read = 0;
    const endless = new Readable({
      read() {
        read += 65_536;
        this.push(Buffer.alloc(65_536));
      },
    });
    const expected = { digest: digestOf(Buffer.alloc(1)), size: 100_000 };
    await expect(unpackLayer(endless, { directory: place.diff, expected })).rejects.toMatchObject({
      code: 'SIZE_MISMATCH',
    });
    expect(read).toBeLessThan(1_000_000);
  });

  it('gzip members without end and without content are only as long as the blob', async () => {
    const blob = Buffer.concat([
      ...Array.from({ length: 2000 }, () => gzipSync('')),
      gzipSync(tarOf(file('f'))),
    ]);
    expect(await unpack(place, blob)).toMatchObject({ compression: 'gzip' });
  });
});

/** A gzip stream of a tar with one file of zeros; its ratio is about 1030, less what the header takes. */
async function zippedZeros(size: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const chunks: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  const zeros = Buffer.alloc(1024 * 1024);
  gzip.write(header({ name: 'zeros', size }));
  for (let written = 0; written < size; written += zeros.length) {
    if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  await new Promise<void>((resolve) => gzip.end(padded(Buffer.alloc(0)), () => resolve()));
  return Buffer.concat(chunks);
}

describe('what an attacker can do to the reader itself', () => {
  it('no arbitrary bytes make it do anything but read or refuse', async () => {
    const good = Buffer.concat([
      entryOf(file('a', { pax: { path: 'b' } })),
      tarOf(directory('d'), link('l', 'd')),
    ]);
    let seed = 12_345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const outcomes = new Set<string>();
    for (let round = 0; round < 100; round++) {
      const bad = Buffer.from(good);
      for (let changes = 1 + random(4); changes > 0; changes--) bad[random(bad.length)] = random(256);
      const again = makePlace();
      outcomes.add(await unpack(again, bad).then(() => 'accepted', refusal));
      removePlace(again);
    }
    expect([...outcomes].toSorted()).toEqual(['accepted', 'refused']);
  });
});

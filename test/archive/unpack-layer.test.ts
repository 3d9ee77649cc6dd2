import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CompressionError,
  DigestMismatchError,
  LayerLimitError,
  SizeMismatchError,
  TarFormatError,
} from '../../src/archive/errors.js';
import { unpackLayer } from '../../src/archive/unpack-layer.js';
import { createSlowZstd } from '../../src/archive/zstd.js';
import { openBelow, reassembleTar } from '../../src/store/tar-split-reader.js';
import { getAttribute, listAttributes } from '../../src/sys/xattr.js';
import type { Place } from './layers.js';
import { digestOf, listTree, makePlace, pieces, removePlace, unpack } from './layers.js';
import type { Made } from './tar-builder.js';
import { isRoot, me, tarOf } from './tar-builder.js';

let place: Place;

beforeEach(() => {
  place = makePlace();
});

afterEach(() => removePlace(place));

function times(name: string): { mtime: bigint; atime: bigint } {
  const { mtimeNs: mtime, atimeNs: atime } = lstatSync(join(place.diff, name), { bigint: true });
  return { mtime, atime };
}

const directory = (name: string, more: Partial<Made> = {}): Made => ({
  name,
  type: '5',
  mode: 0o755,
  ...more,
});

describe('unpacking a layer', () => {
  it('makes directories, files, links of both kinds and pipes with their modes', async () => {
    const tar = tarOf(
      directory('d/', { mode: 0o1777 }),
      { name: 'd/file', mode: 0o640, content: 'text' },
      { name: 'd/set', mode: 0o6755, content: '#!' },
      { name: 'd/wide', mode: 0o666, content: '' },
      { name: 'again', type: '1', mode: 0o640, link: 'd/file' },
      { name: 'soft', type: '2', mode: 0o777, link: '../../nowhere' },
      { name: 'pipe', type: '6', mode: 0o622 },
      { name: 'made/for/it', mode: 0o600, content: 'x' },
    );
    await unpack(place, tar);
    expect(listTree(place.diff)).toEqual({
      d: '41777',
      'd/file': '100640 2 = text',
      'd/set': '106755 1 = #!',
      'd/wide': '100666 1 = ',
      again: '100640 2 = text',
      soft: '120777 1 -> ../../nowhere',
      pipe: '10622 1',
      made: '40755',
      'made/for': '40755',
      'made/for/it': '100600 1 = x',
    });
  });

  it('does not depend on the umask', async () => {
    const before = process.umask(0o077);
    try {
      await unpack(place, tarOf(directory('d', { mode: 0o777 }), { name: 'd/f', mode: 0o666, content: 'x' }));
    } finally {
      process.umask(before);
    }
    expect(listTree(place.diff)).toEqual({ d: '40777', 'd/f': '100666 1 = x' });
  });

  it('says what the store records of a layer', async () => {
    const tar = tarOf(
      { name: 'b', uid: me.uid, gid: me.gid, content: 'bb' },
      { name: 'a', uid: me.uid, gid: me.gid },
    );
    const blob = gzipSync(tar);
    expect(await unpack(place, blob)).toEqual({
      digest: digestOf(blob),
      size: blob.length,
      diffId: digestOf(tar),
      diffSize: tar.length,
      compression: 'gzip',
      uids: [me.uid],
      gids: [me.gid],
    });
  });

  it('gives files the times of the tar to the nanosecond, and directories theirs after all is written', async () => {
    await unpack(
      place,
      tarOf(
        directory('d', { pax: { mtime: '1500000000.000000001' } }),
        { name: 'd/f', content: 'x', pax: { mtime: '1600000000.123456789', atime: '1700000000.5' } },
        { name: 'd/s', type: '2', link: 'f', pax: { mtime: '1600000001.987654321' } },
        directory('d/e', { mtime: 7 }),
        { name: 'd/e/late', content: 'x' },
        { name: 'd/later', content: 'x' },
      ),
    );
    expect(times('d/f')).toEqual({ mtime: 1600000000123456789n, atime: 1700000000500000000n });
    expect(times('d/s').mtime).toBe(1600000001987654321n);
    expect(times('d').mtime).toBe(1500000000000000001n);
    expect(times('d/e').mtime).toBe(7_000_000_000n);
  });

  it('keeps the times of more directories than it holds open, in whatever order they are written to', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `d${i}`);
    const rounds = [0, 1, 2].flatMap((round) =>
      names.map((name) => ({ name: `${name}/f${round}`, content: 'x' })),
    );
    const directories = names.map((name, i) => directory(name, { mtime: 1000 + i }));
    await unpack(place, tarOf(...directories, ...rounds));
    expect(names.map((name) => times(name).mtime)).toEqual(
      names.map((_, i) => BigInt(1000 + i) * 1_000_000_000n),
    );
  });

  it('takes times as Go does: none before 1970, access never before modification', async () => {
    await unpack(
      place,
      tarOf(
        { name: 'old', pax: { mtime: '-1.5' } },
        { name: 'far', pax: { mtime: '34359738368' } },
        { name: 'link', type: '2', link: 'x', pax: { mtime: '-100' } },
        { name: 'read', pax: { mtime: '100', atime: '50' } },
        directory('dir', { mtime: 100 }),
      ),
    );
    expect([times('old').mtime, times('far').mtime, times('link').mtime]).toEqual([
      0n,
      0n,
      -100_000_000_000n,
    ]);
    expect(times('read').atime).toBe(100_000_000_000n);
  });

  it('finds parents through symbolic links, which it never leaves the layer by', async () => {
    await unpack(
      place,
      tarOf(
        directory('usr/lib'),
        { name: 'lib', type: '2', link: 'usr/lib' },
        { name: 'abs', type: '2', link: '/usr/lib/../lib' },
        { name: 'up', type: '2', link: '../../../usr' },
        { name: 'lib/a', content: '1' },
        { name: 'abs/b/c', content: '2' },
        { name: 'up/lib/d', content: '3' },
        { name: 'hard', type: '1', link: 'abs/a' },
      ),
    );
    const tree = listTree(place.diff);
    expect(tree).toMatchObject({
      'usr/lib/a': '100644 2 = 1',
      'usr/lib/b/c': '100644 1 = 2',
      'usr/lib/d': '100644 1 = 3',
      hard: '100644 2 = 1',
    });
  });

  it('replaces what is in the way, whole directories included, but keeps a directory for a directory', async () => {
    await unpack(
      place,
      tarOf(
        { name: 'a/b/c', content: 'gone' },
        { name: 'a', content: 'file' },
        { name: 'k/kept', content: 'kept' },
        directory('k', { mode: 0o700, mtime: 5 }),
        { name: 'd/x', content: 'gone' },
        { name: 'd', type: '2', link: 'k' },
        { name: 'd/through', content: 'x' },
      ),
    );
    expect(listTree(place.diff)).toEqual({
      a: '100644 1 = file',
      k: '40700',
      'k/kept': '100644 1 = kept',
      'k/through': '100644 1 = x',
      d: '120777 1 -> k',
    });
    expect(times('k').mtime).toBe(5_000_000_000n);
  });

  it('writes large files in pieces on other threads and finishes them after the last one', async () => {
    const random = Buffer.from(Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8) * 7) & 0xff));
    await unpack(
      place,
      tarOf(
        { name: 'large', mode: 0o640, mtime: 5, content: random },
        { name: 'small', content: 'x' },
        // Its own mode and time are the last word on the file they share.
        { name: 'second', type: '1', mode: 0o600, mtime: 7, link: 'large' },
        { name: 'after', type: '1', link: 'small' },
      ),
      { pieceBytes: 256 * 1024 },
    );
    expect(readFileSync(join(place.diff, 'large')).equals(random)).toBe(true);
    expect(times('large').mtime).toBe(7_000_000_000n);
    expect(lstatSync(join(place.diff, 'second')).mode.toString(8)).toBe('100600');
    expect(readFileSync(join(place.diff, 'after'), 'utf8')).toBe('x');
  });

  it('keeps names as bytes, whatever they mean', async () => {
    const names = ['caf\xc3\xa9', 'caf\xe9', 'new\nline', ' ', '"\\', '\x7f\x01'];
    await unpack(place, tarOf(...names.map((name) => ({ name, content: name === ' ' ? 'space' : '' }))));
    const listed = execFileSync('find', [place.diff, '-mindepth', '1', '-printf', '%P\\0'], {
      encoding: 'latin1',
    });
    expect(listed.split('\0').slice(0, -1).toSorted()).toEqual(names.toSorted());
  });

  it('sets extended attributes, but for those that are not the layer’s to set', async () => {
    const pax = {
      'SCHILY.xattr.user.kept': 'value',
      'SCHILY.xattr.security.selinux': 'label',
      'SCHILY.xattr.trusted.overlay.opaque': 'y',
      'SCHILY.xattr.trusted.other': 'x',
    };
    await unpack(place, tarOf({ name: 'f', content: 'x', pax }, directory('d', { pax })));
    for (const name of ['f', 'd']) {
      const path = join(place.diff, name);
      expect(listAttributes(path).filter((key) => key !== 'security.selinux')).toEqual(['user.kept']);
      expect(getAttribute(path, 'user.kept')?.toString()).toBe('value');
      expect(getAttribute(path, 'security.selinux')?.toString()).not.toBe('label');
    }
  });

  it('ignores what the tar says about the root', async () => {
    const before = lstatSync(place.diff);
    await unpack(place, tarOf(directory('./', { mode: 0o777, mtime: 1 }), { name: './f', content: 'x' }));
    expect(lstatSync(place.diff).mode).toBe(before.mode);
    expect(Object.keys(listTree(place.diff))).toEqual(['f']);
  });

  it('writes a recipe that gives back the very tar', async () => {
    const tar = Buffer.concat([
      tarOf(
        directory('d/'),
        { name: 'd/empty', content: '' },
        { name: 'd/text', content: 'x'.repeat(3000), pax: { mtime: '1.5', comment: 'kept' } },
        { name: 'link', type: '1', link: 'd/text' },
        { name: 'caf\xe9', content: 'latin' },
      ),
      Buffer.from('padding that no tar has'),
    ]);
    await unpack(place, gzipSync(tar), { pieceBytes: 100 });
    const chunks: Buffer[] = [];
    const diff = openSync(place.diff, 'r');
    for await (const chunk of reassembleTar(place.recipe, openBelow(diff))) chunks.push(Buffer.from(chunk));
    closeSync(diff);
    expect(Buffer.concat(chunks).equals(tar)).toBe(true);
  });

  it('leaves nothing open behind, whether it worked or not', async () => {
    const open = (): string[] =>
      readdirSync('/proc/self/fd')
        .map((fd) => linkText(`/proc/self/fd/${fd}`))
        .filter((target) => target.startsWith(place.root));
    const tar = tarOf(directory('a'), { name: 'a/b/c', content: 'x'.repeat(300_000) });
    await unpack(place, tar);
    expect(open()).toEqual([]);
    const diff = join(place.root, 'again');
    mkdirSync(diff);
    const recipe = join(place.root, 'recipe');
    const attempt = unpack({ ...place, diff, recipe }, tar.subarray(0, 200_000));
    await expect(attempt).rejects.toThrow(TarFormatError);
    expect(open()).toEqual([]);
  });
});

function linkText(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since it was listed: the descriptor of the listing itself.
    return '';
  }
}

const describeAsRoot = isRoot ? describe : describe.skip;

describeAsRoot('unpacking a layer as root', () => {
  it('gives files their owners, in directories that pass on their group as well', async () => {
    await unpack(
      place,
      tarOf(
        directory('d', { mode: 0o2775, uid: 1, gid: 2 }),
        { name: 'd/f', uid: 0, gid: 0, mode: 0o644, content: 'x' },
        { name: 'd/g', uid: 70_000, gid: 80_000, mode: 0o6711, content: 'x' },
        directory('d/e', { uid: 0, gid: 0 }),
        { name: 's', type: '2', link: 'd', uid: 5, gid: 6 },
      ),
    );
    const owners = ['d', 'd/f', 'd/g', 'd/e', 's'].map((name) => {
      const { uid, gid, mode } = lstatSync(join(place.diff, name));
      return [uid, gid, mode.toString(8)];
    });
    expect(owners).toEqual([
      [1, 2, '42775'],
      [0, 0, '100644'],
      [70_000, 80_000, '106711'],
      [0, 0, '40755'],
      [5, 6, '120777'],
    ]);
  });

  it('makes devices with large numbers', async () => {
    await unpack(
      place,
      tarOf(
        { name: 'c', type: '3', mode: 0o620, major: 5, minor: 1 },
        { name: 'b', type: '4', mode: 0o660, major: 300, minor: 70_000 },
      ),
    );
    const shown = execFileSync('stat', ['-c', '%F %Hr %Lr %a', join(place.diff, 'c'), join(place.diff, 'b')]);
    expect(shown.toString().trim().split('\n')).toEqual([
      'character special file 5 1 620',
      'block special file 300 70000 660',
    ]);
  });

  it('turns whiteouts into devices and opaque markers into an attribute', async () => {
    await unpack(
      place,
      tarOf(
        { name: 'd/.wh.gone', uid: 3, gid: 4 },
        { name: 'd/.wh..wh..opq' },
        { name: '.wh.dir' },
        { name: 'dir/.wh.below' },
        { name: '.wh..wh.plnk' },
        { name: '.wh.back' },
        { name: 'back', content: 'again' },
      ),
    );
    const { rdev, uid, gid, mode } = lstatSync(join(place.diff, 'd/gone'));
    expect({ rdev, uid, gid, mode: mode.toString(8) }).toEqual({ rdev: 0, uid: 3, gid: 4, mode: '20000' });
    expect(getAttribute(join(place.diff, 'd'), 'trusted.overlay.opaque')?.toString()).toBe('y');
    expect(Object.keys(listTree(place.diff)).toSorted()).toEqual(['.wh.plnk', 'back', 'd', 'd/gone', 'dir']);
  });

  it('does not count the owners of whiteouts, and counts a global header as root', async () => {
    const tar = tarOf(
      { name: 'g', type: 'g', uid: 99, gid: 99, content: '' },
      { name: '.wh.gone', uid: 77, gid: 77 },
      { name: 'f', uid: 8, gid: 9 },
      { name: 'e', uid: 3, gid: 1000 },
    );
    expect(await unpack(place, tar)).toMatchObject({ uids: [0, 3, 8], gids: [0, 9, 1000] });
  });

  it('keeps the capabilities of a file that gets a second name', async () => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    await unpack(
      place,
      tarOf(
        { name: 'ping', mode: 0o755, content: 'x', pax: { 'SCHILY.xattr.security.capability': capability } },
        { name: 'ping4', type: '1', mode: 0o755, link: 'ping' },
      ),
    );
    expect(getAttribute(join(place.diff, 'ping4'), 'security.capability')).toEqual(capability);
  });
});

describe('a layer that is not what was promised', () => {
  const tar = tarOf({ name: 'f', content: 'x'.repeat(5000) });
  const blob = gzipSync(tar);
  const expected = { digest: digestOf(blob), size: blob.length };
  const other = digestOf(Buffer.from('other'));

  it.each([
    ['digest', { ...expected, digest: other }, DigestMismatchError],
    ['diffID', { ...expected, diffId: other }, DigestMismatchError],
    ['size, being longer', { ...expected, size: blob.length - 1 }, SizeMismatchError],
    ['size, being shorter', { ...expected, size: blob.length + 1 }, SizeMismatchError],
  ])('is refused for its %s', async (_, promised, error) => {
    await expect(unpack(place, blob, { expected: promised })).rejects.toThrow(error);
  });

  it('is refused when its stream breaks off', async () => {
    const broken = new Readable({ read: () => undefined });
    broken.push(blob.subarray(0, 60));
    setImmediate(() => broken.destroy(new Error('connection lost')));
    const attempt = unpackLayer(broken, { directory: place.diff, expected });
    await expect(attempt).rejects.toThrow('connection lost');
  });

  it.each([
    ['a damaged stream', Buffer.concat([blob.subarray(0, 30), Buffer.alloc(10), blob.subarray(40)])],
    ['a truncated stream', blob.subarray(0, -9)],
    ['zeros behind the stream', Buffer.concat([blob, Buffer.alloc(600)])],
    ['garbage behind the stream', Buffer.concat([blob, Buffer.from('garbage')])],
  ])('is refused for %s though its digest is right', async (_, bytes) => {
    await expect(unpack(place, bytes)).rejects.toThrow(CompressionError);
  });

  it('stops at once when the signal is aborted', async () => {
    const controller = new AbortController();
    const endless = new Readable({ read: () => undefined });
    endless.push(blob.subarray(0, 60));
    const attempt = unpackLayer(endless, { directory: place.diff, expected }, controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(attempt).rejects.toThrow('enough');
    expect(endless.destroyed).toBe(true);
  });

  it('is stopped by the ratio only beyond its floor', async () => {
    const zeros = gzipSync(tarOf({ name: 'f', content: Buffer.alloc(2_000_000) }));
    const limits = { ratio: 10, ratioFloor: 1_000_000 };
    await expect(unpack(place, zeros, { limits })).rejects.toThrow(LayerLimitError);
    const again = makePlace();
    await unpack(again, zeros, { limits: { ratio: 10, ratioFloor: 3_000_000 } });
    removePlace(again);
  });
});

describe('compressions', () => {
  const tar = tarOf({ name: 'f', content: Buffer.alloc(700_000, 'some text ') });

  it('reads several gzip members as one stream', async () => {
    const blob = Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))]);
    expect(await unpack(place, blob)).toMatchObject({ compression: 'gzip', diffId: digestOf(tar) });
  });

  it.each([
    ['xz', 'xz'],
    ['bzip2', 'bzip2'],
    ['zstd', 'zstd'],
  ])('reads %s, and refuses it damaged or cut off', async (compression, program) => {
    const file = join(place.root, 'tar');
    writeFileSync(file, tar);
    const blob = execFileSync(program, ['-c', file]);
    expect(await unpack(place, blob)).toMatchObject({ compression, diffId: digestOf(tar) });
    for (const bytes of [
      blob.subarray(0, -20),
      Buffer.concat([blob.subarray(0, 40), Buffer.alloc(40), blob.subarray(80)]),
    ]) {
      const again = makePlace();
      await expect(unpack(again, bytes)).rejects.toThrow(CompressionError);
      removePlace(again);
    }
  });

  it('reads zstd without the program as well', async () => {
    const text = Buffer.alloc(700_000, 'some text ');
    const blob = execFileSync('zstd', ['-c'], { input: Buffer.concat([text, randomBytes(100_000)]) });
    const whole = async (bytes: Buffer): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      for await (const chunk of Readable.from(pieces(bytes, 1000)).compose(createSlowZstd()))
        chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    };
    expect((await whole(blob)).subarray(0, text.length).equals(text)).toBe(true);
    await expect(whole(blob.subarray(0, -20))).rejects.toThrow('unexpected EOF');
    await expect(whole(Buffer.concat([blob, Buffer.alloc(20, 'x')]))).rejects.toThrow('invalid zstd data');
  });

  it('reads GNU tar’s output of a real directory as GNU tar does', async () => {
    const source = join(place.root, 'source');
    mkdirSync(join(source, 'deep/'.repeat(40)), { recursive: true });
    writeFileSync(join(source, 'deep/'.repeat(40), 'n'.repeat(200)), 'long');
    writeFileSync(join(source, 'plain'), 'plain');
    execFileSync('ln', [join(source, 'plain'), join(source, 'deep/hard')]);
    for (const format of ['gnu', 'posix']) {
      const made = execFileSync('tar', ['-C', source, `--format=${format}`, '-c', '.'], { maxBuffer: 1e8 });
      const ours = makePlace();
      await unpack(ours, made);
      expect(listTree(ours.diff)).toEqual(listTree(source));
      expect(readFileSync(join(ours.diff, 'deep/hard'), 'utf8')).toBe('plain');
      removePlace(ours);
    }
  });
});

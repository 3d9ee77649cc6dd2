// What becomes of the context of a build: ordinary tars of every compression, and those that nobody should have made.
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defaultContextLimits, type ContextLimits } from '../../src/archive/context-visitor.js';
import { unpackContext, type ContextSummary } from '../../src/archive/unpack-context.js';
import { listAttributes } from '../../src/sys/xattr.js';
import { tarOf, type Made } from './tar-builder.js';

let place: string;
let directory: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'context-'));
  directory = mkdtempSync(join(place, 'unpacked-'));
});

afterEach(() => rmSync(place, { recursive: true }));

async function unpack(bytes: Buffer, limits: Partial<ContextLimits> = {}): Promise<ContextSummary> {
  const { signal } = new AbortController();
  return await unpackContext(
    Readable.from([bytes]),
    directory,
    { ...defaultContextLimits, ...limits },
    signal,
  );
}

function unpackMade(...entries: readonly Made[]): Promise<ContextSummary> {
  return unpack(tarOf(...entries));
}

const files = (): string[] => readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();

describe('a context', () => {
  it('is unpacked with modes, times and links, and counted', async () => {
    const summary = await unpackMade(
      { name: './', type: '5', mode: 0o700 },
      { name: 'bin/', type: '5', mode: 0o750 },
      { name: 'bin/tool', mode: 0o4755, content: 'run', mtime: 1_500_000_000 },
      { name: 'bin/same', type: '1', link: 'bin/tool', mode: 0o4755 },
      { name: 'link', type: '2', link: '/etc/passwd' },
      { name: 'pipe', type: '6' },
    );
    expect(summary).toEqual({ entries: 6, bytes: 3 });
    expect(files()).toEqual(['bin', 'bin/same', 'bin/tool', 'link', 'pipe']);
    const tool = lstatSync(join(directory, 'bin/tool'));
    expect(tool.mode & 0o7777).toBe(0o4755);
    expect(tool.ino).toBe(lstatSync(join(directory, 'bin/same')).ino);
    expect(lstatSync(join(directory, 'bin')).mode & 0o7777).toBe(0o750);
    expect(readlinkSync(join(directory, 'link'))).toBe('/etc/passwd');
  });

  it('belongs to the service, whoever the tar says', async () => {
    await unpackMade({ name: 'file', uid: 4711, gid: 4712 });
    const { uid, gid } = lstatSync(join(directory, 'file'));
    expect({ uid, gid }).toEqual({ uid: process.getuid?.(), gid: process.getgid?.() });
  });

  it('keeps files whose names stand for whiteouts in layers', async () => {
    await unpackMade({ name: '.wh.kept' }, { name: '.wh..wh..opq' }, { name: 'kept' });
    expect(files()).toEqual(['.wh..wh..opq', '.wh.kept', 'kept']);
  });

  it('takes absolute names for names in it', async () => {
    await unpackMade({ name: '/etc/passwd', content: 'mine' });
    expect(readFileSync(join(directory, 'etc/passwd'), 'utf8')).toBe('mine');
  });

  it('has the last of two files of one name', async () => {
    await unpackMade({ name: 'file', content: 'first' }, { name: 'file', content: 'second' });
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('second');
  });

  it.each(['gzip', 'bzip2', 'xz', 'zstd'])('may be compressed with %s', async (program) => {
    const { stdout } = spawnSync(program, ['-c'], { input: tarOf({ name: 'file', content: 'packed' }) });
    await unpack(stdout);
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('packed');
  });

  it.each([
    ['the tar', tarOf()],
    ['the file', Buffer.alloc(0)],
  ])('is empty if %s is', async (_what, bytes) => {
    expect(await unpack(bytes)).toEqual({ entries: 0, bytes: 0 });
  });
});

describe('nothing gets out of a context', () => {
  const hazards: readonly (readonly [hazard: string, code: string, entries: readonly Made[]])[] = [
    ['a name that climbs', 'UNSAFE_PATH', [{ name: '../out' }]],
    ['a name that climbs in the middle', 'UNSAFE_PATH', [{ name: 'a/../../out' }]],
    ['a name that climbs and stays inside', 'UNSAFE_PATH', [{ name: 'a/../b' }]],
    ['a hard link to what is outside', 'UNSAFE_PATH', [{ name: 'l', type: '1', link: '../../etc/passwd' }]],
    ['a hard link to nothing', 'APPLY', [{ name: 'l', type: '1', link: '/etc/passwd' }]],
    [
      'a file behind a link that leads out',
      'UNSAFE_PATH',
      [
        { name: 'd', type: '2', link: '..' },
        { name: 'd/out', content: 'x' },
      ],
    ],
    [
      'a file behind a link that stays inside, of which directories without end could be made',
      'UNSAFE_PATH',
      [
        { name: 'd/', type: '5', mode: 0o755 },
        { name: 'l', type: '2', link: 'd' },
        { name: 'l/file', content: 'x' },
      ],
    ],
    [
      'a hard link through a link',
      'UNSAFE_PATH',
      [
        { name: 'd', type: '2', link: '/etc' },
        { name: 'l', type: '1', link: 'd/passwd' },
      ],
    ],
    ['a character device', 'UNSUPPORTED_ENTRY', [{ name: 'null', type: '3', major: 1, minor: 3 }]],
    ['a block device', 'UNSUPPORTED_ENTRY', [{ name: 'sda', type: '4', major: 8 }]],
    ['a whiteout as overlay has it', 'UNSUPPORTED_ENTRY', [{ name: 'w', type: '3' }]],
  ];
  it.each(hazards)('by %s', async (_hazard, code, entries) => {
    await expect(unpackMade(...entries)).rejects.toMatchObject({ code });
    expect(readdirSync(place)).toHaveLength(1);
    expect(files()).not.toContain('out');
  });

  it('by attributes that mean something to the kernel; those of users are kept', async () => {
    const pax = {
      'SCHILY.xattr.trusted.overlay.opaque': 'y',
      'SCHILY.xattr.security.ima': 'x',
      'SCHILY.xattr.system.posix_acl_access': 'x',
      'SCHILY.xattr.user.kept': 'yes',
    };
    await unpackMade({ name: 'file', pax });
    const ours = (name: string): boolean => name !== 'security.selinux';
    expect(listAttributes(join(directory, 'file')).filter(ours)).toEqual(['user.kept']);
  });
});

describe('a context is limited', () => {
  it('in the bytes of its files, before they are written', async () => {
    const entries = [
      { name: 'a', content: '12345' },
      { name: 'b', content: '67890' },
    ];
    await expect(unpack(tarOf(...entries), { bytes: 9 })).rejects.toMatchObject({ code: 'LAYER_LIMIT' });
    expect(files()).toEqual(['a']);
    rmSync(join(directory, 'a'));
    await expect(unpack(tarOf(...entries), { bytes: 10 })).resolves.toEqual({ entries: 2, bytes: 10 });
  });

  it('in its entries', async () => {
    const entries = ['a', 'b', 'c'].map((name) => ({ name }));
    await expect(unpack(tarOf(...entries), { entries: 2 })).rejects.toMatchObject({ code: 'LAYER_LIMIT' });
  });

  it('in how deep it is', async () => {
    const deep = (levels: number): Made => ({ name: Array(levels).fill('d').join('/'), content: 'x' });
    await expect(unpack(tarOf(deep(10)), { depth: 10 })).resolves.toBeDefined();
    await expect(unpack(tarOf(deep(11)), { depth: 10 })).rejects.toMatchObject({ code: 'LAYER_LIMIT' });
  });

  it('in the length of its names', async () => {
    await expect(unpack(tarOf({ name: 'abc/def' }), { pathBytes: 6 })).rejects.toMatchObject({
      code: 'LAYER_LIMIT',
    });
  });

  it('in how much it unzips to', async () => {
    const bomb = gzipSync(tarOf({ name: 'zeros', content: Buffer.alloc(4_000_000) }));
    const limits = { ratio: 100, ratioFloor: 1_000_000 };
    await expect(unpack(bomb, limits)).rejects.toMatchObject({ code: 'LAYER_LIMIT' });
  });
});

describe('what is no context', () => {
  it.each([
    ['a text', Buffer.from('FROM scratch\n'.repeat(100))],
    ['zipped text', gzipSync(Buffer.from('FROM scratch\n'.repeat(100)))],
    ['half a tar', tarOf({ name: 'file', content: Buffer.alloc(4000) }).subarray(0, 2000)],
    ['half a zipped tar', gzipSync(tarOf({ name: 'file', content: Buffer.alloc(4000) })).subarray(0, 40)],
  ])('is refused: %s', async (_what, bytes) => {
    await expect(unpack(bytes)).rejects.toMatchObject({
      code: expect.stringMatching('TAR_FORMAT|COMPRESSION'),
    });
  });

  it('ends when it is given up', async () => {
    const abort = new AbortController();
    abort.abort(new Error('the caller left'));
    const input = Readable.from([tarOf({ name: 'file' })]);
    await expect(unpackContext(input, directory, defaultContextLimits, abort.signal)).rejects.toThrow(
      'the caller left',
    );
  });
});

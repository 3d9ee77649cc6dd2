import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { digestOf } from '../archive/layers.js';
import { tarOf } from '../archive/tar-builder.js';

/*
 * Threads run what was built, so the pool is driven by a script of its own; each script prints what it found as JSON.
 */

jest.setTimeout(30_000);

const dist = resolve(import.meta.dirname, '../../dist/src');
let root: string;
const tars = [1, 2, 3, 4, 5].map((n) =>
  tarOf({ name: `f${n}`, content: randomBytes(300_000 * n) }, { name: 'g', content: 'y' }),
);
const whole = Buffer.concat([Buffer.alloc(1000), ...tars.flatMap((tar) => [tar, Buffer.alloc(500)])]);
const members = tars.map((tar, index) => ({
  offset: 1000 + tars.slice(0, index).reduce((sum, { length }) => sum + length + 500, 0),
  length: tar.length,
  digest: digestOf(tar),
}));

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-moves-'));
  writeFileSync(join(root, 'plain'), whole);
  writeFileSync(join(root, 'packed.gz'), gzipSync(whole));
  execFileSync('xz', ['--keep', '-0', join(root, 'plain')]);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const prelude = `
  import { createHash } from 'node:crypto';
  import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
  import { gunzipSync } from 'node:zlib';
  import { LayerPool } from '${dist}/runtime/layers/layer-pool.js';
  const root = process.argv[1];
  const members = ${JSON.stringify(members)};
  const packed = (index, path) => ({ kind: 'packed', path, offset: members[index].offset, length: members[index].length });
  const promised = (index) => ({ digest: members[index].digest, size: members[index].length, diffId: members[index].digest });
  const move = (pool, blob, expected, more = {}, signal = never) =>
    pool.transfer({ blob, expected, recode: 'as-is', target: { kind: 'nowhere' }, ...more }, signal);
  const unpack = (pool, blob, expected) => {
    const directory = mkdtempSync(root + '/layer-');
    const tarSplitPath = directory + '.tar-split.gz';
    return pool.unpack({ blob, expected, directory, tarSplitPath }, never).then((summary) => ({ ...summary, directory, tarSplitPath }));
  };
  const never = new AbortController().signal;
  const print = (value) => console.log(JSON.stringify(value));
  const outcome = (promise) => promise.then((summary) => summary.digest, (error) => error.code ?? error.message);
  const opened = () => readdirSync('/proc/self/fd').flatMap((fd) => {
    try { return [readlinkSync('/proc/self/fd/' + fd)]; } catch { return []; }
  }).filter((path) => path.startsWith(root)).map((path) => path.slice(root.length + 1));
  // Streams close their files a moment after they were ended.
  const left = async () => {
    for (let n = 0; n < 100 && opened().length > 0; n++) await later(20);
    return opened();
  };
  const later = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
`;

/** What the script printed; it has to end by itself. */
async function run(script: string): Promise<unknown> {
  const args = ['--input-type=module', '--eval', prelude + script, root];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  return JSON.parse(stdout) as unknown;
}

const digests = members.map(({ digest }) => digest);

describe('layers of a file that is compressed as a whole', () => {
  it('are read while it is unzipped once, in whatever order they are asked for', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 2 });
      const plain = { kind: 'file', path: root + '/plain', offset: 0, length: 10 };
      await Promise.all([move(pool, plain, {}), move(pool, plain, {})]);
      const path = root + '/packed.gz';
      const read = () => Number(/rchar: (.*)/.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
      const before = read();
      const done = await Promise.all([3, 0, 4, 2, 1].map((index) =>
        index % 2 === 0 ? unpack(pool, packed(index, path), promised(index)) : move(pool, packed(index, path), promised(index))));
      const times = (read() - before) / statSync(path).size;
      print({ digests: [1, 4, 3, 0, 2].map((index) => done[index].diffId), once: times < 1.5 });
    `);
    expect(printed).toEqual({ digests, once: true });
  });

  it.each(['packed.gz', 'plain.xz'])('can be asked for one by one, and again (%s)', async (name) => {
    const printed = await run(`
      const pool = new LayerPool({ size: 2 });
      const digests = [];
      for (const index of [0, 4, 3, 3, 1, 2]) digests.push((await move(pool, packed(index, root + '/${name}'), promised(index))).digest);
      const during = opened();
      print({ digests, during, after: await left() });
    `);
    expect(printed).toEqual({
      digests: [0, 4, 3, 3, 1, 2].map((index) => digests[index]),
      during: [name],
      after: [],
    });
  });

  it('fail where they are not what was promised, and the others do not', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 2 });
      const path = root + '/packed.gz';
      const outcomes = [
        outcome(move(pool, packed(0, path), promised(0))),
        outcome(move(pool, packed(1, path), promised(2))),
        outcome(move(pool, { ...packed(4, path), offset: 90_000_000 }, promised(4))),
        outcome(move(pool, packed(3, path), promised(3))),
        outcome(move(pool, { ...packed(3, path), path: root + '/nothing' }, promised(3))),
        outcome(move(pool, packed(3, root + '/plain'), promised(3))),
      ];
      print(await Promise.all(outcomes));
    `);
    expect(printed).toEqual([digests[0], 'SIZE_MISMATCH', 'SIZE_MISMATCH', digests[3], 'ENOENT', digests[3]]);
  });

  it('leave nothing open when they are not wanted any more', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 2 });
      const stop = new AbortController();
      const path = root + '/packed.gz';
      await move(pool, packed(0, path), promised(0));
      const before = opened();
      const endless = { kind: 'file', path: '/dev/zero', offset: 0, length: 1e12 };
      const moves = [packed(4, path), endless, endless].map((blob) => outcome(move(pool, blob, {}, {}, stop.signal)));
      setTimeout(() => stop.abort(new Error('gone away')), 5);
      const outcomes = await Promise.all(moves);
      print({ outcomes, before, after: await left() });
    `);
    const outcomes = ['gone away', 'gone away', 'gone away'];
    expect(printed).toEqual({ outcomes, before: ['packed.gz'], after: [] });
  });
});

describe('a layer of the store', () => {
  it('can be moved, zipped, and unpacked again', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 2 });
      const file = { kind: 'file', path: root + '/plain', ...members[2], digest: undefined };
      const { directory, tarSplitPath } = await unpack(pool, file, promised(2));
      const blob = { kind: 'layer', recipePath: tarSplitPath, directory };
      writeFileSync(root + '/target', Buffer.alloc(10));
      const plain = await move(pool, blob, promised(2), { target: { kind: 'file', path: root + '/target', offset: 5 } });
      const zipped = await move(pool, blob, promised(2), { recode: 'gzip' });
      const again = await unpack(pool, blob, promised(2));
      const written = readFileSync(root + '/target').subarray(5);
      const { digest } = members[2];
      const changed = await (async () => {
        writeFileSync(directory + '/g', 'z');
        return await outcome(move(pool, blob, promised(2)));
      })();
      print({
        plain: plain.digest === digest && digest === 'sha256:' + createHash('sha256').update(written).digest('hex'),
        zipped: zipped.diffId === digest && zipped.compression === 'gzip' && zipped.size < zipped.diffSize,
        again: again.diffId === digest && readFileSync(again.directory + '/g', 'utf8') === 'y',
        changed,
        opened: await left(),
      });
    `);
    expect(printed).toEqual({ plain: true, zipped: true, again: true, changed: 'TAR_SPLIT', opened: [] });
  });

  it('fails when its recipe is gone, and the thread works on', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 1 });
      const gone = { kind: 'layer', recipePath: root + '/none.gz', directory: root };
      const outcomes = [await outcome(move(pool, gone, {})), await outcome(move(pool, packed(0, root + '/packed.gz'), {}))];
      writeFileSync(root + '/damaged.gz', 'this is no gzip');
      outcomes.push(await outcome(move(pool, { ...gone, recipePath: root + '/damaged.gz' }, {})));
      outcomes.push(await outcome(move(pool, { ...gone, directory: root + '/nowhere' }, {})));
      print({ outcomes, opened: await left() });
    `);
    expect(printed).toEqual({ outcomes: ['ENOENT', digests[0], 'Z_DATA_ERROR', 'ENOENT'], opened: [] });
  });
});

describe('uploads', () => {
  it('share a worker, and are stopped one by one', async () => {
    const printed = await run(`
      const { createServer } = await import('node:http');
      let most = 0;
      let open = 0;
      // Says nothing, as a registry does that is busy.
      const server = createServer(() => {
        open++;
        most = Math.max(most, open);
        server.emit('asked');
      });
      await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
      const target = { kind: 'upload', url: 'http://127.0.0.1:' + server.address().port + '/v2/a/blobs/uploads/', headers: {}, insecure: true };
      const pool = new LayerPool({ size: 1 });
      const plain = { kind: 'file', path: root + '/plain', offset: 0, length: 1000 };
      const stops = [1, 2, 3, 4].map(() => new AbortController());
      const ended = [];
      const moves = stops.map((stop, n) => outcome(move(pool, plain, {}, { target }, stop.signal)).then((end) => ended.push(n + ' ' + end)));
      while (open < 3) await new Promise((asked) => server.once('asked', asked));
      const other = outcome(move(pool, plain, {}));
      await later(50);
      // The one that waits goes first: it would begin in the place of another.
      for (const n of [3, 1, 0, 2]) {
        stops[n].abort(new Error('gone'));
        await moves[n];
      }
      const moved = (await other).startsWith('sha256:');
      server.close();
      server.closeAllConnections();
      print({ most, ended, moved });
    `);
    const ended = ['3 gone', '1 gone', '0 gone', '2 gone'];
    expect(printed).toEqual({ most: 3, ended, moved: true });
  });
});

describe('moving to a file', () => {
  it('says that the disk is full', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 1 });
      const target = { kind: 'file', path: '/dev/full', offset: 0 };
      print(await outcome(move(pool, packed(0, root + '/packed.gz'), {}, { target })));
    `);
    expect(printed).toBe('DISK_FULL');
  });
});

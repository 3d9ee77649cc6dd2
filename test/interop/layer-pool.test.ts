import { execFile } from 'node:child_process';
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
const tar = tarOf({ name: 'f', content: 'x'.repeat(100_000) }, { name: 'g', content: 'y' });
const blob = gzipSync(tar);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-pool-'));
  writeFileSync(join(root, 'blob'), Buffer.concat([Buffer.alloc(10), blob, Buffer.alloc(10)]));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const prelude = `
  import { createServer } from 'node:http';
  import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
  import { DigestMismatchError } from '${dist}/archive/errors.js';
  import { LayerPool, LayerWorkerError } from '${dist}/runtime/layers/layer-pool.js';
  const expected = ${JSON.stringify({ digest: digestOf(blob), size: blob.length, diffId: digestOf(tar) })};
  const bytes = () => readFileSync(process.argv[1] + '/blob').subarray(10, 10 + expected.size);
  const fileBlob = { kind: 'file', path: process.argv[1] + '/blob', offset: 10, length: expected.size };
  const task = (blob, more = {}) => {
    const directory = mkdtempSync(process.argv[1] + '/layer-');
    return { blob, directory, tarSplitPath: directory + '.tar-split.gz', expected, ...more };
  };
  const never = new AbortController().signal;
  const print = (value) => console.log(JSON.stringify(value));
  const outcome = (promise) => promise.then((summary) => summary.diffId, (error) => error.message);
  // Answers with half of the blob and then waits, so that a task is sure to be under way.
  const startStalling = () => new Promise((started) => {
    const server = createServer((_, response) => {
      response.setHeader('content-length', expected.size);
      response.write(bytes().subarray(0, expected.size >> 1));
      server.emit('stalled');
    });
    server.listen(0, '127.0.0.1', () => started(server));
  });
  const httpBlob = (server) => ({ kind: 'http', url: 'http://127.0.0.1:' + server.address().port + '/', headers: {}, insecure: false });
`;

/** What the script printed; it has to end by itself. */
async function run(script: string): Promise<unknown> {
  const args = ['--input-type=module', '--eval', prelude + script, root];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  return JSON.parse(stdout) as unknown;
}

describe('the pool of layer threads', () => {
  it('unpacks more layers than it has threads, from files and over http, and lets the process end', async () => {
    const printed = await run(`
      const server = createServer((_, response) => response.end(bytes())).listen(0, '127.0.0.1');
      await new Promise((listening) => server.once('listening', listening));
      const pool = new LayerPool({ size: 2 });
      pool.warm();
      const tasks = [fileBlob, httpBlob(server), fileBlob, httpBlob(server), fileBlob].map((blob) => task(blob));
      const done = await Promise.all(tasks.map((each) => pool.unpack(each, never)));
      server.close();
      server.closeAllConnections();
      print({
        done,
        contents: tasks.map(({ directory }) => readFileSync(directory + '/g', 'utf8')),
        recipes: tasks.every(({ tarSplitPath }) => existsSync(tarSplitPath)),
      });
    `);
    expect(printed).toMatchObject({
      done: Array.from({ length: 5 }, () => ({
        diffId: digestOf(tar),
        compression: 'gzip',
        diffSize: tar.length,
      })),
      contents: ['y', 'y', 'y', 'y', 'y'],
      recipes: true,
    });
  });

  it('throws errors as what they were in the thread, and works on', async () => {
    const printed = await run(`
      const pool = new LayerPool({ size: 1 });
      const other = 'sha256:' + '0'.repeat(64);
      const error = await pool.unpack(task(fileBlob, { expected: { ...expected, digest: other } }), never).catch((e) => e);
      print({
        known: error instanceof DigestMismatchError && error instanceof Error,
        ...error, message: error.message, name: error.name, stack: error.stack.includes('unpack-layer'),
        next: await outcome(pool.unpack(task(fileBlob), never)),
      });
    `);
    expect(printed).toMatchObject({
      known: true,
      name: 'DigestMismatchError',
      code: 'DIGEST_MISMATCH',
      expected: `sha256:${'0'.repeat(64)}`,
      actual: digestOf(blob),
      message: `Digest did not match, expected sha256:${'0'.repeat(64)}, got ${digestOf(blob)}`,
      stack: true,
      next: digestOf(tar),
    });
  });

  it('stops a layer that is cancelled with the signal’s own reason, under way or waiting', async () => {
    const printed = await run(`
      const server = await startStalling();
      const pool = new LayerPool({ size: 1 });
      const running = new AbortController();
      const waiting = new AbortController();
      const first = outcome(pool.unpack(task(httpBlob(server)), running.signal));
      const second = outcome(pool.unpack(task(fileBlob), waiting.signal));
      const third = outcome(pool.unpack(task(fileBlob), never));
      await new Promise((stalled) => server.once('stalled', stalled));
      waiting.abort(new Error('not needed'));
      running.abort(new Error('gone away'));
      print([await first, await second, await third]);
      server.closeAllConnections();
      server.close();
    `);
    expect(printed).toEqual(['gone away', 'not needed', digestOf(tar)]);
  });

  it('fails what is under way and what waits when it is closed', async () => {
    const printed = await run(`
      const server = await startStalling();
      const pool = new LayerPool({ size: 1 });
      const attempts = [task(httpBlob(server)), task(fileBlob)].map((each) => pool.unpack(each, never).catch((e) => e));
      await new Promise((stalled) => server.once('stalled', stalled));
      await pool.close();
      const late = await pool.unpack(task(fileBlob), never).catch((e) => e);
      print([...(await Promise.all(attempts)), late].map((error) => error instanceof LayerWorkerError));
      server.closeAllConnections();
      server.close();
    `);
    expect(printed).toEqual([true, true, true]);
  });

  it('says that there is no room when the disk is full', async () => {
    const printed = await run(`
      const { constants } = await import('node:os');
      const { reviveError, transferError } = await import('${dist}/runtime/transferred-error.js');
      const { DiskFullError, demand } = await import('${dist}/archive/errors.js');
      let error;
      try { demand(-constants.errno.ENOSPC, 'write', 'usr/file'); } catch (thrown) { error = thrown; }
      const revived = reviveError(structuredClone(transferError(error)));
      print({ known: revived instanceof DiskFullError, code: revived.code, path: revived.path, cause: revived.cause.code });
    `);
    expect(printed).toEqual({ known: true, code: 'DISK_FULL', path: 'usr/file', cause: 'ENOSPC' });
  });
});

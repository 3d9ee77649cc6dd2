// What comes of an address that a build names: the whole file, or a sentence and nothing.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fetchFile, type FetchedFile, type FetchOptions } from '../../../src/runtime/files/fetch-file.js';
import { never, quick } from '../../registry/support.js';

const content = Buffer.from('what the server has');
const sha256 = `sha256:${createHash('sha256').update(content).digest('hex')}`;
const sha512 = `sha512:${createHash('sha512').update(content).digest('hex')}`;

let server: Server;
let address: string;
let directory: string;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((_request, response) => answer(response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fetch-'));
  answer = (response) => response.end(content);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

function fetchFrom(
  path: string,
  options: Partial<FetchOptions> = {},
  signal: AbortSignal = never,
): Promise<FetchedFile> {
  const network = { userAgent: 'imaged/test', proxies: {}, timeouts: quick };
  return fetchFile(`${address}${path}`, { directory, network, ...options }, signal);
}

describe('fetchFile', () => {
  it.each([
    ['/tools/run.sh', 'run.sh'],
    ['/run.sh?version=1#part', 'run.sh'],
    ['/a%20name', 'a name'],
    ['/', 'download'],
    ['/%2e%2e', 'download'],
    ['/..%2f..%2fetc%2fpasswd', 'download'],
    ['/nul%00', 'download'],
    ['/%ff%fe', '%ff%fe'],
    [`/${'n'.repeat(256)}`, 'download'],
  ])('keeps %j as %j, in its directory and nowhere else', async (path, name) => {
    const file = await fetchFrom(path);
    expect(file).toEqual({ name, path: join(directory, name) });
    expect(await readFile(file.path)).toEqual(content);
    expect(await readdir(directory)).toEqual([name]);
  });

  it('makes a file that only its owner reads, as old as the server says', async () => {
    answer = (response) => {
      response.setHeader('last-modified', 'Sun, 13 Sep 2020 12:26:40 GMT').end(content);
    };
    const { mode, mtimeMs } = await stat((await fetchFrom('/file')).path);
    expect(mode & 0o7777).toBe(0o600);
    expect(mtimeMs).toBe(1_600_000_000_000);
  });

  it('makes a file of 1970 where the server does not say', async () => {
    expect((await stat((await fetchFrom('/file')).path)).mtimeMs).toBe(0);
  });

  it.each([sha256, sha512])('takes what has the checksum %s', async (checksum) => {
    await expect(fetchFrom('/file', { checksum })).resolves.toMatchObject({ name: 'file' });
  });

  it.each<readonly [string, Partial<FetchOptions>, (response: ServerResponse) => void, string]>([
    [
      'has another checksum',
      { checksum: `sha256:${'0'.repeat(64)}` },
      (response) => response.end(content),
      `digest mismatch: expected sha256:${'0'.repeat(64)}, got ${sha256}`,
    ],
    ['has no checksum to compare with', { checksum: 'md5:0' }, (response) => response.end(content), 'md5:0'],
    ['is too large', { mostBytes: 5 }, (response) => response.end(content), 'has more than 5 bytes'],
    [
      'ends early',
      {},
      (response) => {
        response.writeHead(200, { 'content-length': content.length + 1 });
        response.write(content, () => response.destroy());
      },
      'file',
    ],
    ['is not there', {}, (response) => response.writeHead(404).end('no such file'), '404'],
    ['stops', {}, (response) => response.write(content), 'file'],
    [
      'never comes to an end',
      { mostMilliseconds: 300 },
      (response) => {
        const drip = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(drip));
      },
      'took longer than 0.3 s',
    ],
  ])('leaves no file of one that %s', async (_what, options, misbehave, sentence) => {
    answer = misbehave;
    await expect(fetchFrom('/file', options)).rejects.toThrow(sentence);
    expect(await readdir(directory)).toEqual([]);
  });

  it('ends with its caller', async () => {
    const caller = new AbortController();
    const reason = new Error('the caller has left');
    answer = (response) => response.write(content, () => caller.abort(reason));
    await expect(fetchFrom('/file', {}, caller.signal)).rejects.toBe(reason);
    expect(await readdir(directory)).toEqual([]);
  });
});

// Who may use a file of the exchange, and how long it lasts.
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConnectionScope, unknownPeer, type Peer } from '../../../src/rpc/index.js';
import { FileUnavailableError } from '../../../src/runtime/errors.js';
import { FileExchange } from '../../../src/runtime/files/file-exchange.js';

const ownUid = 1000;

class Caller {
  readonly connection = new ConnectionScope();
  readonly peer: Peer;
  constructor(uid = 4711, more: Partial<Peer> = {}) {
    this.peer = { ...unknownPeer, uid, ...more };
  }
}

let root: string;
let exchange: FileExchange;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'exchange-'));
  exchange = new FileExchange(async () => ({ path: join(root, 'a:b'), fleeting: true }), ownUid);
});

afterEach(async () => {
  jest.useRealTimers();
  await exchange.close();
  await rm(root, { recursive: true });
});

async function upload(caller: Caller, content = 'content'): Promise<string> {
  await using file = await exchange.upload(content.length, caller);
  await file.write(Buffer.from(content));
  await file.complete();
  return file.handle;
}

async function saved(caller: Caller, content = 'content'): Promise<string> {
  await using file = await exchange.make(caller);
  await writeFile(file.path, content);
  return file.keep();
}

async function content(handle: string, caller: Caller, remove = false): Promise<string> {
  await using file = await exchange.open(handle, remove, caller);
  const parts: Uint8Array[] = [];
  for await (const part of file.bytes()) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** What lies in the exchange's directory. */
async function files(): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile() && !entry.name.startsWith('lock-')).map(({ name }) => name);
}

/** Lets file operations finish that nobody awaits. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function fakeTime(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
}

describe('an upload', () => {
  it('can be used on its connection, and on no other', async () => {
    const caller = new Caller();
    const handle = await upload(caller);
    expect(handle).not.toContain(':');
    expect(await content(handle, caller)).toBe('content');
    for (const other of [new Caller(), new Caller(0), new Caller(ownUid)])
      await expect(content(handle, other)).rejects.toThrow(FileUnavailableError);
  });

  it('is gone with its connection, and when it was not completed', async () => {
    const caller = new Caller();
    await upload(caller);
    await exchange.upload(10, caller).then((file) => file[Symbol.asyncDispose]());
    expect(await files()).toHaveLength(1);
    caller.connection.end();
    await settle();
    expect(await files()).toEqual([]);
  });

  it('is gone when nobody has used it for ten minutes', async () => {
    fakeTime();
    const caller = new Caller();
    const handle = await upload(caller);
    await jest.advanceTimersByTimeAsync(599_000);
    expect(await content(handle, caller)).toBe('content');
    await jest.advanceTimersByTimeAsync(599_000);
    await using used = await exchange.borrow(handle, caller);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(await readFile(used.path, 'utf8')).toBe('content');
    await used[Symbol.asyncDispose]();
    await jest.advanceTimersByTimeAsync(600_000);
    await settle();
    expect(await files()).toEqual([]);
  });

  it('stays as long as it is used, and cannot be named any more, once it is removed', async () => {
    const caller = new Caller();
    const handle = await upload(caller);
    await using used = await exchange.borrow(handle, caller);
    await used.remove();
    await expect(exchange.borrow(handle, caller)).rejects.toThrow(FileUnavailableError);
    expect(await readFile(used.path, 'utf8')).toBe('content');
    await used[Symbol.asyncDispose]();
    expect(await files()).toEqual([]);
  });
});

describe('a saved file', () => {
  it('is for every connection of its user, for a minute after the end of the one it was saved on', async () => {
    fakeTime();
    const caller = new Caller();
    const handle = await saved(caller);
    caller.connection.end();
    await jest.advanceTimersByTimeAsync(59_000);
    expect(await content(handle, new Caller())).toBe('content');
    await expect(content(handle, new Caller(4712))).rejects.toThrow(FileUnavailableError);
    await jest.advanceTimersByTimeAsync(60_000);
    await settle();
    expect(await files()).toEqual([]);
  });

  it('is for nobody else who came over a network, where no user is known', async () => {
    const handle = await saved(new Caller(-1, { name: 'one' }));
    for (const other of [new Caller(-1), new Caller(-1, { name: 'other' })])
      await expect(content(handle, other)).rejects.toThrow(FileUnavailableError);
    expect(await content(handle, new Caller(-1, { name: 'one' }))).toBe('content');
  });

  it('is one of four at most, so that those who only read cannot fill the disk', async () => {
    const caller = new Caller();
    const handles = [];
    for (let count = 0; count < 4; count += 1) handles.push(await saved(caller));
    await expect(saved(new Caller())).rejects.toThrow('4 saved images wait for this user');
    expect(await files()).toHaveLength(4);
    await saved(new Caller(4712));
    await content(handles[0]!, caller, true);
    await saved(caller);
    for (let count = 0; count < 9; count += 1) await saved(new Caller(ownUid));
    expect(await files()).toHaveLength(14);
  });

  it('is not there if it was not kept, whatever was made on the way', async () => {
    {
      await using file = await exchange.make(new Caller());
      await writeFile(file.path, 'half');
      await mkdir(file.workPath);
      await writeFile(join(file.workPath, 'part'), 'part');
    }
    expect(await files()).toEqual([]);
  });
});

describe('a file of the host', () => {
  it('is for root and the own user', async () => {
    const path = join(root, 'host');
    await writeFile(path, 'host');
    expect(await content(path, new Caller(0))).toBe('host');
    expect(await content(path, new Caller(ownUid))).toBe('host');
    for (const uid of [4711, -1])
      await expect(content(path, new Caller(uid))).rejects.toThrow(/permission denied/);
  });

  it('is for nobody on a socket that is for less than everything: root of a container looks like root', async () => {
    const path = join(root, 'host');
    await writeFile(path, 'host');
    const socket = { address: 'unix:/ro;role=read', role: 'read', guarded: true };
    for (const uid of [0, ownUid])
      await expect(content(path, new Caller(uid, { socket }))).rejects.toThrow(/permission denied/);
    expect(await content(path, new Caller(0, { socket: { ...socket, role: 'admin' } }))).toBe('host');
  });

  it('is sent as long as it was said to be, or not at all', async () => {
    const path = join(root, 'host');
    await writeFile(path, 'x'.repeat(1_000_000));
    await using file = await exchange.open(path, true, new Caller(0));
    await writeFile(path, 'more', { flag: 'a' });
    const bytes = file.bytes();
    const first = await bytes.next();
    expect(first.value?.length).toBeLessThan(file.size);
    await truncate(path, 500_000);
    await expect(
      (async () => {
        for await (const part of bytes) expect(part.length).toBeGreaterThan(0);
      })(),
    ).rejects.toThrow('it has become shorter');
    await file[Symbol.asyncDispose]();
    // What was not sent is not deleted either.
    expect(await readdir(root)).toContain('host');
  });
});

describe('the exchange', () => {
  it('removes everything when it is closed', async () => {
    await upload(new Caller());
    await saved(new Caller());
    await exchange.close();
    expect(await readdir(root)).toEqual([]);
  });
});

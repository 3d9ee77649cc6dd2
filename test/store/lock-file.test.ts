import { readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LockFile } from '../../src/store/lock-file.js';
import { LockTimeoutError } from '../../src/sys/lock.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-lock-file-'));
  path = join(directory, 'overlay-layers', 'layers.lock');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const patience = 10_000;

describe('a lock file', () => {
  it('is made with its directory, readable for all and empty', async () => {
    const file = new LockFile(path, patience);
    expect(file.token()).toHaveLength(0);
    (await file.acquire('read')).release();
    expect(statSync(path).mode & 0o7777).toBe(0o644);
    expect(statSync(join(directory, 'overlay-layers')).mode & 0o7777).toBe(0o700);
    expect(readFileSync(path)).toHaveLength(0);
  });

  it('holds 64 bytes that are new after each writer', async () => {
    const file = new LockFile(path, patience);
    const tokens = new Set<string>();
    for (let turn = 0; turn < 3; turn += 1) {
      using held = await file.acquire('write');
      held.writeToken();
      expect(readFileSync(path)).toHaveLength(64);
      tokens.add(file.token());
    }
    expect(tokens.size).toBe(3);
  });

  it('excludes another user of the file, in this process or another', async () => {
    using _held = await new LockFile(path, patience).acquire('write');
    const other = new LockFile(path, 20);
    await expect(other.acquire('read')).rejects.toThrow(LockTimeoutError);
  });

  it('lets the next one in when the holder failed', async () => {
    const file = new LockFile(path, patience);
    const fail = async (): Promise<void> => {
      using _held = await file.acquire('write');
      throw new Error('failed');
    };
    await expect(fail()).rejects.toThrow('failed');
    (await file.acquire('write')).release();
  });

  it('locks the file that is there now, if the one it waited for was deleted', async () => {
    const first = await new LockFile(path, patience).acquire('write');
    const waiting = new LockFile(path, patience).acquire('write');
    await new Promise((resolve) => setTimeout(resolve, 5));
    rmSync(path);
    first.release();
    using _held = await waiting;
    const other = new LockFile(path, 20);
    await expect(other.acquire('write')).rejects.toThrow(LockTimeoutError);
  });
});

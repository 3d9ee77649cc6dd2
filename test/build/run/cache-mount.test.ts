// Cache mounts as several users of one meet.
import { mkdirSync, mkdtempSync, openSync, closeSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openCache } from '../../../src/build/run/cache-mount.js';
import { tryLock } from '../../../src/sys/lock.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'imaged-cache-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function mountOf(directory: string) {
  const where = { type: 'cache', target: '/c', directory, sharing: 'shared', writable: true } as const;
  return { ...where, mode: 0o755, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

describe('a shared cache', () => {
  it('is entered as soon as another has made it, who goes on using it', async () => {
    const directory = join(root, 'meeting');
    const other = openSync(`${directory}.lock`, 'a+', 0o600);
    expect(tryLock(other, 'write', directory)).toBe(true);
    const entering = openCache(mountOf(directory), () => undefined, AbortSignal.timeout(10_000));
    mkdirSync(directory);
    expect(tryLock(other, 'read', directory)).toBe(true);
    using cache = await entering;
    expect(cache.directory).toBe(directory);
    closeSync(other);
  });

  it('is waited for no longer than the signal lets', async () => {
    const directory = join(root, 'meeting');
    const other = openSync(`${directory}.lock`, 'a+', 0o600);
    expect(tryLock(other, 'write', directory)).toBe(true);
    await expect(openCache(mountOf(directory), () => undefined, AbortSignal.timeout(50))).rejects.toThrow(
      'timeout',
    );
    closeSync(other);
  });
});

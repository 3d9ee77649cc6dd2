import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lock, LockTimeoutError, tryLock } from '../../src/sys/lock.js';

let directory: string;
let path: string;
const open: number[] = [];

function descriptor(): number {
  const fd = openSync(path, 'a+');
  open.push(fd);
  return fd;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-lock-'));
  path = join(directory, 'x.lock');
});
afterEach(async () => {
  for (const fd of open.splice(0)) closeSync(fd);
  await rm(directory, { recursive: true, force: true });
});

/** Another process with a POSIX record lock on the file, as Go programs take it. */
async function posixHolder(
  kind: 'LOCK_EX' | 'LOCK_SH',
): Promise<{ pid: number; release: () => Promise<void> }> {
  const script = `import fcntl, sys
f = open(${JSON.stringify(path)}, 'a+')
fcntl.lockf(f, fcntl.${kind})
print('held', flush=True)
sys.stdin.read()`;
  const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    release: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

describe('a lock', () => {
  it('excludes other writers of the same process, as it belongs to the descriptor', () => {
    expect(tryLock(descriptor(), 'write', path)).toBe(true);
    expect(tryLock(descriptor(), 'write', path)).toBe(false);
    expect(tryLock(descriptor(), 'read', path)).toBe(false);
  });

  it('is shared by readers', () => {
    expect(tryLock(descriptor(), 'read', path)).toBe(true);
    expect(tryLock(descriptor(), 'read', path)).toBe(true);
    expect(tryLock(descriptor(), 'write', path)).toBe(false);
  });

  it('survives that another descriptor of the file is closed', () => {
    expect(tryLock(descriptor(), 'write', path)).toBe(true);
    closeSync(openSync(path, 'r'));
    expect(tryLock(descriptor(), 'write', path)).toBe(false);
  });

  it('excludes and is excluded by POSIX locks of other processes', async () => {
    const writer = await posixHolder('LOCK_EX');
    expect(tryLock(descriptor(), 'read', path)).toBe(false);
    await writer.release();
    const reader = await posixHolder('LOCK_SH');
    expect(tryLock(descriptor(), 'read', path)).toBe(true);
    expect(tryLock(descriptor(), 'write', path)).toBe(false);
    await reader.release();
  });

  it('is waited for', async () => {
    const holder = await posixHolder('LOCK_EX');
    const waiting = lock(descriptor(), 'write', path, 10_000);
    await holder.release();
    await waiting;
    expect(tryLock(descriptor(), 'read', path)).toBe(false);
  });

  it('gives up after its time and names the process that holds it', async () => {
    const holder = await posixHolder('LOCK_EX');
    const error = await lock(descriptor(), 'write', path, 30).catch((error: unknown) => error);
    await holder.release();
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect((error as LockTimeoutError).holder).toBe(holder.pid);
    expect((error as Error).message).toBe(
      `lock ${path} for writing: held by process ${holder.pid} (python3) for more than 30 ms`,
    );
  });

  it('is no longer waited for when the signal is aborted', async () => {
    const other = descriptor();
    tryLock(other, 'write', path);
    const controller = new AbortController();
    const waiting = lock(descriptor(), 'read', path, 10_000, controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});

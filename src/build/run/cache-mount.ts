// The directories of cache mounts, kept between builds and shared with builds of other processes.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { lock, LockTimeoutError, tryLock } from '../../sys/lock.js';
import { RunRequestError } from './errors.js';
import type { RunMount } from './run-request.js';

type CacheMount = Extract<RunMount, { type: 'cache' }>;

/** A cache that may be used until it is closed. */
export interface OpenCache extends Disposable {
  readonly directory: string;
}

const LOCK_MODE = 0o600;
const lookAgainMilliseconds = 10;

/**
 * Waits until the cache may be used as its `sharing` says, and makes it if there is none yet, with the content of the directory
 * `seed`, a descriptor. The lock lies beside the directory, `<directory>.lock`, and holds for other processes.
 */
export async function openCache(
  mount: CacheMount,
  seed: () => number | undefined,
  signal: AbortSignal,
): Promise<OpenCache> {
  if (mount.sharing === 'private') return openPrivate(mount, seed);
  const path = lockOf(mount.directory);
  const fd = openSync(path, 'a+', LOCK_MODE);
  try {
    if (mount.sharing === 'locked') await lock(fd, 'write', path, Number.POSITIVE_INFINITY, signal);
    else await aloneOrMade(fd, mount, signal);
    make(mount.directory, mount, seed);
    if (mount.sharing === 'shared') await lock(fd, 'read', path, Number.POSITIVE_INFINITY, signal);
    return opened(mount.directory, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The first one that nobody uses. */
function openPrivate(mount: CacheMount, seed: () => number | undefined): OpenCache {
  for (let number = 1; ; number++) {
    const directory = number === 1 ? mount.directory : `${mount.directory}-${number}`;
    const fd = openSync(lockOf(directory), 'a+', LOCK_MODE);
    if (!tryLock(fd, 'write', lockOf(directory))) {
      closeSync(fd);
      continue;
    }
    try {
      make(directory, mount, seed);
      return opened(directory, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
}

function opened(directory: string, fd: number): OpenCache {
  return { directory, [Symbol.dispose]: () => closeSync(fd) };
}

function lockOf(directory: string): string {
  return `${directory}.lock`;
}

/** Who makes it is alone with it. Not to be waited for once it is made: who shares it may use it for hours. */
async function aloneOrMade(fd: number, { directory }: CacheMount, signal: AbortSignal): Promise<void> {
  while (!existsSync(directory)) {
    try {
      await lock(fd, 'write', lockOf(directory), lookAgainMilliseconds, signal);
      return;
    } catch (error) {
      if (!(error instanceof LockTimeoutError)) throw error;
    }
  }
}

/** It gets its name when it is complete. */
function make(directory: string, { mode, uid, gid }: CacheMount, seed: () => number | undefined): void {
  if (existsSync(directory)) return;
  const building = `${directory}.${randomBytes(6).toString('hex')}`;
  mkdirSync(building, { mode: 0o700 });
  try {
    const source = seed();
    if (source !== undefined) copyTree(source, building);
    chownSync(building, uid, gid);
    chmodSync(building, mode);
    renameSync(building, directory);
  } catch (error) {
    rmSync(building, { recursive: true });
    throw error;
  }
}

function copyTree(source: number, target: string): void {
  const copied = spawnSync('cp', ['-a', '--', '/proc/self/fd/3/.', target], {
    stdio: ['ignore', 'ignore', 'pipe', source],
    encoding: 'utf8',
  });
  if (copied.status !== 0)
    throw new RunRequestError(`filling the cache: ${copied.stderr || String(copied.error)}`);
}

// Advisory record locks of whole files: open-file-description locks, which exclude POSIX locks of other processes too.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, declare, lastErrno } from './libc.js';
import { constants } from 'node:os';

export type LockMode = 'read' | 'write';

// struct flock on 64-bit Linux: short l_type, short l_whence, pad, int64 l_start, int64 l_len, int32 l_pid, pad.
const FLOCK_SIZE = 32;
const FLOCK_PID_OFFSET = 24;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
// The classic F_SETLK would be dropped by any close of the file in this process; these belong to the descriptor.
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;

const fcntl = declare('int fcntl(int fd, int cmd, void *lock)');
const { EAGAIN, EACCES } = constants.errno;

/** A lock that another process did not give up in time. */
export class LockTimeoutError extends Error {
  override readonly name = 'LockTimeoutError';
  readonly code = 'LOCK_TIMEOUT';
  readonly path: string;
  /** The process that holds it, if the kernel tells: it does not for open-file-description locks. */
  readonly holder: number | undefined;
  constructor(path: string, mode: LockMode, waitedMs: number, holder: number | undefined) {
    const by = holder === undefined ? 'another process' : `process ${holder}${commandOf(holder)}`;
    super(
      `lock ${path} for ${mode === 'write' ? 'writing' : 'reading'}: held by ${by} for more than ${waitedMs} ms`,
    );
    this.path = path;
    this.holder = holder;
  }
}

/** Takes the lock if it is free; false when another process (or another descriptor of ours) has a conflicting one. */
export function tryLock(fd: number, mode: LockMode, path: string): boolean {
  if (fcntl(fd, F_OFD_SETLK, flock(mode === 'write' ? F_WRLCK : F_RDLCK)) === 0) return true;
  const errno = lastErrno();
  if (errno === EAGAIN || errno === EACCES) return false;
  check(-1, 'fcntl', path);
  return false;
}

/**
 * Waits for the lock of the whole file behind `fd`. Polls, because a blocking F_OFD_SETLKW would occupy one of the four
 * threads that serve all file operations. Throws {@link LockTimeoutError}, or the signal's reason.
 */
export async function lock(
  fd: number,
  mode: LockMode,
  path: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const start = performance.now();
  let pause = FIRST_PAUSE_MS;
  while (!tryLock(fd, mode, path)) {
    if (performance.now() - start >= timeoutMs)
      throw new LockTimeoutError(path, mode, timeoutMs, holderOf(fd, mode));
    await pauseFor(pause * (0.5 + Math.random() / 2), signal);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function holderOf(fd: number, mode: LockMode): number | undefined {
  const answer = flock(mode === 'write' ? F_WRLCK : F_RDLCK);
  if (fcntl(fd, F_OFD_GETLK, answer) !== 0 || answer.readInt16LE(0) === F_UNLCK) return undefined;
  const pid = answer.readInt32LE(FLOCK_PID_OFFSET);
  return pid > 0 ? pid : undefined;
}

function commandOf(pid: number): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
  } catch {
    return '';
  }
}

function flock(type: number): Buffer {
  const lock = Buffer.alloc(FLOCK_SIZE);
  lock.writeInt16LE(type, 0);
  return lock;
}

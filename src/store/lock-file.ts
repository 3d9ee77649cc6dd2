// A lock file of the store: who may read or write the files it stands for, and the token of the last writer.
import { randomFillSync } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Glance } from '../sys/glance.js';
import { lock, type LockMode } from '../sys/lock.js';
import { FairQueue } from './fair-queue.js';

/** Bytes of a last-writer token; other programs compare exactly so many. */
const TOKEN_SIZE = 64;
const openForLocking = constants.O_RDWR | constants.O_CREAT;
const tokenBytes = Buffer.alloc(TOKEN_SIZE);
let tokensWritten = 0;

/** A lock that is held until `release()`, or to the end of the block with `using`. */
export interface HeldLock extends Disposable {
  /** Tells every other process that the files changed. Only for a write lock; to be called before they are renamed into place. */
  writeToken(): void;
  release(): void;
}

/**
 * One lock file. Inside the process its users queue up in order, so that there is one waiter at most for other processes'
 * locks. Each user opens the file anew, as a store that was deleted and made again has another file there.
 */
export class LockFile {
  readonly path: string;
  readonly #glance: Glance;
  readonly #timeoutMs: number;
  readonly #queue = new FairQueue();

  /** `timeoutMs`: how long to wait for other processes. */
  constructor(path: string, timeoutMs: number) {
    this.path = path;
    this.#glance = new Glance(path);
    this.#timeoutMs = timeoutMs;
  }

  /** Waits for the lock; throws LockTimeoutError, or the signal's reason. */
  async acquire(mode: LockMode, signal?: AbortSignal): Promise<HeldLock> {
    const leave = await this.#queue.enter(mode, signal);
    try {
      const fd = await this.#openLocked(mode, signal);
      let held = true;
      const release = (): void => {
        if (!held) return;
        held = false;
        closeSync(fd);
        leave();
      };
      return { writeToken: () => writeToken(fd), release, [Symbol.dispose]: release };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * The token of the last writer, empty if nobody has written yet. Needs no lock: a writer that has not finished may be
   * seen or not, one that has finished is always seen. One character for each byte.
   */
  token(): string {
    return this.#glance.start(tokenBytes);
  }

  async #openLocked(mode: LockMode, signal: AbortSignal | undefined): Promise<number> {
    for (;;) {
      const fd = await this.#open();
      try {
        await lock(fd, mode, this.path, this.#timeoutMs, signal);
        if (fstatSync(fd).nlink > 0) return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      closeSync(fd); // somebody deleted the file while we waited: the lock of the file there now is the one that counts
    }
  }

  async #open(): Promise<number> {
    try {
      return openSync(this.path, openForLocking, 0o644);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      return openSync(this.path, openForLocking, 0o644);
    }
  }
}

/** Opaque to others, as long as it is new: a time, a counter, our process and chance. */
function writeToken(fd: number): void {
  const token = randomFillSync(Buffer.allocUnsafe(TOKEN_SIZE));
  token.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 0);
  tokensWritten += 1;
  token.writeBigUInt64LE(BigInt(tokensWritten), 8);
  token.writeUInt32LE(process.pid, 16);
  writeSync(fd, token, 0, TOKEN_SIZE, 0);
}

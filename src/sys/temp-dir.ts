// Directories for work in progress that anybody may remove once we are gone: the protocol newer Go programs share.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from './lock.js';
import { removeTree } from './remove-tree.js';

const LOCK_PREFIX = 'lock-';
const DIRECTORY_PREFIX = 'temp-dir-';

/** A directory of such directories. */
export interface TempRoot {
  readonly path: string;
  /** It goes with the last directory in it. */
  readonly fleeting: boolean;
}

/** `<root>/temp-dir-<X>`, 0700, kept by a lock on `<root>/lock-<X>`: who finds that lock free may remove both. */
export class TempDir {
  readonly path: string;
  readonly #root: TempRoot;
  readonly #lockPath: string;
  #fd: number | undefined;
  #entries = 0;

  private constructor(root: TempRoot, id: string, fd: number) {
    this.path = join(root.path, DIRECTORY_PREFIX + id);
    this.#root = root;
    this.#lockPath = join(root.path, LOCK_PREFIX + id);
    this.#fd = fd;
  }

  static async create(root: TempRoot): Promise<TempDir> {
    for (;;) {
      const id = randomBytes(10).toString('hex');
      const fd = (await ensureRoot(root.path)) ? createLocked(join(root.path, LOCK_PREFIX + id)) : undefined;
      if (fd === undefined) continue;
      const directory = new TempDir(root, id, fd);
      try {
        await mkdir(directory.path, { mode: 0o700 });
        return directory;
      } catch (error) {
        await directory.remove();
        throw error;
      }
    }
  }

  /** A path for something that is being made. */
  addition(): string {
    return join(this.path, `${this.#entries++}-addition`);
  }

  /** A path to move something to that shall be deleted. */
  deletion(name: string): string {
    return join(this.path, `${this.#entries++}-${name}`);
  }

  /** Removes everything in it. Afterwards nothing happens. */
  async remove(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    try {
      await removeTree(this.path);
      await rm(this.#lockPath, { force: true });
    } finally {
      closeSync(fd);
    }
    if (this.#root.fleeting) await removeIfEmpty(this.#root.path);
  }
}

/** Removes what dead processes left in `root`, as far as possible. */
export async function recoverTempDirs({ path: root, fleeting }: TempRoot): Promise<void> {
  for (const id of await seenIds(root)) {
    const lockPath = join(root, LOCK_PREFIX + id);
    const fd = openSync(lockPath, 'a+', 0o644);
    try {
      if (!tryLock(fd, 'write', lockPath)) continue; // its owner is alive
      await removeTree(join(root, DIRECTORY_PREFIX + id));
      await unlink(lockPath);
    } catch {
      // somebody else was faster, or something in it resists: the next start tries again
    } finally {
      closeSync(fd);
    }
  }
  if (fleeting) await removeIfEmpty(root);
}

async function seenIds(root: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const name of await readdir(root).catch(() => [])) {
    for (const prefix of [LOCK_PREFIX, DIRECTORY_PREFIX])
      if (name.startsWith(prefix)) ids.add(name.slice(prefix.length));
  }
  return ids;
}

/** False if somebody removed it at this very moment. */
async function ensureRoot(root: string): Promise<boolean> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

/** A new lock file, locked; undefined if somebody who cleans up got hold of it before us, or removed the root. */
function createLocked(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'wx+', 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (tryLock(fd, 'write', path) && fstatSync(fd).nlink > 0) return fd;
  closeSync(fd);
  return undefined;
}

async function removeIfEmpty(root: string): Promise<void> {
  try {
    await rmdir(root);
  } catch {
    // not empty, or gone: both are fine
  }
}

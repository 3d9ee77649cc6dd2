// A directory of blobs being written: everything waits in a directory inside of it, and is moved to its place in the end.
import { mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeTree } from '../sys/remove-tree.js';
import { recoverTempDirs, TempDir } from '../sys/temp-dir.js';
import { DestinationError } from './archive-errors.js';
import { syncDirectory } from './new-file.js';
import type { Room, Shelf } from './shelf.js';

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
/** Where things wait; what is in it belongs to nobody once its writer is gone. */
export const stageName = '.imaged';

interface StagedFile {
  readonly name: string;
  readonly path: string;
}

/** Nothing is in its place before {@link publish}; disposing of it takes back what {@link settle} did not make final. */
export class StagedDirectory implements Shelf, AsyncDisposable {
  readonly path: string;
  readonly #stage: TempDir;
  readonly #staged: StagedFile[] = [];
  /** What was made outside of the stage, to be removed in reverse. */
  readonly #made: (() => Promise<void>)[];

  private constructor(path: string, stage: TempDir, made: (() => Promise<void>)[]) {
    this.path = path;
    this.#stage = stage;
    this.#made = made;
  }

  /**
   * Makes the directory if it is not there; its parent has to be. What a killed process had waiting there is removed. Throws
   * {@link DestinationError} for anything else.
   */
  static async create(path: string): Promise<StagedDirectory> {
    const made: (() => Promise<void>)[] = [];
    await makeDirectory(path, made);
    if (!(await stat(path)).isDirectory()) throw new DestinationError(`${path} is not a directory`);
    const root = { path: join(path, stageName), fleeting: true };
    try {
      await recoverTempDirs(root);
      return new StagedDirectory(path, await TempDir.create(root), made);
    } catch (error) {
      await undo(made);
      throw error;
    }
  }

  take(): () => Promise<Room> {
    return async () => {
      const path = this.#stage.addition();
      await (await open(path, 'wx', 0o600)).close();
      return { path, offset: 0, keep: ({ name }) => this.#keep(name, path) };
    };
  }

  async put(name: string, content: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { path, keep } = await this.take()();
    const file = await open(path, 'r+');
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await keep({ name, size: content.length });
  }

  async mark(): Promise<number> {
    return this.#staged.length;
  }

  async rollBack(mark: number): Promise<void> {
    for (const { path } of this.#staged.splice(mark)) await rm(path);
  }

  has(name: string): boolean {
    return this.#staged.some((file) => file.name === name);
  }

  /** Removes all that the directory had, `first` before the rest: without that file it is not taken for whole. */
  async empty(first: string): Promise<void> {
    await rm(join(this.path, first), { force: true });
    for (const entry of await readdir(this.path, { withFileTypes: true })) {
      if (entry.name === stageName) continue;
      const path = join(this.path, entry.name);
      await (entry.isDirectory() ? removeTree(path) : unlink(path));
    }
  }

  /** Moves everything to its place, durably; files that are there already stay when `keepOld` is set. */
  async publish({ keepOld }: { readonly keepOld: boolean }): Promise<void> {
    const directories = new Set([this.path]);
    for (const { name, path } of this.#staged) {
      const target = join(this.path, name);
      await this.#makeParents(name);
      directories.add(dirname(target));
      const there = await exists(target);
      if (there && keepOld) continue;
      await rename(path, target);
      if (!there) this.#made.push(() => rm(target, { force: true }));
    }
    for (const directory of directories) await syncDirectory(directory);
  }

  /** What was published stays. */
  settle(): void {
    this.#made.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage.remove();
    await undo(this.#made);
  }

  async #keep(name: string, path: string): Promise<void> {
    const file = await open(path, 'r+');
    try {
      await file.sync();
      await file.chmod(FILE_MODE);
    } finally {
      await file.close();
    }
    this.#staged.push({ name, path });
  }

  async #makeParents(name: string): Promise<void> {
    const parent = dirname(name);
    if (parent === '.') return;
    await this.#makeParents(parent);
    await makeDirectory(join(this.path, parent), this.#made);
  }
}

async function makeDirectory(path: string, made: (() => Promise<void>)[]): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
    made.push(() => rmdir(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function undo(made: (() => Promise<void>)[]): Promise<void> {
  for (const action of made.splice(0).toReversed()) {
    try {
      await action();
    } catch (error) {
      // Not empty: somebody else uses the directory by now.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

// A file that is written under another name first, and is there as a whole or not at all.
import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Open until it is published or disposed of. */
export class NewFile implements AsyncDisposable {
  /** Where it is until then. */
  readonly path: string;
  readonly handle: FileHandle;
  readonly #target: string;
  readonly #mode: number;
  #published = false;

  private constructor(path: string, handle: FileHandle, target: string, mode: number) {
    this.path = path;
    this.handle = handle;
    this.#target = target;
    this.#mode = mode;
  }

  /** Makes it beside `target`, for nobody else to read. */
  static async create(target: string): Promise<NewFile> {
    const path = join(dirname(target), `.imaged-${randomBytes(8).toString('hex')}`);
    const handle = await open(path, 'wx+', 0o666);
    try {
      // What the umask and the directory's rules leave of it is what the file is to have in the end.
      const { mode } = await handle.stat();
      await handle.chmod(0o600);
      return new NewFile(path, handle, target, mode & 0o777);
    } catch (error) {
      await handle.close();
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Puts it in its place, durably; what was there is replaced. */
  async publish(): Promise<void> {
    await this.handle.chmod(this.#mode);
    await this.handle.sync();
    await rename(this.path, this.#target);
    this.#published = true;
    await syncDirectory(dirname(this.#target));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
    if (!this.#published) await rm(this.path, { force: true });
  }
}

/** Until the names in it are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

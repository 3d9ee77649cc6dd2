// A file that is there as a whole or not at all, and of which nothing is left when its writer is killed.
import { randomBytes } from 'node:crypto';
import { constants, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { linkOpenFile, must } from '../sys/files.js';

/** A file without a name in a directory; open(2) knows the flag under no other name on any architecture. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** Given back by file systems and kernels that do not have such files. */
const unsupported: ReadonlySet<string | undefined> = new Set(['EOPNOTSUPP', 'EISDIR', 'ENOENT', 'EINVAL']);

/** Open until it is disposed of. */
export class NewFile implements AsyncDisposable {
  /** Where it can be opened until it is published, by any thread of this process. */
  readonly path: string;
  readonly handle: FileHandle;
  readonly #target: string;
  readonly #mode: number;
  /** The name it has for the time being, where it has to have one. */
  #name: string | undefined;

  private constructor(handle: FileHandle, name: string | undefined, target: string, mode: number) {
    this.path = name ?? `/proc/self/fd/${handle.fd}`;
    this.handle = handle;
    this.#name = name;
    this.#target = target;
    this.#mode = mode;
  }

  /** Makes it in the directory of `target`, for nobody else to read. */
  static async create(target: string): Promise<NewFile> {
    const { handle, name } = await openUnnamed(target);
    try {
      // What the umask and the directory's rules leave of it is what the file is to have in the end.
      const { mode } = await handle.stat();
      await handle.chmod(0o600);
      return new NewFile(handle, name, target, mode & 0o777);
    } catch (error) {
      await handle.close();
      if (name !== undefined) await rm(name, { force: true });
      throw error;
    }
  }

  /** Puts it in its place, durably; what was there is replaced. */
  async publish(): Promise<void> {
    await this.handle.chmod(this.#mode);
    await this.handle.sync();
    // Only a rename replaces what is there.
    this.#name ??= this.#link();
    await rename(this.#name, this.#target);
    this.#name = undefined;
    await syncDirectory(dirname(this.#target));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
    if (this.#name !== undefined) await rm(this.#name, { force: true });
  }

  #link(): string {
    const name = beside(this.#target);
    must(linkOpenFile(this.handle.fd, name), 'linkat', name);
    return name;
  }
}

async function openUnnamed(
  target: string,
): Promise<{ readonly handle: FileHandle; readonly name: string | undefined }> {
  try {
    const handle = await open(dirname(target), constants.O_RDWR | O_TMPFILE, 0o666);
    return { handle, name: undefined };
  } catch (error) {
    if (!unsupported.has((error as NodeJS.ErrnoException).code)) throw error;
    const name = beside(target);
    return { handle: await open(name, 'wx+', 0o666), name };
  }
}

function beside(target: string): string {
  return join(dirname(target), `.imaged-${randomBytes(8).toString('hex')}`);
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

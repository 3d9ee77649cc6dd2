// The files of an image in a directory, or in an archive that is read as one.
import { realpath } from 'node:fs/promises';
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { FileBlob, PackedBlob } from '../oci/blob.js';
import { ArchiveError, MissingMemberError } from './archive-errors.js';

/** Names are paths in it. */
export interface ImageFiles {
  readonly path: string;
  /** All of a small file. Throws MissingMemberError, and {@link ArchiveError} when it has more than `most` bytes. */
  read(name: string, most: number, signal: AbortSignal): Promise<Buffer>;
  /** Where its content is, of which nothing was checked. Throws MissingMemberError. */
  locate(name: string): Promise<FileBlob | PackedBlob>;
}

/** Of a directory; symbolic links are followed as long as they stay inside of it. */
export class DirectoryFiles implements ImageFiles {
  readonly path: string;
  readonly #root: string;

  private constructor(path: string, root: string) {
    this.path = path;
    this.#root = root;
  }

  /** Throws {@link ArchiveError} for what is no directory or is not there, and errors of the system. */
  static async open(path: string): Promise<DirectoryFiles> {
    const root = await realPath(path, path);
    if (!(await stat(root)).isDirectory()) throw new ArchiveError(`${path} is not a directory`);
    return new DirectoryFiles(path, root);
  }

  async read(name: string, most: number, signal: AbortSignal): Promise<Buffer> {
    const { path, length } = await this.locate(name);
    if (length > most) throw new ArchiveError(`${path} has ${length} bytes, at most ${most} are read`);
    signal.throwIfAborted();
    // It may have become something else that would be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await file.read(bytes, 0, length, 0);
      if (bytesRead !== length) throw new ArchiveError(`${path} has become shorter`);
      return bytes;
    } finally {
      await file.close();
    }
  }

  async locate(name: string): Promise<FileBlob> {
    const path = await this.#resolve(name);
    const status = await stat(path);
    if (!status.isFile()) throw new ArchiveError(`${path} is not a regular file`);
    return { kind: 'file', path, offset: 0, length: status.size };
  }

  async #resolve(name: string): Promise<string> {
    const path = join(this.path, name);
    const real = await realPath(path, name);
    if (real.startsWith(this.#root === sep ? sep : this.#root + sep)) return real;
    throw new ArchiveError(`${path} leads out of ${this.path}`);
  }
}

/** Throws {@link MissingMemberError}, which names `member`, where nothing is. */
async function realPath(path: string, member: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new MissingMemberError(member, `open ${path}: no such file or directory`, { cause: error });
  }
}

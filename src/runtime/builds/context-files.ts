// Dockerfiles and ignore files of a context: small files that are read without leaving it, whatever links are in it.
import { closeSync, constants, fstatSync, openSync, read as readFrom, readlinkSync } from 'node:fs';
import { getSystemErrorMap, promisify } from 'node:util';
import { ELOOP, ENOENT, ENOTDIR, openInRoot } from '../../sys/files.js';
import { FileUnavailableError, systemReason } from '../errors.js';

const readFd = promisify(readFrom);

/** As much as a Dockerfile may have. Bytes. */
export const mostBytes = 10 * 1024 * 1024;

/** An open directory. */
export class ContextFiles implements Disposable {
  readonly #root: number;

  /** Throws {@link FileUnavailableError}. */
  constructor(directory: string) {
    try {
      this.#root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    } catch (error) {
      throw new FileUnavailableError(`open ${directory}: ${systemReason(error)}`, { cause: error });
    }
  }

  /** The text of a regular file; undefined where there is none. Throws {@link FileUnavailableError} for what cannot be read. */
  async read(path: string): Promise<string | undefined> {
    if (path === '' || path.includes('\0')) return undefined;
    const name = Buffer.from(path).toString('latin1');
    const fd = openInRoot(this.#root, name, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fd < 0) {
      if (missing.has(-fd)) return undefined;
      throw new FileUnavailableError(
        `open ${path}: ${getSystemErrorMap().get(fd)?.[1] ?? 'it cannot be opened'}`,
      );
    }
    try {
      const status = fstatSync(fd);
      if (!status.isFile()) return undefined;
      if (status.size > mostBytes) {
        throw new FileUnavailableError(`read ${path}: it has more than ${mostBytes} bytes`);
      }
      return (await readAll(fd, status.size)).toString();
    } finally {
      closeSync(fd);
    }
  }

  /** Where a directory in it really is; undefined where there is none. */
  directory(path: string): string | undefined {
    const name = Buffer.from(path).toString('latin1');
    const fd = openInRoot(this.#root, name, constants.O_RDONLY | constants.O_DIRECTORY);
    if (fd < 0) return undefined;
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#root);
  }
}

const missing: ReadonlySet<number> = new Set([ENOENT, ENOTDIR, ELOOP]);

/** Not more than it had when it was opened. */
async function readAll(fd: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await readFd(fd, bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

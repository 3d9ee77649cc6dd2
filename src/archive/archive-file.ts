// A tar file that holds images, compressed as a whole or not: members are looked at where they lie, never unpacked.
import { constants, createReadStream, type ReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileBlob, PackedBlob } from '../oci/blob.js';
import { PATH_BYTES } from '../sys/files.js';
import { ArchiveError, MissingMemberError, shown } from './archive-errors.js';
import {
  defaultArchiveLimits,
  indexFile,
  indexStream,
  type ArchiveIndex,
  type ArchiveLimits,
  type Member,
} from './archive-index.js';
import { CHUNK_BYTES } from './chunk-pool.js';
import { detectCompression, readStart, type Compression } from './compression.js';
import { cleanPath, parentPath } from './entry-path.js';
import type { ImageFiles } from './image-files.js';
import { tarType } from './tar-entry.js';
import { unzipped } from './unzipped.js';

/** Open until it is disposed of. Members are asked for by the paths that documents in the archive name. */
export class ArchiveFile implements ImageFiles, AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #compression: Compression;
  readonly #index: ArchiveIndex;

  private constructor(path: string, file: FileHandle, compression: Compression, index: ArchiveIndex) {
    this.path = path;
    this.#file = file;
    this.#compression = compression;
    this.#index = index;
  }

  /** Reads the headers of all members. Throws {@link ArchiveError}, a LayerError, or an error of the system. */
  static async open(
    path: string,
    signal: AbortSignal,
    limits: Partial<ArchiveLimits> = {},
  ): Promise<ArchiveFile> {
    // A pipe without a writer would be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw new ArchiveError(`${path} is not a regular file`);
      const compression = detectCompression(await readStart(file, 0));
      const bounds = { ...defaultArchiveLimits, ...limits };
      const index =
        compression === 'none'
          ? await indexFile(file, status.size, bounds, signal)
          : await indexStream(unzipped(openStream(path), signal), bounds, signal);
      return new ArchiveFile(path, file, compression, index);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  has(name: string): boolean {
    return this.#index.has(cleanPath(latin1(name), PATH_BYTES));
  }

  /**
   * The regular file `name`, or the one that a symbolic link of this name leads to. Throws {@link MissingMemberError}, and
   * {@link ArchiveError} for anything else.
   */
  member(name: string): Member {
    const found = this.#index.get(cleanPath(latin1(name), PATH_BYTES));
    const member = found?.type === tarType.symbolicLink ? this.#follow(found) : found;
    if (member === undefined) {
      throw new MissingMemberError(name, `loading tar component ${shown(name)}: file does not exist`);
    }
    if (member.type === tarType.file || member.type === tarType.contiguous) return member;
    throw new ArchiveError(`Error reading tar archive component ${shown(name)}: not a regular file`);
  }

  /** All of a small member. Throws {@link ArchiveError} when it has more than `most` bytes. */
  async read(name: string, most: number, signal: AbortSignal): Promise<Buffer> {
    const member = this.member(name);
    const { size, offset, kept } = member;
    if (size > most) {
      throw new ArchiveError(`${shown(name)} has ${size} bytes, at most ${most} are read`);
    }
    if (kept.length === size) return kept;
    if (this.#compression !== 'none') return await readPacked(this.path, offset, size, signal);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await this.#file.read(bytes, 0, size, offset);
    if (bytesRead !== size) throw new ArchiveError(`${this.path} has become shorter`);
    return bytes;
  }

  /** What the member's content is compressed with. */
  async compression({ offset, size, kept }: Member): Promise<Compression> {
    const start = this.#compression === 'none' ? await readStart(this.#file, offset) : kept;
    return detectCompression(start.subarray(0, size));
  }

  async locate(name: string): Promise<FileBlob | PackedBlob> {
    return this.place(this.member(name));
  }

  place({ offset, size }: Member): FileBlob | PackedBlob {
    const kind = this.#compression === 'none' ? 'file' : 'packed';
    return { kind, path: this.path, offset, length: size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  /** Once only, so that there are no loops. */
  #follow({ name, linkName }: Member): Member | undefined {
    if (linkName.startsWith('/')) {
      throw new ArchiveError(`the link ${shown(name)} leads out of the archive`);
    }
    return this.#index.get(cleanPath(`${parentPath(name)}/${linkName}`, PATH_BYTES));
  }
}

/** Names in documents are text, names in tars are bytes. */
function latin1(name: string): string {
  return Buffer.from(name).toString('latin1');
}

/** One member that was not kept when the archive was opened: everything in front of it is unzipped again. */
async function readPacked(path: string, offset: number, size: number, signal: AbortSignal): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let position = 0;
  for await (const chunk of unzipped(openStream(path), signal)) {
    const from = Math.max(0, offset - position);
    if (from < chunk.length) chunk.copy(bytes, position + from - offset, from);
    position += chunk.length;
    if (position >= offset + size) return bytes;
  }
  throw new ArchiveError(`${path} has become shorter`);
}

function openStream(path: string): ReadStream {
  return createReadStream(path, { highWaterMark: CHUNK_BYTES });
}

// A layout in a directory that images are added to, while other programs may add theirs.
import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { maxManifestBytes } from '../oci/manifest.js';
import { lock } from '../sys/lock.js';
import { ArchiveError, MissingMemberError } from './archive-errors.js';
import { detectCompression, readStart, type Compression } from './compression.js';
import { DirectoryFiles } from './image-files.js';
import { indexFile, layoutFile, layoutText, readLayout } from './image-layout.js';
import { NewFile } from './new-file.js';
import { StagedDirectory } from './staged-directory.js';

/** Another one needs no longer than it takes to rename its blobs. */
const LOCK_MS = 30_000;

/** Nothing of what is added is visible before {@link finish}. */
export class LayoutDirectory implements AsyncDisposable {
  readonly shelf: StagedDirectory;
  readonly #files: DirectoryFiles;

  private constructor(shelf: StagedDirectory, files: DirectoryFiles) {
    this.shelf = shelf;
    this.#files = files;
  }

  /** Makes the directory if there is none. Throws {@link ArchiveError} for one that has something else for a layout. */
  static async open(path: string, signal: AbortSignal): Promise<LayoutDirectory> {
    const shelf = await StagedDirectory.create(path);
    try {
      const files = await DirectoryFiles.open(path);
      await orUndefined(readLayout(files, maxManifestBytes, signal));
      return new LayoutDirectory(shelf, files);
    } catch (error) {
      await shelf[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What the blob of this name was found to be that was there before, with so many bytes. */
  async existing(name: string, size: number): Promise<Compression | undefined> {
    const blob = await orUndefined(this.#files.locate(name));
    if (blob?.length !== size) return undefined;
    return await compressionOfFile(blob.path);
  }

  /** Puts the blobs in their places and then writes index.json, as `update` makes it of the one that is there. */
  async finish(update: (index: Buffer | undefined) => Buffer, signal: AbortSignal): Promise<void> {
    const path = join(this.shelf.path, layoutFile);
    const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
    let made = false;
    try {
      await lock(file.fd, 'write', path, LOCK_MS, signal);
      made = await writeVersion(file, path);
      const index = await orUndefined(this.#files.read(indexFile, maxManifestBytes, signal));
      const updated = update(index);
      await this.shelf.publish({ keepOld: true });
      await replace(join(this.shelf.path, indexFile), updated);
      this.shelf.settle();
    } catch (error) {
      if (made) await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shelf[Symbol.asyncDispose]();
  }
}

/** Whether the file was empty, which is to say new. */
async function writeVersion(file: FileHandle, path: string): Promise<boolean> {
  const status = await file.stat();
  if (!status.isFile()) throw new ArchiveError(`${path} is not a regular file`);
  if (status.size > 0) return false;
  await file.write(layoutText, 0);
  await file.sync();
  return true;
}

async function compressionOfFile(path: string): Promise<Compression> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return detectCompression(await readStart(file, 0));
  } finally {
    await file.close();
  }
}

async function replace(path: string, content: Buffer): Promise<void> {
  await using file = await NewFile.create(path);
  await file.handle.writeFile(content);
  await file.publish();
}

async function orUndefined<Value>(value: Promise<Value>): Promise<Value | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof MissingMemberError) return undefined;
    throw error;
  }
}

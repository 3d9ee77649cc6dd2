// Unpacks an archive into a directory of the working root, as ADD does with local tars.
import { constants } from 'node:fs';
import { cleanPath, shortened } from '../../archive/entry-path.js';
import { UnsafePathError, UnsupportedEntryError } from '../../archive/errors.js';
import { defaultLayerLimits } from '../../archive/limits.js';
import { tarType, type TarEntry } from '../../archive/tar-entry.js';
import type { TarVisitor } from '../../archive/tar-reader.js';
import {
  closeDescriptor,
  type FileStatus,
  isDirectory,
  openInRoot,
  statusAt,
  type Timestamp,
  unlinkAt,
  writeAt,
} from '../../sys/files.js';
import { CopyError, expected } from './copy-errors.js';
import { childDirectory, makeDirectories } from './make-directories.js';
import {
  createFile,
  createHardLink,
  createLink,
  createNode,
  dress,
  type EntryLook,
  withDescriptor,
} from './new-entry.js';
import type { Ownership } from './ownership.js';
import { isKept } from './source-file.js';
import { lastName, parentOf, quoted } from './source-path.js';

const { O_DIRECTORY, O_RDONLY, S_IFIFO } = constants;

/** A directory of the archive, whose mode and times are right when nothing more comes into it. */
interface MadeDirectory {
  /** Below the top; its parents may be links. */
  readonly path: string;
  readonly inode: bigint;
  readonly look: EntryLook;
}

/** Where a path of the archive leads. */
interface OpenParent {
  readonly path: string;
  readonly fd: number;
}

/**
 * Entries go into a directory of the working root, through links as a process would go whose root that directory is: as for the
 * peers, no link of an archive leads out of where it is unpacked. Owners, modes and times
 * are the archive's; `--chown` has its way. `finish` sets those of directories, `close` has to follow.
 */
export class ArchiveUnpacker implements TarVisitor {
  readonly blocked = false;
  readonly #top: number;
  readonly #ownership: Ownership;
  readonly #made: MadeDirectory[] = [];
  #parent: OpenParent | undefined;
  #file:
    | { readonly fd: number; readonly look: EntryLook; readonly path: string; position: number }
    | undefined;

  /** `top` is the directory, open; it stays the caller's. */
  constructor(top: number, ownership: Ownership) {
    this.#top = top;
    this.#ownership = ownership;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  entry(entry: TarEntry): void {
    if (entry.name === '') return;
    const path = cleanPath(entry.name, defaultLayerLimits.pathBytes);
    if (entry.type === tarType.globalHeader) {
      // It is nothing, but as for the peers what it would lie in is made.
      this.#open(parentOf(path));
      return;
    }
    const look = this.#look(entry);
    if (path === '') {
      if (entry.type !== tarType.directory)
        throw new UnsafePathError('an entry without a name', shortened(entry.name));
      withDescriptor(this.#enter(''), (fd) => this.#note(fd, '', look));
      return;
    }
    const parent = this.#open(parentOf(path));
    this.#make(entry, parent, lastName(path), path, look);
  }

  content(bytes: Buffer, start: number, end: number): void {
    const file = this.#file;
    if (file === undefined) return;
    expected(writeAt(file.fd, bytes, start, end, file.position), 'write', file.path);
    file.position += end - start;
  }

  entryEnd(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) withDescriptor(file.fd, (fd) => dress(fd, file.look, file.path));
  }

  /** All entries have come. The last directories first: those they are in come later. */
  finish(): void {
    for (const { path, inode, look } of this.#made.toReversed()) {
      const fd = openInRoot(this.#top, path === '' ? '.' : path, O_RDONLY | O_DIRECTORY);
      // A later entry may have put something else in its place.
      if (fd < 0) continue;
      withDescriptor(fd, () => {
        const status = statusAt(fd, '');
        if (typeof status !== 'number' && status.inode === inode) dress(fd, look, path);
      });
    }
    this.#made.length = 0;
  }

  close(): void {
    this.#forget();
    if (this.#file !== undefined) closeDescriptor(this.#file.fd);
    this.#file = undefined;
  }

  #make(entry: TarEntry, parent: number, name: string, path: string, look: EntryLook): void {
    switch (entry.type) {
      case tarType.file:
      case tarType.contiguous:
        this.#file = { fd: createFile(parent, name, path, 'anything'), look, path, position: 0 };
        break;
      case tarType.directory:
        this.#makeDirectory(parent, name, path, look);
        break;
      case tarType.symbolicLink:
        createLink(parent, name, entry.linkName, look, path);
        break;
      case tarType.hardLink:
        this.#link(entry, parent, name, path);
        break;
      case tarType.fifo:
        createNode(parent, name, { mode: S_IFIFO, deviceMajor: 0, deviceMinor: 0 }, look, path, 'anything');
        break;
      default:
        throw new UnsupportedEntryError(
          `entries of type ${JSON.stringify(entry.type)} are not unpacked from a context`,
          shortened(entry.name),
        );
    }
  }

  #makeDirectory(parent: number, name: string, path: string, look: EntryLook): void {
    const there = statusAt(parent, name);
    if (typeof there !== 'number' && !isDirectory(there.mode)) {
      expected(unlinkAt(parent, name), 'unlink', path);
    }
    withDescriptor(childDirectory(parent, name, look, path), (fd) => this.#note(fd, path, look));
  }

  // Its owner, mode and times are those of the first name, which came before.
  #link(entry: TarEntry, parent: number, name: string, path: string): void {
    const target = cleanPath(entry.linkName, defaultLayerLimits.pathBytes);
    if (target === '') throw new UnsafePathError('a hard link to the root', shortened(entry.name));
    withDescriptor(this.#enter(parentOf(target)), (from) => {
      const there = expectedStatus(statusAt(from, lastName(target)), target);
      if (isDirectory(there.mode))
        throw new UnsafePathError('a hard link to a directory', shortened(entry.name));
      const here = statusAt(parent, name);
      const same = typeof here !== 'number' && here.inode === there.inode && here.device === there.device;
      if (!same) createHardLink(from, lastName(target), parent, name, path, 'anything');
    });
  }

  #look(entry: TarEntry): EntryLook {
    const { uid, gid } = this.#ownership.chown ?? entry;
    // Layers of the peers have whole seconds, those of archives cut.
    const modified = this.#ownership.notLater({ seconds: entry.modified.seconds, nanoseconds: 0 });
    const { accessed } = entry;
    const attributes = entry.attributes.filter(([key]) => isKept(key));
    return {
      uid,
      gid,
      mode: entry.mode,
      modified,
      accessed: accessed !== undefined && isAfter(accessed, modified) ? accessed : undefined,
      ...(attributes.length === 0 ? {} : { attributes: new Map(attributes) }),
    };
  }

  #note(fd: number, path: string, look: EntryLook): void {
    const { inode } = expectedStatus(statusAt(fd, ''), path);
    this.#made.push({ path, inode, look });
  }

  /** The directory that entries at `path` are made in; valid until the next call. */
  #open(path: string): number {
    if (this.#parent?.path === path) return this.#parent.fd;
    this.#forget();
    const fd = this.#enter(path);
    this.#parent = { path, fd };
    return fd;
  }

  #enter(path: string): number {
    return makeDirectories(this.#top, path, this.#ownership.madeOwner);
  }

  #forget(): void {
    if (this.#parent !== undefined) closeDescriptor(this.#parent.fd);
    this.#parent = undefined;
  }
}

function expectedStatus(status: FileStatus | number, path: string): FileStatus {
  if (typeof status !== 'number') return status;
  expected(status, 'stat', path);
  throw new CopyError(`${quoted(path)} cannot be looked at`);
}

function isAfter(a: Timestamp, b: Timestamp): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}

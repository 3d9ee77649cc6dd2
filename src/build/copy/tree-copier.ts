// Copies items into a directory of the working root: the writing half of COPY.
import { constants } from 'node:fs';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { copyContent } from '../../sys/copy-content.js';
import {
  closeDescriptor,
  DIRECTORY_FLAGS,
  type FileStatus,
  isDirectory,
  isSymbolicLink,
  openInRoot,
  statusAt,
  unlinkAt,
} from '../../sys/files.js';
import { CopyError, expected } from './copy-errors.js';
import { keptParents } from './kept-parents.js';
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
import type { SelectedItem } from './selection.js';
import { keptAttributes, openEntry, openItem, type OpenSource } from './source-file.js';
import { joined, lastName, parentOf, quoted } from './source-path.js';
import { changed, type FoundEntry, type TreeVisitor, walkTree } from './walk-tree.js';

const { S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } = constants;

/** Where a file that has several names was copied to first. */
interface FirstName {
  readonly path: string;
  readonly inode: bigint;
}

/** Copies into one directory, whose descriptor stays the caller's. */
export class TreeCopier {
  readonly #top: number;
  readonly #ownership: Ownership;
  readonly #abort: AbortFlag;
  /** By their paths, from the outermost on. */
  readonly #parents = new Map<string, EntryLook>();
  /** By the places of the sources on the disk: names of one file become names of one file. */
  readonly #linked = new Map<string, FirstName>();

  constructor(top: number, ownership: Ownership, abort: AbortFlag) {
    this.#top = top;
    this.#ownership = ownership;
    this.#abort = abort;
  }

  /** Makes the directories that `--parents` keeps, and returns the last of them, open. */
  makeParents(item: SelectedItem): number {
    let last = '';
    for (const { path, status, attributes } of keptParents(item)) {
      last = path;
      if (this.#parents.has(path)) continue;
      const look = this.look(item, status, attributes);
      closeDescriptor(makeDirectories(this.#top, path, look));
      this.#parents.set(path, look);
    }
    return makeDirectories(this.#top, last, this.#ownership.madeOwner);
  }

  /** Nothing more is copied: what was kept of paths gets its times. */
  finish(): void {
    for (const [path, look] of [...this.#parents].toReversed()) {
      withDescriptor(makeDirectories(this.#top, path, look), (fd) => dress(fd, look, path));
    }
  }

  /** A directory's content goes into `path` below the top, '' for the top itself; it is there. */
  copyDirectory(item: SelectedItem, path: string): void {
    const directory = path === '' ? '.' : path;
    withDescriptor(expected(openInRoot(this.#top, directory, DIRECTORY_FLAGS), 'open', path), (fd) => {
      const visitor = new CopyVisitor(this, item, fd, path, this.#ownership);
      try {
        walkTree(item, visitor, this.#abort);
      } finally {
        visitor.abandon();
      }
    });
  }

  /** Anything else becomes `name` in the open directory `into`, which is `directory` below the top. */
  copyFile(item: SelectedItem, into: number, directory: string, name: string): void {
    const path = joined(directory, name);
    if ((item.status.mode & S_IFMT) === S_IFREG) {
      this.content(openItem(item), item, into, name, path);
      return;
    }
    this.special(item, item.status, into, name, path);
  }

  /** A regular file; `source` is closed. */
  content(source: OpenSource, item: SelectedItem, into: number, name: string, path: string): void {
    withDescriptor(source.fd, (fd) => {
      const { status } = source;
      if (status.links > 1 && this.#linkToFirst(status, into, name, path)) return;
      withDescriptor(createFile(into, name, path), (file) => {
        const copied = copyContent(fd, file, status.size, status.blocks, this.#abort);
        if (copied !== status.size) throw changed(path);
        dress(file, this.look(item, status, keptAttributes(fd)), path);
        if (status.links > 1) this.#remember(status, file, path);
      });
    });
  }

  /** Pipes, and devices of stages and images: nobody who sends a context is to make some here. */
  special(item: SelectedItem, status: FileStatus, into: number, name: string, path: string): void {
    if (item.kind !== 'stack' && (status.mode & S_IFMT) !== S_IFIFO) {
      throw new CopyError(`${quoted(path)} is a device: those are copied from stages and images alone`);
    }
    createNode(into, name, status, this.look(item, status), path);
  }

  look(item: SelectedItem, status: FileStatus, attributes?: ReadonlyMap<string, Buffer>): EntryLook {
    const ownership = this.#ownership;
    return {
      ...ownership.owner(status, item.kind),
      mode: ownership.mode(status, isDirectory(status.mode)),
      modified: ownership.modified(status.modified),
      ...(attributes === undefined ? {} : { attributes }),
    };
  }

  #remember(status: FileStatus, file: number, path: string): void {
    const now = statusAt(file, '');
    if (typeof now !== 'number') this.#linked.set(placeOf(status), { path, inode: now.inode });
  }

  /** False when there is no first name, or what has it is something else by now. */
  #linkToFirst(status: FileStatus, into: number, name: string, path: string): boolean {
    const first = this.#linked.get(placeOf(status));
    if (first === undefined) return false;
    const directory = parentOf(first.path);
    const from = openInRoot(this.#top, directory === '' ? '.' : directory, DIRECTORY_FLAGS);
    if (from < 0) return false;
    return withDescriptor(from, () => {
      const there = statusAt(from, lastName(first.path));
      if (typeof there === 'number' || there.inode !== first.inode) return false;
      const here = statusAt(into, name);
      // It has this name already.
      if (typeof here !== 'number' && here.inode === first.inode && here.device === there.device) return true;
      createHardLink(from, lastName(first.path), into, name, path);
      return true;
    });
  }
}

function placeOf({ device, inode }: FileStatus): string {
  return `${device}:${inode}`;
}

/** A directory on the way from the top to where the walk is. */
interface Level {
  /** Undefined until something is copied into one that is itself left out. */
  fd: number | undefined;
  readonly name: string;
  readonly path: string;
  /** What it gets when all is in it. */
  readonly look: EntryLook | undefined;
}

class CopyVisitor implements TreeVisitor {
  readonly #copier: TreeCopier;
  readonly #item: SelectedItem;
  readonly #ownership: Ownership;
  readonly #levels: Level[];

  constructor(copier: TreeCopier, item: SelectedItem, fd: number, path: string, ownership: Ownership) {
    this.#copier = copier;
    this.#item = item;
    this.#ownership = ownership;
    this.#levels = [{ fd, name: '', path, look: undefined }];
  }

  enter({ name, status }: FoundEntry, fd: number): void {
    const parent = this.#into();
    const path = joined(this.#path, name);
    const there = statusAt(parent, name);
    if (typeof there !== 'number' && !isDirectory(there.mode)) {
      if (!isSymbolicLink(there.mode))
        throw new CopyError(`cannot replace file ${quoted(path)} with a directory`);
      expected(unlinkAt(parent, name), 'unlink', path);
    }
    const look = this.#copier.look(this.#item, status, keptAttributes(fd));
    this.#levels.push({ fd: childDirectory(parent, name, look, path), name, path, look });
  }

  enterLeftOut({ name }: FoundEntry): void {
    this.#levels.push({ fd: undefined, name, path: joined(this.#path, name), look: undefined });
  }

  leave(): void {
    const level = this.#levels.pop();
    if (level?.fd === undefined) return;
    withDescriptor(level.fd, (fd) => {
      if (level.look !== undefined) dress(fd, level.look, level.path);
    });
  }

  file({ parent, name, path: source, status }: FoundEntry, target: string): void {
    const into = this.#into();
    const path = joined(this.#path, name);
    const type = status.mode & S_IFMT;
    if (type === S_IFREG) {
      this.#copier.content(openEntry(parent, name, status, source), this.#item, into, name, path);
    } else if (type === S_IFLNK) {
      createLink(into, name, target, this.#copier.look(this.#item, status), path);
    } else {
      this.#copier.special(this.#item, status, into, name, path);
    }
  }

  /** Closes what an error has left open. */
  abandon(): void {
    for (const { fd } of this.#levels.splice(1)) if (fd !== undefined) closeDescriptor(fd);
  }

  get #path(): string {
    return this.#levels.at(-1)?.path ?? '';
  }

  /** The open directory to copy into; those that are left out are made now, as any parents. */
  #into(): number {
    let fd = -1;
    for (const level of this.#levels) {
      level.fd ??= childDirectory(fd, level.name, this.#ownership.madeOwner, level.path);
      fd = level.fd;
    }
    return fd;
  }
}

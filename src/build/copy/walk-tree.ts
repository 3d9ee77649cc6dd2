// Goes through a directory in the order of its names, by descriptors: nothing outside it can be reached.
import {
  closeDescriptor,
  DIRECTORY_FLAGS,
  ENOENT,
  type FileStatus,
  isDirectory,
  openDirectoryAt,
  openInRoot,
  printable,
  readLinkAt,
  statusAt,
} from '../../sys/files.js';
import { constants } from 'node:fs';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { CopyError, expected } from './copy-errors.js';
import type { SelectedItem } from './selection.js';
import { joined, sortedNames } from './source-path.js';
import type { SourceFilter } from './source-filter.js';

const { S_IFLNK, S_IFMT, S_IFSOCK } = constants;

/** What was found. Strings are latin1. */
export interface FoundEntry {
  /** The open directory it is in. */
  readonly parent: number;
  /** Its name there. */
  readonly name: string;
  /** Relative to the directory that was named as the source. */
  readonly path: string;
  readonly status: FileStatus;
}

export interface TreeVisitor {
  /** A directory that is not left out: `fd` is open until {@link leave}. */
  enter(entry: FoundEntry, fd: number): void;
  /** One that is, below which something may not be. */
  enterLeftOut(entry: FoundEntry, fd: number): void;
  leave(): void;
  /** Everything else but sockets. `target`: the text of a symbolic link. */
  file(entry: FoundEntry, target: string): void;
}

/** All that is below the directory `item`, but not itself. What disappears meanwhile is left out. */
export function walkTree(item: SelectedItem, visitor: TreeVisitor, abort: AbortFlag): void {
  const fd = expected(
    openInRoot(item.root, item.target === '' ? '.' : item.target, DIRECTORY_FLAGS),
    'open',
    item.target,
  );
  try {
    new Walk(item.filter, visitor, abort).directory(fd, '', item.target);
  } finally {
    closeDescriptor(fd);
  }
}

class Walk {
  readonly #filter: SourceFilter;
  readonly #visitor: TreeVisitor;
  readonly #abort: AbortFlag;

  constructor(filter: SourceFilter, visitor: TreeVisitor, abort: AbortFlag) {
    this.#filter = filter;
    this.#visitor = visitor;
    this.#abort = abort;
  }

  /** `source` is the path from the root of the source, which the filter knows. */
  directory(fd: number, path: string, source: string): void {
    for (const name of sortedNames(fd)) {
      this.#abort.throwIfRaised();
      this.#entry(fd, name, joined(path, name), joined(source, name));
    }
  }

  #entry(parent: number, name: string, path: string, source: string): void {
    const status = statusAt(parent, name);
    if (typeof status === 'number') {
      if (status !== -ENOENT) expected(status, 'lstat', source);
      return;
    }
    const entry = { parent, name, path, status };
    const leftOut = this.#filter.leavesOut(source, path);
    if (isDirectory(status.mode)) {
      if (!leftOut || this.#filter.mayHoldKept(source, path)) this.#subdirectory(entry, source, leftOut);
      return;
    }
    const type = status.mode & S_IFMT;
    if (leftOut || type === S_IFSOCK) return;
    this.#visitor.file(entry, type === S_IFLNK ? linkText(parent, name, source) : '');
  }

  #subdirectory(entry: FoundEntry, source: string, leftOut: boolean): void {
    const fd = openDirectoryAt(entry.parent, entry.name);
    if (fd === -ENOENT) return;
    expected(fd, 'open', source);
    try {
      // What was looked at is what was opened, whoever may have swapped it.
      const now = { ...entry, status: statusAt(fd, '') as FileStatus };
      if (leftOut) this.#visitor.enterLeftOut(now, fd);
      else this.#visitor.enter(now, fd);
      this.directory(fd, entry.path, source);
      this.#visitor.leave();
    } finally {
      closeDescriptor(fd);
    }
  }
}

function linkText(parent: number, name: string, source: string): string {
  const target = readLinkAt(parent, name);
  if (typeof target === 'string') return target;
  throw changed(source);
}

/** Somebody works on a source while it is copied. */
export function changed(path: string): CopyError {
  return new CopyError(`${JSON.stringify(printable(path))} changed while it was read`);
}

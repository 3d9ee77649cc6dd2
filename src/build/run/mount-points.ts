// The places in a root that a RUN mounts at: made where they are missing, and gone afterwards as if they had never been.
import { constants as fsConstants } from 'node:fs';
import {
  changeTimesAt,
  closeDescriptor,
  createFileAt,
  EEXIST,
  ENOENT,
  isDirectory,
  isSymbolicLink,
  makeDirectoryAt,
  must,
  openDirectoryAt,
  readLinkAt,
  removeDirectoryAt,
  statusAt,
  unlinkAt,
} from '../../sys/files.js';
import { RunRequestError } from './errors.js';

/** As the kernel has it. */
const MOST_LINKS = 40;
const { S_IFMT, S_IFREG } = fsConstants;

/** What is to be mounted there. */
export type MountKind = 'file' | 'directory';

interface Made {
  /** The directory it was made in, held open: it may be moved meanwhile. */
  readonly parent: number;
  readonly name: string;
  readonly kind: MountKind;
}

/**
 * Paths are resolved as a process would whose root it is, component by component: whatever links an image holds, nothing outside
 * is touched. Directories keep their times, so that only what the command did is seen in them.
 */
export class MountPoints {
  readonly #root: number;
  readonly #made: Made[] = [];
  /** Real paths of the directories mounted at so far: what lies below is not of this root any more. */
  readonly #covered = new Set<string>();

  constructor(root: number) {
    this.#root = root;
  }

  /**
   * Makes the place if it is missing, and tells where it really is, without links; under a place that is mounted at already the
   * rest is left as it is. Throws {@link RunRequestError} if something else is there.
   */
  add(target: string, kind: MountKind): string {
    const real = this.#walk(target, kind, true);
    if (kind === 'directory') this.#covered.add(real);
    return real;
  }

  /** The same for what is to stay. */
  keep(path: string, kind: MountKind): string {
    return this.#walk(path, kind, false);
  }

  /** Removes what was made, if nothing was put in it. To be called when nothing is mounted there any more. */
  remove(): void {
    for (const { parent, name, kind } of this.#made.splice(0).toReversed()) {
      const before = statusAt(parent, '');
      const removed =
        kind === 'directory'
          ? removeDirectoryAt(parent, name)
          : isUntouched(parent, name)
            ? unlinkAt(parent, name)
            : -EEXIST;
      if (removed === 0 && typeof before === 'object') putBack(parent, before);
      closeDescriptor(parent);
    }
  }

  #walk(target: string, kind: MountKind, passing: boolean): string {
    const left = latin1(target).split('/').toReversed();
    const names: string[] = [];
    /** Of the directories in `names`. */
    const open: number[] = [];
    let links = 0;
    try {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        if (name === '' || name === '.') continue;
        if (name === '..') {
          names.pop();
          const fd = open.pop();
          if (fd !== undefined) closeDescriptor(fd);
          continue;
        }
        const path = text(`/${[...names, name].join('/')}`);
        if (this.#covered.has(path)) return lexical(path, left);
        const parent = open.at(-1) ?? this.#root;
        const isLast = left.every((rest) => rest === '' || rest === '.');
        const found = statusAt(parent, name);
        if (found === -ENOENT) this.#make(parent, name, isLast ? kind : 'directory', passing, path);
        const mode =
          typeof found === 'number' ? (must(found === -ENOENT ? 0 : found, 'statx', path), 0) : found.mode;
        if (isSymbolicLink(mode)) {
          if (++links > MOST_LINKS) throw new RunRequestError(`${target}: too many symbolic links`);
          const link = readLinkAt(parent, name);
          if (typeof link === 'number') throw new RunRequestError(`${target}: cannot read the link ${path}`);
          if (link.startsWith('/')) {
            names.length = 0;
            for (const fd of open.splice(0)) closeDescriptor(fd);
          }
          left.push(...link.split('/').toReversed());
          continue;
        }
        const isThere = typeof found === 'object';
        if (isThere && isDirectory(mode) !== (!isLast || kind === 'directory')) {
          throw new RunRequestError(`${target}: ${path} is ${isDirectory(mode) ? 'a' : 'no'} directory`);
        }
        names.push(name);
        if (!isLast || kind === 'directory') open.push(must(openDirectoryAt(parent, name), 'open', path));
      }
      if (names.length === 0 && kind === 'file') throw new RunRequestError(`${target}: / is a directory`);
      return text(`/${names.join('/')}`);
    } finally {
      for (const fd of open) closeDescriptor(fd);
    }
  }

  #make(parent: number, name: string, kind: MountKind, passing: boolean, path: string): void {
    const before = statusAt(parent, '');
    if (kind === 'directory') must(makeDirectoryAt(parent, name, 0o755), 'mkdir', path);
    else closeDescriptor(must(createFileAt(parent, name, 0o644), 'open', path));
    if (!passing) return;
    if (typeof before === 'object') putBack(parent, before);
    this.#made.push({ parent: must(openDirectoryAt(parent, '.'), 'open', path), name, kind });
  }
}

function putBack(
  directory: number,
  { accessed, modified }: Exclude<ReturnType<typeof statusAt>, number>,
): void {
  // A file system that refuses leaves a time that is newer than it need be.
  changeTimesAt(directory, '.', accessed, modified);
}

function isUntouched(parent: number, name: string): boolean {
  const status = statusAt(parent, name);
  return typeof status === 'object' && (status.mode & S_IFMT) === S_IFREG && status.size === 0;
}

function lexical(path: string, left: readonly string[]): string {
  const names = path.split('/');
  for (const name of left.toReversed()) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(text(name));
  }
  return `/${names.filter((name) => name !== '').join('/')}`;
}

function latin1(path: string): string {
  return Buffer.from(path).toString('latin1');
}

function text(path: string): string {
  return Buffer.from(path, 'latin1').toString();
}

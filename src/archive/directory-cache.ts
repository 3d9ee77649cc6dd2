// The directories of a layer by path, held open: every file is then made with one call relative to a descriptor.
import {
  changeTimes,
  closeDescriptor,
  ELOOP,
  ENOENT,
  ENOTDIR,
  makeDirectoryAt,
  openDirectoryAt,
  readLinkAt,
  statusAt,
} from '../sys/files.js';
import { parentPath, shortened } from './entry-path.js';
import { demand, UnsafePathError } from './errors.js';
import type { Timestamp } from './tar-entry.js';

/** A real directory of the layer. */
export interface Directory {
  readonly fd: number;
  /** Its path without symbolic links, '' for the root. */
  readonly path: string;
  /** What its times have to be when nothing more is written into it; undefined: they may be anything. */
  times: { readonly accessed: Timestamp; readonly modified: Timestamp } | undefined;
}

const CAPACITY = 64;
/** As many as the kernel follows. */
const LINKS_FOLLOWED = 40;

/**
 * Finds directories as a process would whose root is the layer: a symbolic link on the way is followed inside the layer
 * only, `..` at the root stays there. No component is ever opened but by its name in a directory already held and with
 * O_NOFOLLOW, so nothing outside can be reached. At most 64 stay open. One that is let go gets its times
 * put back, which writing into it has changed; so the directories of a layer need not be remembered until its end.
 */
export class DirectoryCache {
  readonly #root: Directory;
  readonly #links: boolean;
  /** By path without links; the least recently used first. */
  readonly #open = new Map<string, Directory>();
  #lastPath = '';
  #last: Directory;
  #kept: Directory | undefined;

  /** `rootFd` stays the caller's. Without `links` a symbolic link on the way is an {@link UnsafePathError}. */
  constructor(rootFd: number, links = true) {
    this.#links = links;
    this.#root = { fd: rootFd, path: '', times: undefined };
    this.#last = this.#root;
  }

  /**
   * The directory at a cleaned path; what is missing on the way is made, 0755. Valid until the next call, which leaves
   * `keep` valid as well.
   * Throws {@link ApplyError} (ENOTDIR: a file is in the way; ENOENT: a link leads nowhere) and {@link UnsafePathError} (a loop of links).
   */
  enter(path: string, keep?: Directory): Directory {
    if (path === this.#lastPath) return this.#last;
    this.#kept = keep;
    const found = this.#lookup(path) ?? this.#walk(path);
    this.#lastPath = path;
    this.#last = found;
    return found;
  }

  /** Takes over a directory just made, so that it need not be opened again. */
  adopt(directory: Directory): void {
    this.#open.set(directory.path, directory);
    this.#kept = this.#last;
    this.#trim(directory);
  }

  /** The directory itself if it is held; nothing is opened. */
  held(path: string): Directory | undefined {
    return this.#open.get(path);
  }

  /** Closes a directory and all below it, which are about to be removed. */
  forget(path: string): void {
    for (const [known, directory] of this.#open) {
      if (known !== path && !known.startsWith(`${path}/`)) continue;
      this.#open.delete(known);
      closeDescriptor(directory.fd);
    }
  }

  /** The last step: lets go of all, times are put back. */
  flush(): void {
    for (const [path, directory] of this.#open) {
      this.#open.delete(path);
      release(directory);
    }
  }

  /** Closes all without caring about their times: the tree is given up. */
  abandon(): void {
    for (const directory of this.#open.values()) closeDescriptor(directory.fd);
    this.#open.clear();
  }

  #lookup(path: string): Directory | undefined {
    if (path === '') return this.#root;
    const found = this.#open.get(path);
    if (found === undefined) return undefined;
    this.#open.delete(path);
    this.#open.set(path, found);
    return found;
  }

  // Goes component by component from the nearest directory held. `pending` is reversed: the next component is last.
  #walk(path: string): Directory {
    let start = path;
    let current: Directory | undefined;
    while (current === undefined) {
      start = parentPath(start);
      current = this.#lookup(start);
    }
    const pending = path
      .slice(start === '' ? 0 : start.length + 1)
      .split('/')
      .toReversed();
    // From this length of `pending` on, components come from the text of a link. Those are never made: a link to nowhere
    // in this layer leads into a lower one, whose directory a new one would replace.
    let fromLink = Number.POSITIVE_INFINITY;
    for (let links = 0; ;) {
      const component = pending.pop();
      if (component === undefined) return current;
      if (pending.length < fromLink) fromLink = Number.POSITIVE_INFINITY;
      if (component === '' || component === '.') continue;
      if (component === '..') {
        // The parent's path has no links: walking it again from the root cannot lead elsewhere.
        pending.push(...parentPath(current.path).split('/').toReversed());
        current = this.#root;
        continue;
      }
      const next = this.#child(current, component, pending.length < fromLink);
      if (typeof next !== 'string') {
        current = next;
        continue;
      }
      if (++links > LINKS_FOLLOWED) throw new UnsafePathError('too many symbolic links', shortened(path));
      fromLink = Math.min(fromLink, pending.length);
      if (next.startsWith('/')) current = this.#root;
      pending.push(...next.split('/').toReversed());
    }
  }

  /** The directory `name` in `parent`, or the text of the symbolic link that it is. */
  #child(parent: Directory, name: string, make: boolean): Directory | string {
    const path = parent.path === '' ? name : `${parent.path}/${name}`;
    const held = this.#lookup(path);
    if (held !== undefined) return held;
    let fd = openDirectoryAt(parent.fd, name);
    let made = false;
    if (fd === -ENOENT && make) {
      demand(makeDirectoryAt(parent.fd, name, 0o755), 'mkdirat', path);
      made = true;
      fd = openDirectoryAt(parent.fd, name);
    }
    if (fd === -ELOOP || fd === -ENOTDIR) {
      const target = readLinkAt(parent.fd, name);
      if (typeof target === 'string' && !this.#links) {
        throw new UnsafePathError('a symbolic link is on the way to the file', shortened(path));
      }
      if (typeof target === 'string') return target;
      demand(-ENOTDIR, 'openat', path);
    }
    demand(fd, 'openat', path);
    const directory: Directory = { fd, path, times: made ? undefined : timesOf(fd) };
    this.#open.set(path, directory);
    this.#trim(directory);
    return directory;
  }

  // A descriptor still in use must not be closed: another thread may get its number at once.
  #trim(current: Directory): void {
    if (this.#open.size <= CAPACITY) return;
    for (const [path, directory] of this.#open) {
      if (directory === current || directory === this.#kept) continue;
      this.#open.delete(path);
      release(directory);
      if (this.#open.size <= CAPACITY) return;
    }
  }
}

function timesOf(fd: number): Directory['times'] {
  const status = statusAt(fd, '');
  return typeof status === 'number' ? undefined : status;
}

function release(directory: Directory): void {
  const { fd, times, path } = directory;
  try {
    if (times !== undefined) demand(changeTimes(fd, times.accessed, times.modified), 'futimens', path);
  } finally {
    closeDescriptor(fd);
  }
}

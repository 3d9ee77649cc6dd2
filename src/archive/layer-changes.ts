// What a layer changes of those below it, read from the directories of overlay as Podman reads them (images-and-transports §8).
import { constants, openSync } from 'node:fs';
import * as files from '../sys/files.js';
import { attributesOf } from '../sys/xattr.js';
import { isWhiteout } from './below.js';
import { opaqueAttribute } from './overlay-attributes.js';
import { walkTree, type TreeItem } from './tree-walk.js';

/** Added, changed or deleted. */
export type ChangeKind = 'A' | 'C' | 'D';

/** `path` is absolute within the layer, in latin1: one character a byte. */
export interface LayerChange {
  readonly path: string;
  readonly kind: ChangeKind;
}

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const nothing: readonly LayerChange[] = [];

/**
 * The changes that `directory` makes to `lowers`, the topmost first, in the order of the tree; a list for each file it has, most of them
 * of one, some empty, so that whoever takes them may pause. Blocks. Memory: names of the directories that lead to where it is.
 *
 * As Podman has it, an opaque directory over another is one deletion, what it hides is not listed, and owners of directories do not
 * count. Where Podman follows links of lower layers, and fails where a directory is in the place of a file, this does neither: what
 * lies behind such a place is new. Throws {@link PackError} for paths no program could open, and what the system calls fail with.
 */
export function* layerChanges(
  directory: string,
  lowers: readonly string[],
): Generator<readonly LayerChange[], void> {
  const open: number[] = [];
  try {
    const root = openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    open.push(root);
    for (const lower of lowers) open.push(files.must(files.openDirectory(lower), 'open', lower));
    const comparison = new Comparison(open.slice(1));
    for (const item of walkTree(root)) yield comparison.changesAt(item);
  } finally {
    for (const fd of open) files.closeDescriptor(fd);
  }
}

/** A directory on the way to where the walk is. */
interface Level {
  readonly path: string;
  /** The lower layers in which it is a directory that shows through, the topmost first. */
  readonly lowers: readonly number[];
  /** Whether it is among the changes: at the latest when something in it is added or deleted. */
  listed: boolean;
}

class Comparison {
  readonly #levels: Level[];

  /** Of open directories, the topmost first. */
  constructor(lowers: readonly number[]) {
    this.#levels = [{ path: '', lowers, listed: true }];
  }

  changesAt(item: TreeItem): readonly LayerChange[] {
    if (item.kind === 'directory') return this.#directory(item);
    if (item.kind === 'file') return this.#file(item);
    this.#levels.pop();
    return nothing;
  }

  #directory({ path, fd, status }: Extract<TreeItem, { kind: 'directory' }>): readonly LayerChange[] {
    const { top, directories } = this.#below(path, status);
    const kind = directoryChange(status, top, fd);
    const changes = kind === undefined ? nothing : this.#changes(path, kind);
    this.#levels.push({ path, lowers: directories, listed: kind !== undefined });
    return changes;
  }

  #file({ path, status }: Extract<TreeItem, { kind: 'file' }>): readonly LayerChange[] {
    if (isWhiteout(status)) return this.#changes(path, 'D');
    return this.#changes(path, this.#below(path, status).top === undefined ? 'A' : 'C');
  }

  /** What lower layers have at `path`; no component of it is a link, since the levels above were found to be directories. */
  #below(
    path: string,
    status: files.FileStatus,
  ): { readonly top: files.FileStatus | undefined; readonly directories: readonly number[] } {
    const directories: number[] = [];
    let top: files.FileStatus | undefined;
    for (const lower of this.#levels.at(-1)?.lowers ?? []) {
      const found = files.statusAt(lower, path);
      if (typeof found === 'number') {
        if (found !== -files.ENOENT) files.must(found, 'statx', path);
        continue;
      }
      if (isWhiteout(found)) break;
      top ??= found;
      // Nothing shows through a file, and a file needs no more than the one it is in the place of.
      if (!files.isDirectory(found.mode) || !files.isDirectory(status.mode)) break;
      directories.push(lower);
    }
    return { top, directories };
  }

  /** The change, behind those of the directories above it that are not listed yet. */
  #changes(path: string, kind: ChangeKind): readonly LayerChange[] {
    const change = { path: `/${path}`, kind };
    if (kind === 'C' || this.#levels.at(-1)?.listed === true) return [change];
    const changes: LayerChange[] = [];
    for (const level of this.#levels) {
      if (level.listed) continue;
      level.listed = true;
      changes.push({ path: `/${level.path}`, kind: 'C' });
    }
    changes.push(change);
    return changes;
  }
}

/** What became of a directory over what is below it, if anything; undefined if it is there only for what is in it. */
function directoryChange(
  status: files.FileStatus,
  below: files.FileStatus | undefined,
  fd: number,
): ChangeKind | undefined {
  if (below === undefined) return 'A';
  if (attributesOf(fd).get(opaqueAttribute())?.toString('latin1') === 'y') return 'D';
  const same =
    status.mode === below.mode && status.size === below.size && sameTime(status.modified, below.modified);
  return same ? undefined : 'C';
}

/** Tars may have cut the nanoseconds off. */
function sameTime(a: files.Timestamp, b: files.Timestamp): boolean {
  if (a.seconds !== b.seconds) return false;
  return a.nanoseconds === b.nanoseconds || a.nanoseconds === 0 || b.nanoseconds === 0;
}

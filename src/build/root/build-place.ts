// What a build has mounted and opened in its thread: the root it works on, and the places it copies from.
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../archive/remove-tree.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { closeDescriptor, must, openDirectory } from '../../sys/files.js';
import { mountOverlay, unmount } from '../../sys/mount.js';
import type { CopySource } from '../copy/copy-request.js';
import type { LayerStack, WorkingTree } from './root-tree.js';

/** As the peers' stores have it for what stands on nothing. */
const SCRATCH_MODE = 0o555;
const PRIVATE_MODE = 0o700;

/** Something needs a root that is not mounted, or the other way round. */
export class WorkingTreeError extends Error {
  override readonly name = 'WorkingTreeError';
  readonly code = 'WORKING_TREE';
}

/** Lives in a thread that left the namespace of the host; `close` leaves nothing mounted and nothing open. */
export class BuildPlace {
  /** A private directory, removed after the build. */
  readonly state: string;
  readonly abort: AbortFlag;
  /** What may be remembered from build to build. */
  readonly cacheDirectory: string | undefined;
  readonly #empty: string;
  /** Where each stack is mounted, by its lowers. */
  readonly #stacks = new Map<string, string>();
  /** Descriptors of the places that were opened, by their paths. */
  readonly #opened = new Map<string, number>();
  #tree: WorkingTree | undefined;
  #root: number | undefined;

  constructor(state: string, abort: AbortFlag, cacheDirectory: string | undefined) {
    this.state = state;
    this.abort = abort;
    this.cacheDirectory = cacheDirectory;
    this.#empty = join(state, 'empty');
    mkdirSync(this.#empty, { mode: SCRATCH_MODE });
  }

  /** The working root, if it is mounted; stays ours. */
  get root(): number | undefined {
    return this.#root;
  }

  /** The working root. Throws {@link WorkingTreeError}. */
  demandRoot(): { readonly fd: number; readonly path: string } {
    if (this.#root === undefined || this.#tree === undefined)
      throw new WorkingTreeError('no working root is mounted');
    return { fd: this.#root, path: this.#tree.merged };
  }

  /** Mounts the tree; its upper directory gets owner and mode of the root below. */
  mount(tree: WorkingTree): void {
    if (this.#tree !== undefined) throw new WorkingTreeError(`${this.#tree.merged} is still mounted`);
    const { lowers, upper, work, merged } = tree;
    for (const directory of [work, merged]) mkdirSync(directory, { recursive: true, mode: PRIVATE_MODE });
    dressRoot(upper, lowers[0]);
    mountOverlay(lowers.length > 0 ? lowers : [this.#empty], merged, { upper, work });
    this.#tree = tree;
    this.#root = open(merged);
  }

  /** Leaves the upper directory by itself; nothing mounted is fine. */
  unmount(): void {
    const tree = this.#tree;
    if (tree === undefined) return;
    if (this.#root !== undefined) closeDescriptor(this.#root);
    this.#root = undefined;
    unmount(tree.merged);
    this.#tree = undefined;
    emptyDirectory(tree.work);
  }

  /** The root of a place to copy from; stays ours. */
  openSource(source: CopySource): number {
    const path = this.mountSource(source);
    const known = this.#opened.get(path);
    if (known !== undefined) return known;
    const fd = open(path);
    this.#opened.set(path, fd);
    return fd;
  }

  /** Where a place to copy from is seen by this thread and what it starts. Stacks are read-only. */
  mountSource(source: CopySource): string {
    return source.kind === 'stack' ? this.#mountStack(source.stack) : source.directory;
  }

  close(): void {
    for (const fd of this.#opened.values()) closeDescriptor(fd);
    this.#opened.clear();
    this.unmount();
    for (const path of this.#stacks.values()) unmount(path);
    this.#stacks.clear();
  }

  #mountStack({ lowers }: LayerStack): string {
    if (lowers.length === 0) return this.#empty;
    const key = lowers.join('\0');
    const known = this.#stacks.get(key);
    if (known !== undefined) return known;
    const target = join(this.state, `source-${this.#stacks.size}`);
    mkdirSync(target, { mode: PRIVATE_MODE });
    // A single layer needs it, too: whiteouts are nothing to copy, and nobody may write to it.
    mountOverlay(lowers.length === 1 ? [...lowers, this.#empty] : lowers, target);
    this.#stacks.set(key, target);
    return target;
  }
}

function open(path: string): number {
  return must(openDirectory(path), 'open', path);
}

function dressRoot(upper: string, below: string | undefined): void {
  const { mode, uid, gid } = below === undefined ? { mode: SCRATCH_MODE, uid: 0, gid: 0 } : statSync(below);
  const now = statSync(upper);
  if (now.uid !== uid || now.gid !== gid) chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
}

function emptyDirectory(path: string): void {
  const fd = open(path);
  try {
    for (const name of readdirSync(path, { encoding: 'latin1' })) removeTree(fd, name);
  } finally {
    closeDescriptor(fd);
  }
}

// An upper directory as overlay shows it, for what in it is only a note that the content is in a layer below.
import { constants } from 'node:fs';
import * as files from '../sys/files.js';
import { inUserNamespace, openOverlay } from '../sys/mount.js';
import { attributesOf } from '../sys/xattr.js';
import { layerAttributes } from './overlay-attributes.js';
import type { PackOptions } from './pack-options.js';

/** The view of `directory` if there may be one: the kernel makes no such notes in a user namespace, and follows none there. */
export function mergedView(directory: string, { merges, lowers = [] }: PackOptions): MergedView | undefined {
  if (merges !== true || lowers.length === 0 || inUserNamespace()) return undefined;
  return new MergedView(directory, lowers);
}

/** Mounted with the first note: most directories have none. Paths are relative to the directory, in latin1. */
export class MergedView {
  readonly #directory: string;
  readonly #lowers: readonly string[];
  #root: number | undefined;
  #redirected: string | undefined;

  constructor(directory: string, lowers: readonly string[]) {
    this.#directory = directory;
    this.#lowers = lowers;
  }

  /**
   * What to walk in the place of the open directory `fd`: one that was renamed has its old content below, and all in it is new at its
   * new place. `fd` is closed then; `-errno` where the view does not have it.
   */
  enter(fd: number, path: string): number {
    if (this.isWithin || layerAttributes(attributesOf(fd), path, false).elsewhere === undefined) return fd;
    const shown = this.#open(path, files.DIRECTORY_FLAGS);
    files.closeDescriptor(fd);
    if (shown >= 0) this.#redirected = path;
    return shown;
  }

  leave(path: string): void {
    if (this.isRedirected(path)) this.#redirected = undefined;
  }

  /** Whether the walk is in a directory of the view. */
  get isWithin(): boolean {
    return this.#redirected !== undefined;
  }

  isRedirected(path: string): boolean {
    return this.#redirected === path;
  }

  /** Opens a file with its content; `-errno` where the view does not have it. */
  openFile(path: string): number {
    const fd = this.#open(path);
    if (fd < 0) return fd;
    const status = files.statusAt(fd, '');
    if (typeof status !== 'number' && (status.mode & constants.S_IFMT) === constants.S_IFREG) return fd;
    files.closeDescriptor(fd);
    return -files.ENOENT;
  }

  close(): void {
    if (this.#root !== undefined) files.closeDescriptor(this.#root);
  }

  // Whoever changes the files meanwhile may put links into the way: they end within the view.
  #open(path: string, flags?: number): number {
    this.#root ??= openOverlay([this.#directory, ...this.#lowers], this.#directory);
    return files.openInRoot(this.#root, path, flags);
  }
}

// Packs a directory as the tar of a layer: sorted, the same bytes for the same files, handed on chunk by chunk.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import * as files from '../sys/files.js';
import { attributesAt, attributesOf, type Attributes } from '../sys/xattr.js';
import { CHUNK_BYTES, layerChunks } from './chunk-pool.js';
import { shortened } from './entry-path.js';
import { demand, PackError } from './errors.js';
import { isBelow, isWhiteout } from './below.js';
import { layerHeader } from './layer-header.js';
import { defaultLayerLimits } from './limits.js';
import { mergedView, type MergedView } from './merged-view.js';
import {
  demandContent,
  layerAttributes,
  opaqueAttribute,
  type LayerAttributes,
} from './overlay-attributes.js';
import { OwnerSets } from './owners.js';
import type { PackedTree, PackOptions } from './pack-options.js';
import { TarChunks, type TakeChunk } from './tar-chunks.js';
import { tarType, type Timestamp } from './tar-entry.js';
import { tarTypeOf } from './tar-type-of.js';
import { BLOCK_BYTES } from './tar-header.js';
import { paddingAfter } from './tar-header-writer.js';
import { demandStatus, isGone, walkTree, type TreeItem } from './tree-walk.js';

const { S_IFMT, S_IFREG } = constants;
const END_BYTES = 1024;
const WHITEOUT_PREFIX = '.wh.';
const OPAQUE_MARKER = '.wh..wh..opq';
const EPOCH: Timestamp = { seconds: 0, nanoseconds: 0 };
const PERMISSIONS = 0o777;
const zeros = Buffer.alloc(BLOCK_BYTES);
const noAttributes: LayerAttributes['kept'] = [];

/**
 * Reads the whole of `directory`, which nobody may change meanwhile if it is not said to live, with blocking calls; the root itself is not in the tar. Whiteouts
 * of overlay become those of layers. Throws {@link PackError} for what a layer cannot hold, and LayerErrors for system calls.
 */
export async function packTree(
  directory: string,
  take: TakeChunk,
  options: PackOptions = {},
): Promise<PackedTree> {
  const view = mergedView(directory, options);
  const root = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const tar = new TarChunks(layerChunks, take, options.observer);
    return await new TreePacker(root, view, tar, options).pack();
  } finally {
    view?.close();
    closeSync(root);
  }
}

type Entry = Extract<TreeItem, { kind: 'file' }>;
type Directory = Exclude<TreeItem, Entry>;

/** What becomes a header; absent parts are empty. */
interface Member {
  readonly path: string;
  readonly type: string;
  readonly status: files.FileStatus;
  readonly size?: number;
  readonly linkName?: string;
  readonly attributes?: LayerAttributes['kept'];
}

class TreePacker {
  readonly #root: number;
  readonly #view: MergedView | undefined;
  readonly #tar: TarChunks;
  readonly #options: PackOptions;
  readonly #adopts: boolean;
  readonly #lives: boolean;
  readonly #owners = new OwnerSets(defaultLayerLimits.owners);
  /** The first names of files that have more of them, and how many are still to come. */
  readonly #links = new Map<string, { readonly path: string; left: number }>();
  /** Directories that something was removed from. */
  readonly #changed = new Set<string>();

  constructor(root: number, view: MergedView | undefined, tar: TarChunks, options: PackOptions) {
    this.#root = root;
    this.#view = view;
    this.#tar = tar;
    this.#options = options;
    this.#adopts = options.adopts === true;
    this.#lives = options.lives === true;
  }

  async pack(): Promise<PackedTree> {
    if (this.#adopts) layerAttributes(attributesOf(this.#root), '', true);
    const view = this.#view;
    for (const item of walkTree(this.#root, this.#lives, view && ((fd, path) => view.enter(fd, path)))) {
      this.#options.abort?.throwIfRaised();
      const rest = this.#pack(item) ?? this.#tar.waiting();
      if (rest !== undefined) await rest;
    }
    this.#tar.raw(Buffer.alloc(END_BYTES));
    const bytes = await this.#tar.end();
    return { bytes, uids: this.#owners.uids, gids: this.#owners.gids };
  }

  /** A promise when there is more to read than fits a chunk. */
  #pack(item: TreeItem): Promise<void> | undefined {
    if (item.kind === 'directory') this.#directory(item);
    else if (item.kind === 'left') this.#left(item);
    else if (isWhiteout(item.status)) this.#whiteout(item);
    else return this.#file(item);
    return undefined;
  }

  #directory({ path, fd, status }: Directory): void {
    const { kept, opaque } = demandContent(this.#attributes(attributesOf(fd), path), path);
    this.#header({ path: `${path}/`, type: tarType.directory, status, attributes: kept });
    if (!opaque) return;
    const { lowers } = this.#options;
    if (lowers === undefined || isBelow(lowers, path)) {
      const marker = { ...status, mode: status.mode & PERMISSIONS, modified: EPOCH };
      this.#header({ path: `${path}/${OPAQUE_MARKER}`, type: tarType.file, status: marker });
    } else if (this.#adopts) {
      demand(attributesOf(fd).remove(opaqueAttribute()), 'fremovexattr', path);
    }
  }

  /** Its times change with what is in it. */
  #left({ path, fd, status }: Directory): void {
    this.#view?.leave(path);
    if (!this.#adopts) return;
    const modified = this.#time(status.modified);
    if (this.#changed.delete(path) || modified !== status.modified) {
      demand(files.changeTimes(fd, status.accessed, modified), 'futimens', path);
    }
  }

  #whiteout({ path, name, status }: Entry): void {
    const hiding = `${directoryOf(path, name)}${WHITEOUT_PREFIX}${name}`;
    const modified = { seconds: this.#time(status.modified).seconds, nanoseconds: 0 };
    this.#header({ path: hiding, type: tarType.file, status: { ...status, mode: 0, modified } });
  }

  #file(entry: Entry): Promise<void> | undefined {
    const { path, parent, name, status } = entry;
    if (name.startsWith(WHITEOUT_PREFIX))
      throw new PackError(`no layer can hold a name that begins with ${WHITEOUT_PREFIX}`, shortened(path));
    const type = tarTypeOf(status.mode);
    if (type === undefined) {
      this.#leaveOut(entry);
      return undefined;
    }
    this.#clamp(entry);
    if (type === tarType.file) return this.#regularFile(entry);
    const { kept } = demandContent(this.#attributes(attributesAt(parent, name), path), path);
    const linkName = type === tarType.symbolicLink ? this.#target(entry) : '';
    if (linkName !== undefined) this.#linkOr(entry, { path, type, status, linkName, attributes: kept });
    return undefined;
  }

  #regularFile(entry: Entry): Promise<void> | undefined {
    const { path, parent, name } = entry;
    let fd = files.openFileAt(parent, name);
    if (this.#lives && isGone(fd)) return undefined;
    demand(fd, 'openat', path);
    let isLarge = false;
    try {
      const status = this.#lives ? demandStatus(files.statusAt(fd, ''), path) : entry.status;
      if ((status.mode & S_IFMT) !== S_IFREG) return undefined;
      const { size } = status;
      if (!Number.isSafeInteger(size)) throw new PackError('the file is too large', shortened(path));
      const attributes = this.#attributes(attributesOf(fd), path);
      if (attributes.elsewhere !== undefined) {
        fd = this.#contentBelow(fd, attributes, path);
        if (this.#lives && isGone(fd)) return undefined;
        demand(fd, 'openat2', path);
      }
      const opened = { ...entry, status };
      const member = { path, type: tarType.file, status, size, attributes: attributes.kept };
      if (!this.#linkOr(opened, member)) return undefined;
      isLarge = size > CHUNK_BYTES;
      if (isLarge) return this.#largeContent(fd, path, size);
      this.#content(fd, path, size);
      return undefined;
    } finally {
      if (!isLarge) files.closeDescriptor(fd);
    }
  }

  /** Opens what `fd`, which is closed, is only a note of. */
  #contentBelow(fd: number, attributes: LayerAttributes, path: string): number {
    if (this.#view === undefined) demandContent(attributes, path);
    const content = this.#view?.openFile(path) ?? -files.ENOENT;
    files.closeDescriptor(fd);
    return content;
  }

  async #largeContent(fd: number, path: string, size: number): Promise<void> {
    try {
      for (let rest = size; rest > 0; rest -= CHUNK_BYTES) {
        this.#options.abort?.throwIfRaised();
        this.#content(fd, path, Math.min(rest, CHUNK_BYTES), rest <= CHUNK_BYTES);
        await this.#tar.waiting();
      }
    } finally {
      files.closeDescriptor(fd);
    }
  }

  #content(fd: number, path: string, size: number, isEnd = true): void {
    for (let rest = size; rest > 0;) {
      const bytes = this.#tar.content(rest, (into, at, length) => this.#read(fd, into, at, length));
      if (bytes === 0) throw new PackError('it became shorter while it was read', shortened(path));
      rest -= bytes;
    }
    if (isEnd) this.#tar.raw(zeros.subarray(0, paddingAfter(size)));
  }

  /** As many bytes as there are left, and zeros behind them in what lives. */
  #read(fd: number, into: Buffer, at: number, length: number): number {
    const bytes = readSync(fd, into, at, length, null);
    if (bytes > 0 || !this.#lives) return bytes;
    into.fill(0, at, at + length);
    return length;
  }

  /** Writes the header; false when it is one more name of a file that is in the tar already. */
  #linkOr({ path, status }: Entry, member: Member): boolean {
    if (status.links > 1) {
      const { device, inode } = this.#ownStatus(path, status);
      const key = `${device}:${inode}`;
      const first = this.#links.get(key);
      if (first !== undefined) {
        if (--first.left === 0) this.#links.delete(key);
        this.#header({ ...member, type: tarType.hardLink, linkName: first.path, size: 0 });
        return false;
      }
      this.#links.set(key, { path, left: status.links - 1 });
    }
    this.#header(member);
    return true;
  }

  /** The upper directory's, where it has the file: overlay gives such files numbers of its own. */
  #ownStatus(path: string, status: files.FileStatus): files.FileStatus {
    const own = this.#view?.isWithin === true ? files.statusAt(this.#root, path) : status;
    return typeof own === 'number' ? status : own;
  }

  /** What overlay shows has no notes of its own: such keys there are of an overlay within it. */
  #attributes(attributes: Attributes, path: string): LayerAttributes {
    const found = layerAttributes(attributes, path, this.#adopts);
    if (this.#view?.isWithin !== true) return found;
    return { kept: found.kept, opaque: this.#view.isRedirected(path) };
  }

  #header({ path, type, status, size = 0, linkName = '', attributes = noAttributes }: Member): void {
    this.#owners.add(path, status.uid, status.gid);
    const modified = this.#time(status.modified);
    const header = layerHeader({ name: path, type, status, size, modified, linkName, attributes });
    if (header.length > defaultLayerLimits.extensionBytes)
      throw new PackError('it has too many extended attributes', shortened(path));
    this.#tar.raw(header);
    this.#tar.entry(path, size);
  }

  /** Undefined if it is gone. */
  #target({ path, parent, name }: Entry): string | undefined {
    const target = files.readLinkAt(parent, name);
    if (typeof target === 'string') return target;
    if (this.#lives && isGone(target)) return undefined;
    demand(target, 'readlinkat', path);
    throw new PackError('it is no link any more', shortened(path));
  }

  /** A socket is nothing without the process that made it. */
  #leaveOut({ path, parent, name }: Entry): void {
    if (!this.#adopts) return;
    demand(files.unlinkAt(parent, name), 'unlinkat', path);
    this.#changed.add(path.slice(0, Math.max(0, path.length - name.length - 1)));
  }

  #clamp({ path, parent, name, status }: Entry): void {
    const modified = this.#time(status.modified);
    if (this.#adopts && modified !== status.modified) {
      demand(files.changeTimesAt(parent, name, status.accessed, modified), 'utimensat', path);
    }
  }

  #time(modified: Timestamp): Timestamp {
    const { latest = Number.POSITIVE_INFINITY, wholeSeconds } = this.#options;
    if (modified.nanoseconds === 0 && modified.seconds <= latest) return modified;
    if (modified.seconds >= latest) return { seconds: latest, nanoseconds: 0 };
    return wholeSeconds === true ? { ...modified, nanoseconds: 0 } : modified;
  }
}

/** With the slash at its end, '' for the root. */
function directoryOf(path: string, name: string): string {
  return path.slice(0, path.length - name.length);
}

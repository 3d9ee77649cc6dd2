// The digest of one item: of the tar that the peers would make of it.
import { constants } from 'node:fs';
import { tarType } from '../../archive/tar-entry.js';
import { closeDescriptor, type FileStatus, isDirectory, type Timestamp } from '../../sys/files.js';
import type { AbortFlag } from '../../sys/abort-flag.js';
import { ContentHash } from './content-hash.js';
import { format, type GoHeader } from './go-header-block.js';
import { keptParents } from './kept-parents.js';
import type { OwnerLookup } from './owner-names.js';
import type { Ownership } from './ownership.js';
import type { SelectedItem } from './selection.js';
import { keptAttributes, openEntry, openItem } from './source-file.js';
import { joined } from './source-path.js';
import { changed, type FoundEntry, type TreeVisitor, walkTree } from './walk-tree.js';

const { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT } = constants;
const SECOND = 1_000_000_000n;
const nothing: ReadonlyMap<string, string> = new Map();
const types: ReadonlyMap<number, string> = new Map([
  [S_IFDIR, tarType.directory],
  [S_IFLNK, tarType.symbolicLink],
  [S_IFCHR, tarType.characterDevice],
  [S_IFBLK, tarType.blockDevice],
  [S_IFIFO, tarType.fifo],
]);

export interface DigestOptions {
  /** What a single file is called where it is copied. */
  readonly name: string;
  readonly ownership: Ownership;
  readonly names: OwnerLookup;
  readonly abort: AbortFlag;
}

/** `file:` or `dir:` with hexadecimal digits; the digits alone for what was fetched. */
export function digestItem(item: SelectedItem, options: DigestOptions): string {
  const isTree = isDirectory(item.status.mode);
  // The peers have times in the digests of fetched files.
  const hash = new ContentHash(isTree || !item.fetched);
  const visitor = new DigestVisitor(item, hash, options);
  visitor.parents();
  if (isTree) {
    walkTree(item, visitor, options.abort);
    return `dir:${hash.digest()}`;
  }
  visitor.single();
  return item.fetched ? hash.digest() : `file:${hash.digest()}`;
}

class DigestVisitor implements TreeVisitor {
  readonly #item: SelectedItem;
  readonly #hash: ContentHash;
  readonly #options: DigestOptions;
  /** First names of files that have several, by their places on the disk. */
  readonly #linked = new Map<string, string>();

  constructor(item: SelectedItem, hash: ContentHash, options: DigestOptions) {
    this.#item = item;
    this.#hash = hash;
    this.#options = options;
  }

  parents(): void {
    for (const { path, status, attributes } of keptParents(this.#item)) {
      this.#hash.header(this.#header(path, status, asText(attributes)));
    }
  }

  single(): void {
    const { status, target } = this.#item;
    const name = this.#item.kept === '' ? this.#options.name : this.#item.kept;
    if (types.has(status.mode & S_IFMT)) this.#hash.header(this.#header(name, status, nothing));
    else this.#content(openItem(this.#item), name, target);
  }

  enter({ path, status }: FoundEntry, fd: number): void {
    this.#hash.header(this.#header(this.#named(path), status, textAttributes(fd)));
  }

  enterLeftOut(): void {
    // What is below has its own headers; the directory itself has none.
  }

  leave(): void {
    // Nothing of a directory comes behind what is in it.
  }

  file({ parent, name, path, status }: FoundEntry, target: string): void {
    const named = this.#named(path);
    if (types.has(status.mode & S_IFMT)) {
      this.#hash.header({ ...this.#header(named, status, nothing), linkName: target });
      return;
    }
    const place = `${status.device}:${status.inode}`;
    const first = status.links > 1 ? this.#linked.get(place) : undefined;
    if (status.links > 1 && first === undefined) this.#linked.set(place, named);
    const source = openEntry(parent, name, status, path);
    if (first === undefined) this.#content(source, named, path);
    else this.#link(source, named, first);
  }

  /** With `--parents` names begin at the root of the source. */
  #named(path: string): string {
    return this.#item.kept === '' ? path : joined(this.#item.kept, path);
  }

  #link(
    { fd, status }: { readonly fd: number; readonly status: FileStatus },
    name: string,
    first: string,
  ): void {
    try {
      const header = this.#header(name, status, textAttributes(fd));
      this.#hash.header({ ...header, type: tarType.hardLink, linkName: first, size: 0 });
    } finally {
      closeDescriptor(fd);
    }
  }

  #content(
    { fd, status }: { readonly fd: number; readonly status: FileStatus },
    name: string,
    path: string,
  ): void {
    try {
      this.#hash.header(this.#header(name, status, textAttributes(fd)));
      if (this.#hash.file(fd, status.size, this.#options.abort) !== status.size) throw changed(path);
    } finally {
      closeDescriptor(fd);
    }
  }

  #header(name: string, status: FileStatus, attributes: ReadonlyMap<string, string>): GoHeader {
    const { kind, fetched } = this.#item;
    const { ownership, names } = this.#options;
    const type = types.get(status.mode & S_IFMT) ?? tarType.file;
    const { uid, gid } = ownership.owner(status, kind);
    const isDevice = type === tarType.characterDevice || type === tarType.blockDevice;
    return {
      type,
      name,
      linkName: '',
      size: type === tarType.file ? status.size : 0,
      mode: ownership.mode(status, type === tarType.directory),
      uid,
      gid,
      // Of the owners that the source has, whoever gets the copy.
      userName: fetched ? '' : names.user(status.uid),
      groupName: fetched ? '' : names.group(status.gid),
      modified: nanoseconds(status.modified),
      accessed: undefined,
      changed: undefined,
      deviceMajor: isDevice ? status.deviceMajor : 0,
      deviceMinor: isDevice ? status.deviceMinor : 0,
      attributes: fetched ? nothing : attributes,
      records: nothing,
      format: format.unknown,
    };
  }
}

function textAttributes(fd: number): ReadonlyMap<string, string> {
  return asText(keptAttributes(fd));
}

function asText(attributes: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  if (attributes.size === 0) return nothing;
  return new Map([...attributes].map(([key, value]) => [key, value.toString('latin1')]));
}

function nanoseconds({ seconds, nanoseconds: rest }: Timestamp): bigint {
  return BigInt(seconds) * SECOND + BigInt(rest);
}

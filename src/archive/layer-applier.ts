// Applies the entries of a layer to a directory (containers-storage-format §8), without chroot and without following links.
import { constants } from 'node:fs';
import * as files from '../sys/files.js';
import { setAttribute } from '../sys/xattr.js';
import { AttributeSetter, directoryTimes } from './attribute-setter.js';
import type { ChunkPool } from './chunk-pool.js';
import { ContentWriter } from './content-writer.js';
import type { Directory } from './directory-cache.js';
import { DirectoryCache } from './directory-cache.js';
import { baseName, cleanPath, parentPath, shortened } from './entry-path.js';
import { ApplyError, demand, UnsafePathError, UnsupportedEntryError } from './errors.js';
import type { LayerLimits } from './limits.js';
import { probeDefaults } from './new-file-defaults.js';
import { opaqueAttribute } from './overlay-attributes.js';
import { removeTree } from './remove-tree.js';
import type { TarEntry } from './tar-entry.js';
import { tarType } from './tar-entry.js';
import type { TarVisitor } from './tar-reader.js';

const { S_IFBLK, S_IFCHR, S_IFIFO } = constants;
const WHITEOUT_PREFIX = '.wh.';
const OPAQUE_MARKER = '.wh..wh..opq';
const OPAQUE_VALUE = Buffer.from('y');

/** What entries may do besides making files. */
export interface ApplierRules {
  /** Whether names with the prefix of whiteouts stand for what a lower layer loses, or for themselves. */
  readonly whiteouts: boolean;
  /** Whether symbolic links are followed on the way to a file, inside the directory; they are refused otherwise. */
  readonly links: boolean;
}

const layerRules: ApplierRules = { whiteouts: true, links: true };

/** Writes one layer below a directory. The first error leaves everything as it is; then only `abandon` may follow. */
export class LayerApplier implements TarVisitor {
  readonly #directories: DirectoryCache;
  readonly #limits: Pick<LayerLimits, 'pathBytes'>;
  readonly #attributes: AttributeSetter;
  readonly #contents: ContentWriter;
  readonly #rules: ApplierRules;
  /** A hard link that waits for what is being written. */
  #postponed: TarEntry | undefined;

  /** `rootFd` is an open empty directory and stays the caller's. Content comes in buffers of `chunks`. */
  constructor(
    rootFd: number,
    limits: Pick<LayerLimits, 'pathBytes'>,
    chunks: ChunkPool,
    rules: ApplierRules = layerRules,
  ) {
    this.#contents = new ContentWriter(chunks);
    this.#directories = new DirectoryCache(rootFd, rules.links);
    this.#rules = rules;
    this.#limits = limits;
    this.#attributes = new AttributeSetter(probeDefaults(rootFd));
  }

  get blocked(): boolean {
    return this.#postponed !== undefined || this.#contents.full;
  }

  entry(entry: TarEntry): void {
    if (entry.type === tarType.globalHeader) return;
    const path = cleanPath(entry.name, this.#limits.pathBytes);
    // What the root looks like is not the layer's business.
    if (path === '') return;
    const name = baseName(path);
    if (this.#rules.whiteouts && name.startsWith(WHITEOUT_PREFIX)) {
      this.#whiteout(entry, parentPath(path), name);
      return;
    }
    this.#create(entry, this.#directories.enter(parentPath(path)), name);
  }

  content(bytes: Buffer, start: number, end: number): void {
    this.#contents.write(bytes, start, end);
  }

  entryEnd(): void {
    this.#contents.end();
  }

  async settled(): Promise<void> {
    const entry = this.#postponed;
    if (entry === undefined) {
      await this.#contents.room();
      return;
    }
    await this.#contents.settled();
    this.#postponed = undefined;
    this.entry(entry);
  }

  /** All entries were applied: puts the times of directories right. */
  async end(): Promise<void> {
    await this.#contents.settled();
    this.#directories.flush();
  }

  /** Gives up in the middle; closes what is open. */
  async abandon(): Promise<void> {
    await this.#contents.abandon();
    this.#directories.abandon();
  }

  #create(entry: TarEntry, directory: Directory, name: string): void {
    switch (entry.type) {
      case tarType.file:
      case tarType.contiguous:
        this.#makeFile(entry, directory, name);
        break;
      case tarType.directory:
        this.#makeDirectory(entry, directory, name);
        break;
      case tarType.symbolicLink:
        if (entry.linkName.length > files.PATH_BYTES) {
          throw new UnsafePathError('the link is too long', shortened(entry.name));
        }
        this.#replacing(entry, directory, name, 'symlinkat', () =>
          files.symlinkAt(entry.linkName, directory.fd, name),
        );
        this.#attributes.setNamed(directory.fd, name, entry);
        break;
      case tarType.hardLink:
        this.#link(entry, directory, name);
        break;
      case tarType.characterDevice:
      case tarType.blockDevice:
      case tarType.fifo:
        this.#makeNode(entry, directory, name);
        break;
      default:
        throw new UnsupportedEntryError(
          `unknown entry type ${JSON.stringify(entry.type)}`,
          shortened(entry.name),
        );
    }
  }

  #makeFile(entry: TarEntry, directory: Directory, name: string): void {
    const fd = this.#replacing(entry, directory, name, 'openat', () =>
      files.createFileAt(directory.fd, name, entry.mode & 0o777),
    );
    this.#contents.begin(fd, entry.name, (written) => this.#attributes.setOpenFile(written, entry));
  }

  /** Makes something; what was there before is removed. */
  #replacing(
    entry: TarEntry,
    directory: Directory,
    name: string,
    syscall: string,
    make: () => number,
  ): number {
    let result = make();
    if (result === -files.EEXIST) {
      this.#directories.forget(pathOf(directory, name));
      removeTree(directory.fd, name);
      result = make();
    }
    return demand(result, syscall, entry.name);
  }

  #makeDirectory(entry: TarEntry, parent: Directory, name: string): void {
    const path = pathOf(parent, name);
    const mode = entry.mode & 0o777;
    let created = true;
    let result = files.makeDirectoryAt(parent.fd, name, mode);
    if (result === -files.EEXIST) {
      const status = files.statusAt(parent.fd, name);
      if (typeof status !== 'number' && files.isDirectory(status.mode)) {
        created = false;
        result = 0;
      } else {
        removeTree(parent.fd, name);
        result = files.makeDirectoryAt(parent.fd, name, mode);
      }
    }
    demand(result, 'mkdirat', entry.name);
    const times = directoryTimes(entry);
    let directory = this.#directories.held(path);
    if (directory === undefined) {
      const fd = demand(files.openDirectoryAt(parent.fd, name), 'openat', entry.name);
      directory = { fd, path, times };
      this.#directories.adopt(directory);
    }
    this.#attributes.setOpenDirectory(directory.fd, entry, created);
    directory.times = times;
  }

  #link(entry: TarEntry, directory: Directory, name: string): void {
    // It sets owner, mode and times of the shared file, which must not be set for the first name afterwards.
    if (this.#contents.busy) {
      this.#postponed = entry;
      return;
    }
    const target = cleanPath(entry.linkName, this.#limits.pathBytes);
    if (target === '') throw new UnsafePathError('a hard link to the root', shortened(entry.name));
    const targetName = baseName(target);
    this.#replacing(entry, directory, name, 'linkat', () => {
      // Looked up anew after something was removed, which may have been the target's directory.
      const from = this.#directories.enter(parentPath(target), directory);
      return from === directory && targetName === name
        ? -files.ENOENT
        : files.linkAt(from.fd, targetName, directory.fd, name);
    });
    this.#attributes.setLinked(directory.fd, name, entry);
  }

  #makeNode(entry: TarEntry, directory: Directory, name: string): void {
    const { deviceMajor: major, deviceMinor: minor, type } = entry;
    if (type === tarType.characterDevice && major === 0 && minor === 0) {
      throw new UnsupportedEntryError('device 0:0 stands for a whiteout', shortened(entry.name));
    }
    const kind = type === tarType.fifo ? S_IFIFO : type === tarType.blockDevice ? S_IFBLK : S_IFCHR;
    const mode = kind | (entry.mode & 0o777);
    const make = (): number => files.makeNodeAt(directory.fd, name, mode, major, minor);
    this.#replacing(entry, directory, name, 'mknodat', make);
    this.#attributes.setNamed(directory.fd, name, entry);
  }

  // A whiteout is a device 0:0 to overlay. It hides what lower layers have, never what this layer has brought.
  #whiteout(entry: TarEntry, parent: string, name: string): void {
    let directory: Directory;
    try {
      directory = this.#directories.enter(parent);
    } catch (error) {
      // `.wh.foo` may come before `foo/.wh.bar`: there is nothing left to hide.
      if (name !== OPAQUE_MARKER && error instanceof ApplyError && error.errno === files.ENOTDIR) return;
      throw error;
    }
    if (name === OPAQUE_MARKER) {
      demand(setAttribute(directory.fd, opaqueAttribute(), OPAQUE_VALUE), 'fsetxattr', entry.name);
      return;
    }
    const hidden = name.slice(WHITEOUT_PREFIX.length);
    if (hidden === '' || hidden === '.' || hidden === '..') {
      throw new UnsafePathError('a whiteout without a name', shortened(entry.name));
    }
    demand(files.makeNodeAt(directory.fd, hidden, S_IFCHR, 0, 0), 'mknodat', entry.name);
    this.#attributes.setOwner(directory.fd, hidden, entry);
  }
}

function pathOf(directory: Directory, name: string): string {
  return directory.path === '' ? name : `${directory.path}/${name}`;
}

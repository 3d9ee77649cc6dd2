// Stands between the tar reader and the applier when a context is unpacked: what of each entry is taken, and how much in all.
import { cleanPath, shortened } from './entry-path.js';
import { LayerLimitError, UnsafePathError, UnsupportedEntryError } from './errors.js';
import type { LayerLimits } from './limits.js';
import type { TarEntry } from './tar-entry.js';
import { tarType } from './tar-entry.js';
import type { TarVisitor } from './tar-reader.js';

/** Bounds of a context, all of them inclusive. */
export interface ContextLimits extends Omit<LayerLimits, 'owners'> {
  /** Of all files together. */
  readonly bytes: number;
  /** Directories in one another. */
  readonly depth: number;
}

/** Below the longest path of the kernel: it is unpacked into a directory which has a path, too, and removed by path. */
const PATH_BYTES = 3500;

export const defaultContextLimits: ContextLimits = {
  entries: 2_000_000,
  bytes: 16 * 1024 ** 3,
  ratio: 1000,
  ratioFloor: 1024 ** 3,
  extensionBytes: 1024 ** 2,
  pathBytes: PATH_BYTES,
  depth: 256,
};

const climbs = /(?:^|\/)\.\.(?:\/|$)/;
const devices: ReadonlySet<string> = new Set([tarType.characterDevice, tarType.blockDevice]);

/** Refuses what no context has, makes everything this process's own and counts. */
export class ContextVisitor implements TarVisitor {
  readonly #next: TarVisitor;
  readonly #limits: ContextLimits;
  readonly #owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  #entries = 0;
  #bytes = 0;

  constructor(next: TarVisitor, limits: ContextLimits) {
    this.#next = next;
    this.#limits = limits;
  }

  get summary(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  get blocked(): boolean {
    return this.#next.blocked;
  }

  settled(): Promise<void> {
    return this.#next.settled();
  }

  entry(entry: TarEntry): void {
    this.#check(entry);
    this.#entries += 1;
    this.#bytes += entry.size;
    if (this.#bytes > this.#limits.bytes) {
      throw new LayerLimitError(
        `the context has more than ${this.#limits.bytes} bytes`,
        shortened(entry.name),
      );
    }
    const attributes = entry.attributes.filter(([key]) => key.startsWith('user.') || this.#mayHave(key));
    this.#next.entry(Object.assign(entry, this.#owner, { attributes }));
  }

  content(bytes: Buffer, start: number, end: number): void {
    this.#next.content(bytes, start, end);
  }

  entryEnd(): void {
    this.#next.entryEnd();
  }

  #check({ name, type, linkName }: TarEntry): void {
    if (devices.has(type)) throw new UnsupportedEntryError('a context has no devices', shortened(name));
    if (climbs.test(name) || (type === tarType.hardLink && climbs.test(linkName))) {
      throw new UnsafePathError('the name has a ".." in it', shortened(name));
    }
    const depth = cleanPath(name, this.#limits.pathBytes).split('/').length;
    if (depth > this.#limits.depth) {
      throw new LayerLimitError(`more than ${this.#limits.depth} directories deep`, shortened(name));
    }
  }

  /** Nobody else can give a file capabilities. */
  #mayHave(key: string): boolean {
    return this.#owner.uid === 0 && key === 'security.capability';
  }
}

// Stands between the tar reader and the applier: what is demanded of, and noted about, every entry of a layer.
import { DuplicatePathError } from './errors.js';
import { cleanPath, shortened } from './entry-path.js';
import type { LayerLimits } from './limits.js';
import { OwnerSets } from './owners.js';
import { PathSet } from './path-set.js';
import type { TarEntry } from './tar-entry.js';
import { tarType } from './tar-entry.js';
import type { TarVisitor } from './tar-reader.js';

/** Refuses a path that comes twice, collects the owners and passes everything on. */
export class LayerVisitor implements TarVisitor {
  readonly owners: OwnerSets;
  readonly #next: TarVisitor;
  readonly #limits: LayerLimits;
  readonly #paths = new PathSet();

  constructor(next: TarVisitor, limits: LayerLimits) {
    this.#next = next;
    this.#limits = limits;
    this.owners = new OwnerSets(limits.owners);
  }

  get blocked(): boolean {
    return this.#next.blocked;
  }

  settled(): Promise<void> {
    return this.#next.settled();
  }

  entry(entry: TarEntry): void {
    const path = cleanPath(entry.name, this.#limits.pathBytes);
    // As every Go reader does; they tell /a and a apart.
    if (!this.#paths.add(entry.name.startsWith('/') ? `/${path}` : path)) {
      throw new DuplicatePathError('duplicates of file paths not supported', shortened(entry.name));
    }
    const isGlobal = entry.type === tarType.globalHeader;
    this.owners.add(entry.name, isGlobal ? 0 : entry.uid, isGlobal ? 0 : entry.gid);
    this.#next.entry(entry);
  }

  content(bytes: Buffer, start: number, end: number): void {
    this.#next.content(bytes, start, end);
  }

  entryEnd(): void {
    this.#next.entryEnd();
  }
}

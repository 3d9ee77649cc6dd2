// Notes of changes that are going on, so that what a crash leaves half done can be found.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const SUFFIX = '.change';

/** What a change adds or removes, by id. */
export interface Note {
  /** Base first. */
  readonly layers: readonly string[];
  readonly images: readonly string[];
}

/** A note; remove it when the change is done. */
export interface JournalEntry {
  remove(): Promise<void>;
}

/** The notes that were there, and how to drop them. */
export interface PendingNotes extends Note {
  clear(): Promise<void>;
}

/**
 * A directory with a file per change that is going on. It is our own, beside the directories that the store's programs
 * share: neither a layer whose image never came nor one whose image is gone can be told from a layer that is kept.
 */
export class Journal {
  readonly #directory: string;
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Notes a change that is about to begin; on the disk when it returns. */
  async add({ layers, images }: Note): Promise<JournalEntry> {
    const lines = [...layers.map((id) => `layer ${id}\n`), ...images.map((id) => `image ${id}\n`)];
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, randomBytes(8).toString('hex') + SUFFIX);
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(lines.join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
    return { remove: () => rm(path, { force: true }) };
  }

  /** All notes. Nobody is making these changes while the caller holds the locks of layers and images. */
  async pending(): Promise<PendingNotes> {
    const names = await readdir(this.#directory).catch(() => []);
    const paths = names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(this.#directory, name));
    const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
    const noted = (kind: string): string[] => {
      const lines = texts.flatMap((text) => text.match(/^(?:layer|image) [0-9a-f]{64}$/gm) ?? []);
      const ids = lines.filter((line) => line.startsWith(kind)).map((line) => line.slice(kind.length + 1));
      return [...new Set(ids)];
    };
    return {
      layers: noted('layer'),
      images: noted('image'),
      clear: async () => {
        await Promise.all(paths.map((path) => rm(path, { force: true })));
      },
    };
  }
}

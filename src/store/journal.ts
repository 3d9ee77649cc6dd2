// Notes of the layers being added, so that those whose image never came can be found after a crash.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const SUFFIX = '.adding';

/** A note; remove it when the work is done or undone. */
export interface JournalEntry {
  remove(): Promise<void>;
}

/**
 * A directory with a file per commit that is going on, with the ids of its layers. It is our own, beside the directories
 * the store's programs share: their records have no field for it.
 */
export class Journal {
  readonly #directory: string;
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Notes that these layers are about to be added; on the disk when it returns. */
  async add(ids: readonly string[]): Promise<JournalEntry> {
    if (ids.length === 0) return { remove: () => Promise.resolve() };
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, randomBytes(8).toString('hex') + SUFFIX);
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(ids.join('\n'));
      await file.datasync();
    } finally {
      await file.close();
    }
    return { remove: () => rm(path, { force: true }) };
  }

  /** The layers noted by all entries. Nobody is adding them while the caller holds the layers lock. */
  async pending(): Promise<{ readonly ids: readonly string[]; readonly clear: () => Promise<void> }> {
    const names = await readdir(this.#directory).catch(() => []);
    const paths = names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(this.#directory, name));
    const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
    const ids = texts.flatMap((text) => text.split('\n')).filter((id) => /^[0-9a-f]{64}$/.test(id));
    return {
      ids: [...new Set(ids)],
      clear: async () => void (await Promise.all(paths.map((path) => rm(path, { force: true })))),
    };
  }
}

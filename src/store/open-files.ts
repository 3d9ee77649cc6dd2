// Files that are held open, so that replacing or removing them does not free what they had.
import { open, type FileHandle } from 'node:fs/promises';

/** Freeing takes the kernel milliseconds where blocks are discarded: this has it done when the locks are released. */
export class OpenFiles {
  readonly #handles: FileHandle[] = [];

  /** Nothing happens if there is no such file, or no descriptor left: it is a matter of time only. */
  async add(path: string): Promise<void> {
    const handle = await open(path).catch(() => undefined);
    if (handle !== undefined) this.#handles.push(handle);
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close()));
  }
}

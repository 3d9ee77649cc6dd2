// The licenses of the packages that are in a bundle: all of them ask to be passed on with it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One text of all of them. Throws for a package that comes without a license. */
export async function licensesOf(directories: readonly string[]): Promise<string> {
  const texts = await Promise.all(directories.map(licenseOf));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenseOf(directory: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const title = `${manifest.name} ${manifest.version} (${manifest.license})\n`;
  const file = (await readdir(directory)).find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return `${title}\n${await readFile(join(directory, file), 'utf8')}`;
  if (manifest.license !== undefined) return title;
  throw new Error(`${directory}: no license, so it cannot be put into a bundle`);
}

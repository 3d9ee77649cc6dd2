// The modules that imaged needs at run time, as package-lock.json knows them.
import { existsSync, readFileSync } from 'node:fs';

export interface Module {
  /** `node_modules/NAME`. */
  readonly path: string;
  readonly license: string;
  readonly author: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

interface Manifest {
  readonly license?: string;
  readonly author?: string | { readonly name?: string };
}

/** Those that are installed for this processor, without what only another JavaScript engine would load. */
export function neededModules(): readonly Module[] {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const paths = Object.entries(packages).flatMap(([path, { dev }]) =>
    path === '' || dev === true ? [] : [path],
  );
  return paths
    .filter((path) => !path.startsWith('node_modules/bare-') && existsSync(`${path}/package.json`))
    .toSorted()
    .map((path) => {
      const { license, author } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as Manifest;
      const name = typeof author === 'object' ? author.name : author;
      return { path, license: license ?? 'unknown', author: name ?? 'its authors' };
    });
}

// Bundles the client into dist/imagectl, a package that installs alone.
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bundle } from './bundle.js';
import { licensesOf } from './licenses.js';
import { copyTypes } from './types.js';

const target = join('dist', 'imagectl');

interface Manifest {
  readonly version: string;
}

async function manifestIn(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest;
}

await rm(target, { recursive: true, force: true });
const packages = await bundle({ imagectl: 'dist/client/main.js', index: 'dist/client/index.js' }, target);
await copyTypes('dist/client/index.d.ts', 'dist', join(target, 'types'));
const { version } = await manifestIn('.');
await writeFile(
  join(target, 'package.json'),
  `${JSON.stringify({ ...(await manifestIn('client')), version }, undefined, 2)}\n`,
);
await writeFile(join(target, 'licenses.txt'), await licensesOf(packages));
await copyFile('LICENSE', join(target, 'LICENSE'));
await copyFile(join('client', 'README.md'), join(target, 'README.md'));
await chmod(join(target, 'imagectl.js'), 0o755);

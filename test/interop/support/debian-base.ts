// A small Debian, as a tar of its root: what images of distributions are made from.
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { debianMirror } from './debian-release.js';
import { removeTree, temporaryDirectory } from './files.js';
import { output } from './process.js';

/** Path of the tar; installed the first time, from the mirror of this machine. */
export async function debianBase(release = 'bookworm'): Promise<string> {
  const path = join(homedir(), '.cache', 'imaged-tests', `debian-${release}.tar`);
  if (existsSync(path)) return path;
  const directory = await temporaryDirectory('debian');
  try {
    const root = join(directory, 'root');
    const args = ['--variant=minbase', release, root, await debianMirror()];
    await output('debootstrap', args, { timeout: 15 * 60_000 });
    await mkdir(dirname(path), { recursive: true });
    const building = `${path}.${process.pid}`;
    // The packages themselves, device nodes and what apt downloaded are no part of a base.
    const without = [
      '--exclude=./var/cache/apt/archives/*.deb',
      '--exclude=./var/lib/apt/lists/*',
      '--exclude=./dev/*',
    ];
    await output('tar', [
      '--create',
      '--file',
      building,
      '--directory',
      root,
      '--numeric-owner',
      '--xattrs',
      ...without,
      '.',
    ]);
    // Only one that is complete gets its name.
    await rename(building, path);
    return path;
  } finally {
    await removeTree(directory);
  }
}

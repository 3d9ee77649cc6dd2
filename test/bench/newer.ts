// Newer peers: skopeo and podman of later Debian releases, from small systems below the cache directory.
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { debianMirror } from '../interop/support/debian-release.js';
import { removeTree, unmountBelow } from '../interop/support/files.js';
import { output } from '../interop/support/process.js';

/** Another system whose programs run by chroot. */
export interface OtherSystem {
  readonly root: string;
  /** Unmounts what was bound into it; the system itself stays for the next time. */
  close(): Promise<void>;
}

/** Opens systems of these releases with `shared` at the same path; says which cannot be had, and leaves them out. */
export async function newerSystems(
  cache: string,
  shared: string,
  releases: readonly string[],
): Promise<OtherSystem[]> {
  const systems: OtherSystem[] = [];
  for (const release of releases) {
    try {
      systems.push(await openSystem(join(cache, `debian-${release}`), release, shared));
    } catch (error) {
      console.log(`peers of Debian ${release} left out: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return systems;
}

async function openSystem(root: string, release: string, shared: string): Promise<OtherSystem> {
  if (!existsSync(root)) {
    const building = `${root}.part`;
    await removeTree(building);
    const mirror = await debianMirror();
    console.log(`installing Debian ${release} below ${root}`);
    const packages = 'skopeo,podman,runc,ca-certificates';
    const args = ['--variant=minbase', `--include=${packages}`, release, building, mirror];
    await output('debootstrap', args, { timeout: 15 * 60_000 });
    // Only a system that is complete gets its name.
    await rename(building, root);
  }
  const close = (): Promise<void> => unmountBelow(root);
  try {
    await mkdir(join(root, shared), { recursive: true });
    // The Go tools unpack in a child that changes the mount of `/`: it must be one.
    await output('mount', ['--bind', root, root]);
    for (const place of ['/proc', '/sys', '/dev', shared]) {
      await output('mount', ['--bind', place, join(root, place)]);
    }
    return { root, close };
  } catch (error) {
    await close();
    throw error;
  }
}

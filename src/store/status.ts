// What `info` tells about the store's file system and driver.
import { opendir, readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageOptions } from './options.js';

export interface GraphStatus {
  /** As Go's tools call it: `extfs`, `xfs`, `btrfs`, …; `<unknown>` for others. */
  readonly backingFilesystem: string;
  readonly supportsDType: boolean;
  /** A layer's difference can be read from its directory alone. */
  readonly nativeOverlayDiff: boolean;
  readonly metacopy: boolean;
}

const filesystemNames: ReadonlyMap<number, string> = new Map([
  [0x61756673, 'aufs'],
  [0x9123683e, 'btrfs'],
  [0x28cd3d45, 'cramfs'],
  [0xf15f, 'ecryptfs'],
  [0xef53, 'extfs'],
  [0xf2f52010, 'f2fs'],
  [0x65735546, 'fuse'],
  [0x47504653, 'gpfs'],
  [0x3153464a, 'jfs'],
  [0x6969, 'nfs'],
  [0x794c7630, 'overlayfs'],
  [0x858458f6, 'ramfs'],
  [0x52654973, 'reiserfs'],
  [0x517b, 'smb'],
  [0x73717368, 'squashfs'],
  [0x1021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x2fc12fc1, 'zfs'],
]);

/** Looks at the store's file system, and at the answers other programs have recorded in `runRoot` since the last boot. */
export async function graphStatus(options: StorageOptions): Promise<GraphStatus> {
  const { graphRoot, driver } = options;
  const [{ type }, supportsDType, recorded, metacopy, redirect] = await Promise.all([
    statfs(graphRoot),
    namesTypes(join(graphRoot, driver)),
    readdir(join(options.runRoot, driver)).catch(() => []),
    kernelUses('metacopy'),
    kernelUses('redirect_dir'),
  ]);
  const wanted = options.driverOptions.some((option) => /mountopt=.*metacopy=on/.test(option));
  const usesMetacopy = answer(recorded, 'metacopy') ?? (metacopy || wanted);
  return {
    backingFilesystem: filesystemNames.get(type) ?? '<unknown>',
    supportsDType,
    nativeOverlayDiff: answer(recorded, 'native-diff') ?? !(usesMetacopy || redirect),
    metacopy: usesMetacopy,
  };
}

/** Whether directories tell the types of their entries: overlay needs it. */
async function namesTypes(directory: string): Promise<boolean> {
  for await (const entry of await opendir(directory)) return entry.isDirectory() || entry.isFile();
  return true;
}

/** Files as `native-diff()-true` hold answers; between the brackets are mount options. */
function answer(recorded: readonly string[], feature: string): boolean | undefined {
  const name = recorded.find((other) => other.startsWith(`${feature}(`));
  return name === undefined ? undefined : name.endsWith('-true');
}

async function kernelUses(parameter: string): Promise<boolean> {
  return (
    (await readFile(`/sys/module/overlay/parameters/${parameter}`, 'utf8').catch(() => '')).trim() === 'Y'
  );
}

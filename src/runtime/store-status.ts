// The store as GetInfo describes it.
import { statfs } from 'node:fs/promises';
import type { Store } from '../store/index.js';

export interface StoreStatus {
  readonly containers: number;
  readonly images: number;
  readonly graphDriverName: string;
  readonly graphDriverOptions: string;
  readonly graphRoot: string;
  readonly graphStatus: {
    readonly backingFilesystem: string;
    readonly nativeOverlayDiff: string;
    readonly supportsDType: string;
  };
  readonly runRoot: string;
}

/** File systems by the magic number that statfs gives, named as Podman names them. */
const fileSystems: ReadonlyMap<number, string> = new Map([
  [0xef53, 'extfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
  [0x6969, 'nfs'],
  [0x65735546, 'fuse'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
]);

export async function storeStatus(store: Store, signal: AbortSignal): Promise<StoreStatus> {
  const view = await store.view(signal);
  const { graphRoot, runRoot, driver, driverOptions } = store.options;
  const { type } = await statfs(graphRoot);
  return {
    containers: view.containers.length,
    images: view.images.length,
    graphDriverName: driver,
    graphDriverOptions: goMap(driverOptions),
    graphRoot,
    graphStatus: {
      backingFilesystem: fileSystems.get(type) ?? '<unknown>',
      // Without metacopy and redirect_dir the upper directory is the whole difference.
      nativeOverlayDiff: String(!driverOptions.some((option) => /metacopy=on|redirect_dir=on/.test(option))),
      supportsDType: 'true',
    },
    runRoot,
  };
}

/** A map as Go prints it: clients get this as text. */
function goMap(options: readonly string[]): string {
  const pairs = options.map((option) => option.replace('=', ':'));
  return `map[${pairs.toSorted().join(' ')}]`;
}

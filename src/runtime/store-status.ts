// The store as GetInfo describes it.
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

export async function storeStatus(store: Store, signal: AbortSignal): Promise<StoreStatus> {
  const view = await store.view(signal);
  const { graphRoot, runRoot, driver, driverOptions } = store.options;
  const { backingFilesystem, nativeOverlayDiff, supportsDType } = await store.graphStatus();
  return {
    containers: view.containers.length,
    images: view.images.length,
    graphDriverName: driver,
    graphDriverOptions: goMap(driverOptions),
    graphRoot,
    graphStatus: {
      backingFilesystem,
      nativeOverlayDiff: String(nativeOverlayDiff),
      supportsDType: String(supportsDType),
    },
    runRoot,
  };
}

/** A map as Go prints it: clients get this as text. */
function goMap(options: readonly string[]): string {
  const pairs = options.map((option) => option.replace('=', ':'));
  return `map[${pairs.toSorted().join(' ')}]`;
}

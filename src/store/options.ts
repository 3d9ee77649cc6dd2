// Which store is meant: command line, environment and storage.conf, with the precedence Podman's tools have.

/** A resolved choice of a store. */
export interface StorageOptions {
  readonly graphRoot: string;
  readonly runRoot: string;
  /** `overlay`; another one can be read only. */
  readonly driver: string;
  readonly additionalImageStores: readonly string[];
  /** Options of the driver as given, `overlay.mountopt=nodev`. */
  readonly driverOptions: readonly string[];
  /** Why the store can be read but not written here. */
  readonly readOnlyReason?: string | undefined;
  /** How long a change waits for the locks of other programs; ten minutes if absent. */
  readonly lockTimeoutMs?: number | undefined;
}

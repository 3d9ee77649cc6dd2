// What a runtime is made with.
import type { BuildPolicy } from './builds/build-policy.js';
import type { Environment } from './configuration-paths.js';

/** What the user chose; absent is what Podman's tools would take. */
export interface RuntimeSettings {
  readonly environment: Environment;
  readonly uid: number;
  readonly storage: {
    readonly root?: string;
    readonly runroot?: string;
    readonly driver?: string;
    readonly options: readonly string[];
  };
  readonly registriesConf?: string;
  readonly signaturePolicy?: string;
  readonly registriesD?: string;
  readonly authfile?: string;
  readonly eventsFile?: string;
  /** Seconds after which a registry that says nothing is given up. */
  readonly registryTimeout?: number;
  readonly builds?: BuildPolicy;
  /** Whether the commands in labels of images may be run; see `runLabel`. */
  readonly allowRunlabel?: boolean;
}

export interface RuntimeOptions extends RuntimeSettings {
  readonly version: string;
  readonly warn: (message: string) => void;
  readonly info: (message: string) => void;
}

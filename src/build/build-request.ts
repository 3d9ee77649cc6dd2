// What one build is asked for, whoever asked: io.podman's BuildInfo and io.imaged's options become this.
import type { RunSettings } from './run/run-request.js';

/** A secret or an agent that RUN may mount. */
export interface BuildSecret {
  readonly id: string;
  /** A file that holds it, of mode 0600 in a private directory; removed by who made it. */
  readonly file: string;
}

export interface BuildRequest {
  /** The context, unpacked or in place; undefined when there is none. */
  readonly context: string | undefined;
  /** The text of all Dockerfiles, joined. */
  readonly dockerfile: string;
  /** The lines of the ignore file. */
  readonly ignore: readonly string[];
  /** Other contexts by name: directories of the host. */
  readonly contexts: ReadonlyMap<string, string>;
  /** Images by names that FROM and --from know them by. */
  readonly images?: ReadonlyMap<string, string>;
  /** The first is `output`; as the caller wrote them. */
  readonly names: readonly string[];
  readonly target: string;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** `KEY=VALUE`. */
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
  readonly format: 'oci' | 'docker';
  readonly layers: boolean;
  readonly squash: boolean;
  /** Also the layers of the base. */
  readonly squashAll: boolean;
  readonly useCache: boolean;
  readonly pull: 'missing' | 'always' | 'never' | 'newer';
  /** `os/architecture[/variant]`; empty is this machine. */
  readonly platform: string;
  readonly run: RunSettings;
  /** Of a RUN that does not say so itself; `default` when absent. */
  readonly network?: 'default' | 'none' | 'host';
  readonly secrets: readonly BuildSecret[];
  /** Sockets of agents by id. */
  readonly agents: ReadonlyMap<string, string>;
  /** Seconds since 1970 for everything that this build makes, if it is to be reproducible. */
  readonly epoch: number | undefined;
  /** Times in new layers that are later become the epoch. */
  readonly rewriteTimestamps: boolean;
  readonly identityLabel: boolean;
  /** Runs stages that the target does not need. */
  readonly allStages: boolean;
  /** Step lines as newer builders write them. */
  readonly newStepLines: boolean;
  readonly quiet: boolean;
  readonly signBy: string;
  /** A file of the host for the id; empty for none. */
  readonly iidfile: string;
  /** Whether the caller may name files of the host. */
  readonly trusted: boolean;
  /** Which isolation the Dockerfile may take away from a RUN; none when absent. */
  readonly mayRun?: { readonly insecure: boolean; readonly hostNetwork: boolean };
}

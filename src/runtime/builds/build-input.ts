// What one build is asked for, whoever asked, before its files are where the builder wants them.
import type { BuildRequest } from '../../build/build-request.js';
import type { RunSettings } from '../../build/run/run-request.js';

/** Where a build finds files. */
export type ContextPlace =
  /** A handle of the file exchange, or a tar or directory of the host. */
  | { readonly kind: 'named'; readonly name: string }
  /** A directory of the host, and what the caller sees there: `DEVICE:INODE:CTIME`, the time in nanoseconds. */
  | { readonly kind: 'directory'; readonly path: string; readonly identity: string }
  /** A tar by http(s), or a repository. */
  | { readonly kind: 'address'; readonly address: string };

/** A Dockerfile or a part of one. */
export type DockerfilePart =
  /** In the context; or an address. */
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'text'; readonly text: string };

/** What a call has prepared for it. */
type Prepared =
  | 'context'
  | 'dockerfile'
  | 'ignore'
  | 'contexts'
  | 'secrets'
  | 'run'
  | 'newStepLines'
  | 'trusted';

/** As the caller has it; undefined stands for what the service is set to. */
export interface BuildInput extends Omit<BuildRequest, Prepared> {
  readonly context: ContextPlace | undefined;
  /** Joined in this order; empty: Containerfile, else Dockerfile. */
  readonly dockerfiles: readonly DockerfilePart[];
  /** Instead of the ignore file of the context. */
  readonly ignore: readonly string[] | undefined;
  readonly contexts: readonly { readonly name: string; readonly place: ContextPlace }[];
  readonly secrets: readonly { readonly id: string; readonly value: Uint8Array }[];
  readonly run: Omit<RunSettings, 'isolation'> & { readonly isolation: RunSettings['isolation'] | undefined };
  readonly newStepLines: boolean | undefined;
}

/** A build that asks for nothing in particular. */
export const plainBuild: BuildInput = {
  context: undefined,
  dockerfiles: [],
  ignore: undefined,
  contexts: [],
  names: [],
  target: '',
  buildArgs: new Map(),
  labels: [],
  annotations: [],
  format: 'oci',
  layers: true,
  squash: false,
  squashAll: false,
  useCache: true,
  pull: 'missing',
  platform: '',
  network: 'default',
  run: {
    isolation: undefined,
    addHosts: [],
    addCapabilities: [],
    dropCapabilities: [],
    devices: [],
    volumes: [],
    shmSize: '',
    ulimits: [],
    runtimeArgs: [],
    resources: {
      cgroupParent: '',
      cpuPeriod: 0,
      cpuQuota: 0,
      cpuShares: 0,
      cpusetCpus: '',
      cpusetMems: '',
      memory: 0,
      memorySwap: 0,
    },
    noNewPrivileges: false,
  },
  secrets: [],
  agents: new Map(),
  epoch: undefined,
  rewriteTimestamps: false,
  identityLabel: true,
  allStages: false,
  newStepLines: undefined,
  quiet: false,
  signBy: '',
  iidfile: '',
};

// One RUN, ready to be started; all texts are substituted.
import type { CopySource } from '../copy/copy-request.js';

/** What the server and the call allow and set for every RUN of a build. */
export interface RunSettings {
  readonly isolation: 'auto' | 'oci' | 'chroot';
  /** `NAME:ADDRESS`. */
  readonly addHosts: readonly string[];
  /** With or without `CAP_`, any case. */
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  /** `HOST[:CONTAINER[:rwm]]`. */
  readonly devices: readonly string[];
  /** `SOURCE:TARGET[:OPTIONS]`. */
  readonly volumes: readonly string[];
  /** As `64m`; empty is 64m. */
  readonly shmSize: string;
  /** `NAME=SOFT[:HARD]`. */
  readonly ulimits: readonly string[];
  /** Flags for the runtime. */
  readonly runtimeArgs: readonly string[];
  readonly resources: RunResources;
  readonly noNewPrivileges: boolean;
}

/** 0 and empty are no limit. */
export interface RunResources {
  readonly cgroupParent: string;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuShares: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  /** Bytes. */
  readonly memory: number;
  readonly memorySwap: number;
}

/** A `--mount` whose places are known. Targets are absolute in the root, or relative to `cwd`. */
export type RunMount =
  | {
      readonly type: 'bind';
      readonly source: CopySource;
      /** In the source, resolved inside of it. */
      readonly path: string;
      readonly target: string;
      readonly writable: boolean;
    }
  | {
      readonly type: 'cache';
      /** Kept between builds: a directory of the host that is this cache's alone, made if missing. */
      readonly directory: string;
      /** Its content at first, if it has any. */
      readonly seed?: { readonly source: CopySource; readonly path: string };
      readonly target: string;
      readonly writable: boolean;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: 'tmpfs'; readonly target: string; /** Bytes. */ readonly size?: number }
  | {
      readonly type: 'secret';
      /** A file of the service that holds it. */
      readonly file: string;
      /** Absent where it is a variable only. */
      readonly target?: string;
      readonly variable?: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      /** The socket of an agent, on the host. */
      readonly socket: string;
      readonly target: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

export interface RunRequest {
  /** The whole of the command line, the shell included. */
  readonly args: readonly string[];
  /** `KEY=VALUE`: the image's and the arguments in force; defaults are added by the room. */
  readonly env: readonly string[];
  /** Absolute; made if it is not there. */
  readonly cwd: string;
  /** As USER has it; empty is root. */
  readonly user: string;
  /** Its name in the host name and files made for it; the same one gives the same result. */
  readonly hostName: string;
  /** A script that is to be run instead of `args`, mounted as a file of mode 0755 (a here-document that begins with `#!`). */
  readonly script?: string;
  readonly mounts: readonly RunMount[];
  readonly network: 'default' | 'none' | 'host';
  readonly insecure: boolean;
  readonly settings: RunSettings;
}

/** How it ended; a signal is 128 and its number. */
export interface RunOutcome {
  readonly status: number;
  /** Things to tell once: that isolation is weaker, that a limit was lowered. */
  readonly warnings: readonly string[];
}

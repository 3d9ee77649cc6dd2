// The runtime's configuration of one RUN: an OCI bundle (build.md, How RUN is run).
import type { Account } from '../root/account.js';
import type { RunResources } from './run-request.js';
import type { Seccomp } from './seccomp-profile.js';
import type { Rlimit } from './ulimits.js';

/** A mount of the runtime's; the destination is a real path of the root. */
export interface BundleMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What differs from RUN to RUN. */
export interface BundleRequest {
  readonly root: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly account: Account;
  readonly capabilities: readonly string[];
  readonly hostName: string;
  readonly mounts: readonly BundleMount[];
  readonly rlimits: readonly Rlimit[];
  readonly noNewPrivileges: boolean;
  readonly ownNetwork: boolean;
  /** Nothing is hidden, nothing forbidden. */
  readonly insecure: boolean;
  readonly seccomp: Seccomp | undefined;
  /** Where its limits are set, and which; undefined without limits. */
  readonly limits: { readonly cgroup: string; readonly resources: RunResources } | undefined;
}

/** No limit, the highest number of 64 bits, which JavaScript does not have; a text with a NUL stands for it, as no other does. */
const UNLIMITED = '\0unlimited';
const HIGHEST = '18446744073709551615';

const NEW_FILE_MASK = 0o022;

const maskedPaths = [
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/fs/selinux',
  '/sys/dev/block',
  '/sys/devices/virtual/powercap',
];

const readonlyPaths = [
  '/proc/asound',
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];

/** The content of config.json. */
export function ociBundle(request: BundleRequest): string {
  return JSON.stringify(configuration(request)).replaceAll(JSON.stringify(UNLIMITED), HIGHEST);
}

function configuration(request: BundleRequest): object {
  const { account, capabilities, limits, seccomp } = request;
  const isRoot = account.uid === 0;
  const own = isRoot ? capabilities : [];
  return {
    ociVersion: '1.0.2',
    process: {
      user: {
        uid: account.uid,
        gid: account.gid,
        umask: NEW_FILE_MASK,
        // The peers put the group itself among them.
        additionalGids: [...new Set([account.gid, ...account.groups])],
      },
      args: request.args,
      cwd: request.cwd,
      env: request.env,
      capabilities: { bounding: capabilities, effective: own, permitted: own },
      noNewPrivileges: request.noNewPrivileges,
      // Raising one above our own needs a capability of the host, so there are none unless asked for.
      ...(request.rlimits.length > 0 && { rlimits: request.rlimits.map(numbered) }),
    },
    root: { path: request.root },
    hostname: request.hostName,
    mounts: request.mounts,
    linux: {
      namespaces: ['mount', 'pid', 'ipc', 'uts', 'cgroup', ...(request.ownNetwork ? ['network'] : [])].map(
        (type) => ({ type }),
      ),
      ...(!request.insecure && { maskedPaths, readonlyPaths }),
      ...(seccomp !== undefined && { seccomp }),
      ...(limits !== undefined && { cgroupsPath: limits.cgroup, resources: resourcesOf(limits.resources) }),
    },
  };
}

function numbered({ type, soft, hard }: Rlimit): object {
  const number = (value: Rlimit['soft']): string | number => (value === 'unlimited' ? UNLIMITED : value);
  return { type, soft: number(soft), hard: number(hard) };
}

/** 0 and empty are no limit, which the runtime is told by saying nothing. */
function resourcesOf(limits: RunResources): object {
  const cpu = {
    shares: limits.cpuShares,
    quota: limits.cpuQuota,
    period: limits.cpuPeriod,
    cpus: limits.cpusetCpus,
    mems: limits.cpusetMems,
  };
  const memory = { limit: limits.memory, swap: limits.memorySwap };
  return { cpu: given(cpu), memory: given(memory) };
}

function given(values: Readonly<Record<string, number | string>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0 && value !== ''));
}

// What a service lets its callers ask of a build (build.md, Security rules 6).
import type { BuildInput } from './build-input.js';

/** What lets a build reach further than its own root. */
export const hostRights = [
  'volumes',
  'devices',
  'capabilities',
  'runtime-args',
  'insecure',
  'host-network',
] as const;

export type HostRight = (typeof hostRights)[number];

/** How a service is set up for builds. */
export interface BuildPolicy {
  readonly isolation: 'auto' | 'oci' | 'chroot';
  /** What nobody gets, root included. */
  readonly denied: ReadonlySet<HostRight>;
  /** Bytes of all files of a context that is sent. */
  readonly contextBytes: number;
  readonly newStepLines: boolean;
  /** Seconds since 1970, for builds that do not set it. */
  readonly epoch: number | undefined;
}

export const defaultBuildPolicy: BuildPolicy = {
  isolation: 'auto',
  denied: new Set(),
  contextBytes: 16 * 1024 ** 3,
  newStepLines: false,
  epoch: undefined,
};

/** The caller or nobody may have what a build asks for. */
export class BuildRefusedError extends Error {
  override readonly name = 'BuildRefusedError';
  readonly code = 'BUILD_REFUSED';
}

/** Whether a build has this right; `trusted` callers are root and the service's own user. */
export function hasRight(right: HostRight, { denied }: BuildPolicy, trusted: boolean): boolean {
  return trusted && !denied.has(right);
}

/** Throws {@link BuildRefusedError} for the first thing asked for that the caller cannot have. */
export function requireRights(input: BuildInput, policy: BuildPolicy, trusted: boolean): void {
  for (const [right, asked] of askedRights(input)) {
    if (asked && policy.denied.has(right)) {
      throw new BuildRefusedError(`${right}: this service is set up not to allow that (--build-deny)`);
    }
    if (asked && !trusted) throw new BuildRefusedError(`${right}: ${forTrusted}`);
  }
  const own: readonly (readonly [string, boolean])[] = [
    ['iidfile', input.iidfile !== ''],
    ['agents', input.agents.size > 0],
    // Weaker than what the service would do by itself.
    ['isolation', input.run.isolation === 'chroot' && policy.isolation !== 'chroot'],
    ['cgroupParent', input.run.resources.cgroupParent !== ''],
  ];
  for (const [name, asked] of own)
    if (asked && !trusted) throw new BuildRefusedError(`${name}: ${forTrusted}`);
}

const forTrusted = 'only root and the user of this service can ask for that';

function askedRights({ run, network }: BuildInput): readonly (readonly [HostRight, boolean])[] {
  return [
    ['volumes', run.volumes.length > 0],
    ['devices', run.devices.length > 0],
    ['capabilities', run.addCapabilities.length > 0],
    ['runtime-args', run.runtimeArgs.length > 0],
    ['host-network', network === 'host'],
  ];
}

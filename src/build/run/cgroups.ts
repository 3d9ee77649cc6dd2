// Control groups: none for most steps, one of its own for a RUN that has limits, made by the runtime and gone with the step.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inUserNamespace, MountError, mountNew, unmount } from '../../sys/mount.js';
import { RunRequestError } from './errors.js';
import type { RunResources } from './run-request.js';

const CGROUPS = '/sys/fs/cgroup';
const PARENT = '/imaged';

/** A path in the hierarchies for a group that nobody has; undefined when nothing is limited. Throws {@link RunRequestError}. */
export function newCgroup(resources: RunResources): string | undefined {
  const { cgroupParent, ...limits } = resources;
  if (Object.values(limits).every((limit) => limit === 0 || limit === '') && cgroupParent === '')
    return undefined;
  const parent = cgroupParent === '' ? PARENT : cgroupParent;
  if (!parent.startsWith('/') || parent.split('/').includes('..'))
    throw new RunRequestError(`${JSON.stringify(parent)} is no path of a control group`);
  return join(parent, `step-${randomBytes(8).toString('hex')}`);
}

/** The runtime has done so unless it was killed. The group above goes with the last one in it. */
export function removeCgroup(cgroup: string): void {
  // With the first version there is a hierarchy for each controller, below the same directory.
  for (const hierarchy of ['', ...readdirSync(CGROUPS)]) {
    for (const group of [cgroup, ...(dirname(cgroup) === PARENT ? [PARENT] : [])]) {
      try {
        rmdirSync(join(CGROUPS, hierarchy, group));
      } catch {
        // Not in this hierarchy, or somebody else's step is there.
      }
    }
  }
}

/** Of this thread, whose mounts are its own. */
let covered = false;

/**
 * Shows runtimes the second version of control groups, read-only: crun refuses to run where both versions are mounted, and runc
 * makes no groups that would have to be removed after it was killed. It stays for the steps that follow: mounting it takes 10 ms.
 */
export function coverCgroups(): void {
  if (covered || inUserNamespace() || !existsSync(CGROUPS)) return;
  try {
    mountNew('cgroup2', CGROUPS, [], true);
    covered = true;
  } catch (error) {
    if (!(error instanceof MountError)) throw error;
  }
}

/** Before groups are made or removed, and before the thread leaves these mounts. */
export function uncoverCgroups(): void {
  if (!covered) return;
  unmount(CGROUPS);
  covered = false;
}

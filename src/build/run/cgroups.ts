// The control group of a RUN that has limits: made by the runtime, and gone with the step.
import { randomBytes } from 'node:crypto';
import { readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

// The filter of system calls of chroot isolation: a profile in libseccomp's numbers.
import { constants } from 'node:os';
import { type FilterRule, prepareFilter } from '../../sys/seccomp.js';
import type { Seccomp } from './seccomp-profile.js';

const ERRNO = 0x0005_0000;
const actions: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
};
const operators = [
  '',
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
];

/** What applies the profile from the moment it is called. Without a profile or the library nothing is filtered. */
export function filterOf(profile: Seccomp | undefined): () => void {
  const nothing = (): void => undefined;
  if (profile === undefined) return nothing;
  const architectures = profile.architectures.map((name) => name.replace(/^SCMP_ARCH_/, '').toLowerCase());
  const rules = profile.syscalls.flatMap(({ names, action, errnoRet, args = [] }) =>
    names.map((call): FilterRule => ({
      call,
      action: numberOf(action, errnoRet),
      args: args.map(({ index, op, value, valueTwo = 0 }) => ({
        index,
        op: operators.indexOf(op),
        value: BigInt(value),
        second: BigInt(valueTwo),
      })),
    })),
  );
  return (
    prepareFilter(numberOf(profile.defaultAction, profile.defaultErrnoRet), architectures, rules) ?? nothing
  );
}

/** Whatever it is that is not known here refuses. */
function numberOf(action: string, errno: number = constants.errno.EPERM): number {
  return actions[action] ?? ERRNO | errno;
}

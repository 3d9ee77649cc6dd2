// The system calls that a RUN may make: the host's profile for containers, as runtimes take it.
import { readFileSync } from 'node:fs';

/** `linux.seccomp` of an OCI configuration. */
export interface Seccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

/** The profile in its file: rules for several architectures and sets of capabilities. */
interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly archMap?: readonly {
    readonly architecture: string;
    readonly subArchitectures?: readonly string[] | null;
  }[];
  readonly architectures?: readonly string[];
  readonly syscalls?: readonly ProfileRule[];
}

interface ProfileRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[] | null;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

interface Condition {
  readonly caps?: readonly string[] | null;
  readonly arches?: readonly string[] | null;
  readonly minKernel?: string;
}

/** The administrator's first. */
const places = ['/etc/containers/seccomp.json', '/usr/share/containers/seccomp.json'];

/** This processor as profiles name it, in conditions and in their table. */
const architectures: Readonly<Record<string, readonly [string, string]>> = {
  x64: ['amd64', 'SCMP_ARCH_X86_64'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
  ppc64: ['ppc64le', 'SCMP_ARCH_PPC64LE'],
  s390x: ['s390x', 'SCMP_ARCH_S390X'],
  riscv64: ['riscv64', 'SCMP_ARCH_RISCV64'],
};

let profile: Profile | undefined;

/** What this host's profile is for a process of these capabilities; undefined when there is none, or none for this processor. */
export function seccompFor(capabilities: readonly string[]): Seccomp | undefined {
  const [architecture, table] = architectures[process.arch] ?? [];
  profile ??= readProfile();
  if (profile === undefined || architecture === undefined || table === undefined) return undefined;
  const holds = (condition: Condition | undefined): Match => match(condition, capabilities, architecture);
  const others = profile.archMap?.find((entry) => entry.architecture === table)?.subArchitectures ?? [];
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: [table, ...others],
    syscalls: (profile.syscalls ?? [])
      .filter(({ includes, excludes }) => holds(includes) !== 'fails' && holds(excludes) !== 'holds')
      .map(ruleOf),
  };
}

function ruleOf({ names, action, errnoRet, args }: ProfileRule): SeccompRule {
  const rule = { names, action };
  // The default's errno is no errno of a rule that allows.
  const refusing = errnoRet !== undefined && action === 'SCMP_ACT_ERRNO' ? { ...rule, errnoRet } : rule;
  return args !== undefined && args !== null && args.length > 0 ? { ...refusing, args } : refusing;
}

function readProfile(): Profile | undefined {
  for (const path of places) {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Profile;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

type Match = 'holds' | 'fails' | 'empty';

/** All the capabilities are to be there, one of the architectures, and the kernel. */
function match(condition: Condition = {}, capabilities: readonly string[], architecture: string): Match {
  const { caps, arches, minKernel } = condition;
  const answers: boolean[] = [];
  if (caps !== undefined && caps !== null && caps.length > 0)
    answers.push(caps.every((name) => capabilities.includes(name)));
  if (arches !== undefined && arches !== null && arches.length > 0)
    answers.push(arches.includes(architecture));
  if (minKernel !== undefined && minKernel !== '') answers.push(isKernelAtLeast(minKernel));
  if (answers.length === 0) return 'empty';
  return answers.every(Boolean) ? 'holds' : 'fails';
}

function isKernelAtLeast(wanted: string): boolean {
  const numbers = (text: string): number[] => (/^(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const [major = 0, minor = 0] = numbers(readFileSync('/proc/sys/kernel/osrelease', 'latin1'));
  const [wantedMajor = 0, wantedMinor = 0] = numbers(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

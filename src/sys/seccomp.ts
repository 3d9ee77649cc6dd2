// Filters of system calls, by libseccomp where it is installed.
import { optionalLibrary, SystemError } from './libc.js';

const SCMP_FLTATR_CTL_NNP = 3;
const NO_SUCH_CALL = -1;
const ARGUMENT_BYTES = 24;

/** A rule for a system call, in libseccomp's numbers. */
export interface FilterRule {
  readonly call: string;
  readonly action: number;
  readonly args: readonly {
    readonly index: number;
    readonly op: number;
    readonly value: bigint;
    readonly second: bigint;
  }[];
}

/**
 * What filters the system calls of this thread from the moment it is called, made by libseccomp; undefined where that is not
 * installed. Architectures as the library names them, `x86_64`.
 */
export function prepareFilter(
  defaultAction: number,
  architectures: readonly string[],
  rules: readonly FilterRule[],
): (() => void) | undefined {
  const library = optionalLibrary('libseccomp.so.2');
  if (library === undefined) return undefined;
  const init = library('void* seccomp_init(uint32_t action)');
  const setAttribute = library('int seccomp_attr_set(void* context, int attribute, uint32_t value)');
  const archOf = library('uint32_t seccomp_arch_resolve_name(const char* name)');
  const addArch = library('int seccomp_arch_add(void* context, uint32_t architecture)');
  const numberOf = library('int seccomp_syscall_resolve_name(const char* name)');
  const addRule = library(
    'int seccomp_rule_add_array(void* context, uint32_t action, int call, unsigned int count, const void* args)',
  );
  const load = library('int seccomp_load(void* context)');
  const context: unknown = init(defaultAction);
  setAttribute(context, SCMP_FLTATR_CTL_NNP, 0);
  // Those it does not know, and the processor's own, which is there already, change nothing.
  for (const name of architectures) addArch(context, archOf(name));
  for (const { call, action, args } of rules) {
    const number: number = numberOf(call);
    if (number === NO_SUCH_CALL || action === defaultAction) continue;
    addRule(context, action, number, args.length, argumentsOf(args));
  }
  return () => {
    const result: number = load(context);
    if (result < 0) throw new SystemError(-result, 'seccomp_load', 'filter');
  };
}

/** struct scmp_arg_cmp: index, operator, two values. */
function argumentsOf(args: FilterRule['args']): Buffer {
  const bytes = Buffer.alloc(Math.max(1, args.length) * ARGUMENT_BYTES);
  for (const [number, { index, op, value, second }] of args.entries()) {
    const offset = number * ARGUMENT_BYTES;
    bytes.writeUInt32LE(index, offset);
    bytes.writeUInt32LE(op, offset + 4);
    bytes.writeBigUInt64LE(value, offset + 8);
    bytes.writeBigUInt64LE(second, offset + 16);
  }
  return bytes;
}

// The runtime of chroot isolation, a process of its own: reads the bundle in its working directory and becomes its command.
import { accessSync, constants, fchownSync, fstatSync, readFileSync, statSync, writeSync } from 'node:fs';
import { become, dropRights, leaveHost, setLimit } from '../../sys/become.js';
import { SystemError } from '../../sys/libc.js';
import { enterRoot } from '../../sys/mount.js';
import { capabilityNumber } from './capabilities.js';
import { mountBundle } from './chroot-mounts.js';
import { filterOf } from './chroot-filter.js';
import type { BundleMount } from './oci-bundle.js';
import type { Seccomp } from './seccomp-profile.js';

/** What it understands of a bundle: what {@link ociBundle} says. */
interface Bundle {
  readonly process: {
    readonly user: {
      readonly uid: number;
      readonly gid: number;
      readonly umask: number;
      readonly additionalGids: readonly number[];
    };
    readonly args: readonly string[];
    readonly cwd: string;
    readonly env: readonly string[];
    readonly capabilities: { readonly bounding: readonly string[]; readonly effective: readonly string[] };
    readonly noNewPrivileges: boolean;
    readonly rlimits?: readonly { readonly type: string; readonly soft: string; readonly hard: string }[];
  };
  readonly root: { readonly path: string };
  readonly hostname: string;
  readonly mounts: readonly BundleMount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
    readonly seccomp?: Seccomp;
  };
}

/** As shells have it. */
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

function main(): void {
  const bundle = readBundle();
  const { process: command, linux } = bundle;
  const { uid, gid, umask, additionalGids } = command.user;
  const lastCapability = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1'));
  leaveHost(
    bundle.hostname,
    linux.namespaces.some(({ type }) => type === 'network'),
  );
  const filter = filterOf(linux.seccomp);
  mountBundle({ ...linux, mounts: bundle.mounts, root: bundle.root.path });
  enterRoot(bundle.root.path);
  process.chdir(command.cwd);
  // Like a runtime: the command may open its outputs by their names.
  for (const stream of [1, 2]) if (!fstatSync(stream).isFile()) fchownSync(stream, uid, gid);
  const program = command.args[0] ?? '';
  const path = find(program, command.env);
  if (path === undefined)
    fail(`exec: ${JSON.stringify(program)}: executable file not found in $PATH`, NOT_FOUND);
  for (const { type, soft, hard } of command.rlimits ?? []) setLimit(type, BigInt(soft), BigInt(hard));
  process.umask(umask);
  const rights = { uid, gid, groups: additionalGids, noNewPrivileges: command.noNewPrivileges };
  const { bounding, effective } = command.capabilities;
  dropRights(
    { ...rights, bounding: numbers(bounding), effective: numbers(effective) },
    lastCapability,
    filter,
  );
  become(path, command.args, command.env);
}

/** Limits as texts: they have 64 bits. */
function readBundle(): Bundle {
  const text = readFileSync('config.json', 'utf8').replaceAll(/"(soft|hard)":(\d+)/g, '"$1":"$2"');
  return JSON.parse(text) as Bundle;
}

function numbers(names: readonly string[]): number[] {
  return names.flatMap((name) => capabilityNumber(name) ?? []);
}

/** Where a shell would find the program; undefined if it would not. */
function find(program: string, env: readonly string[]): string | undefined {
  if (program.includes('/')) return program;
  const path = env.find((one) => one.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const candidates = path.split(':').map((place) => `${place === '' ? '.' : place}/${program}`);
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

function fail(message: string, status: number): never {
  writeSync(2, `${message}\n`);
  process.exit(status);
}

try {
  main();
} catch (error) {
  const isExec = error instanceof SystemError && error.syscall === 'execve';
  fail((error as Error).message, isExec ? CANNOT_RUN : 1);
}

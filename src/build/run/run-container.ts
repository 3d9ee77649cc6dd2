// One container, run by an OCI runtime to its end.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inUserNamespace, MountError, mountNew, unmount } from '../../sys/mount.js';
import { runProcess } from './run-process.js';

const CGROUPS = '/sys/fs/cgroup';

export interface Container {
  /** The program that runs it, an absolute path. */
  readonly runtime: string;
  /** Its flags. */
  readonly runtimeArgs: readonly string[];
  /** What is written as config.json. */
  readonly bundle: string;
  /** Private and short-lived: the bundle and the state of the runtime are made in it. */
  readonly directory: string;
  /** The runtime may make control groups; otherwise it is kept from it, and the container stays in ours. */
  readonly limited: boolean;
}

/** Gives the exit status of the first process, 128 and the number of a signal. For `write` and `signal` see {@link runProcess}. */
export async function runContainer(
  container: Container,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  const { runtime, runtimeArgs, bundle, directory, limited } = container;
  writeBundle(directory, bundle);
  // What keeps the command from running they say on standard error, too; warnings about the host are not for the log of a build.
  const flags = ['--root', join(directory, 'runtime'), '--log', join(directory, 'log')];
  if (!limited)
    flags.push(...(basename(runtime) === 'crun' ? ['--cgroup-manager', 'disabled'] : ['--rootless', 'true']));
  const covered = !limited && coverCgroups();
  try {
    const pidFile = join(directory, 'pid');
    // A control group of its name that somebody left would be taken for its own, and cannot be written.
    const name = `imaged-${randomBytes(8).toString('hex')}`;
    const run = ['run', '--detach', '--pid-file', pidFile, '--bundle', directory, name];
    const command = [runtime, ...flags, ...runtimeArgs, ...run];
    return await runProcess({ command, directory, ownProc: true, pidFile }, write, signal);
  } finally {
    if (covered) unmount(CGROUPS);
  }
}

/** The same without a runtime: a process of ours becomes the command, and does as much of what a runtime does as it can. */
export async function runInChroot(
  { bundle, directory }: Pick<Container, 'bundle' | 'directory'>,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  writeBundle(directory, bundle);
  const program = fileURLToPath(new URL('./chroot-main.js', import.meta.url));
  return await runProcess({ command: [process.execPath, program], directory, ownProc: false }, write, signal);
}

function writeBundle(directory: string, bundle: string): void {
  writeFileSync(join(directory, 'config.json'), bundle, { mode: 0o600 });
}

/**
 * Shows runtimes the second version of control groups, read-only: crun refuses to run where both versions are mounted, and runc
 * makes no groups that would have to be removed after it was killed.
 */
function coverCgroups(): boolean {
  if (inUserNamespace() || !existsSync(CGROUPS)) return false;
  try {
    mountNew('cgroup2', CGROUPS, [], true);
    return true;
  } catch (error) {
    if (error instanceof MountError) return false;
    throw error;
  }
}

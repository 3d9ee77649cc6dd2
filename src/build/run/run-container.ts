// One container, run by an OCI runtime to its end.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coverCgroups, uncoverCgroups } from './cgroups.js';
import { runProcess } from './run-process.js';

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
  if (limited) uncoverCgroups();
  else coverCgroups();
  const pidFile = join(directory, 'pid');
  // A control group of its name that somebody left would be taken for its own, and cannot be written.
  const name = `imaged-${randomBytes(8).toString('hex')}`;
  const run = ['run', '--detach', '--pid-file', pidFile, '--bundle', directory, name];
  const command = [runtime, ...flags, ...runtimeArgs, ...run];
  return await runProcess({ command, directory, ownProc: true, pidFile }, write, signal);
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

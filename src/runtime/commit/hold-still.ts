// Keeps what runs in a container from changing its files while they are read.
import { join } from 'node:path';
import type { StoredContainer } from '../../store/index.js';
import { startChild } from '../../sys/child.js';
import { collect, ProgramError, runProgram } from '../../sys/run-program.js';
import { untilAborted } from '../../sys/until-aborted.js';
import { engineOf, userData } from '../containers/containers.js';
import type { CopyContext } from '../copy/copy-context.js';
import { complaintOf, engineEnvironment, storeOptions } from '../containers/engine-program.js';
import { askPodman } from '../containers/podman-program.js';
import { CommitError } from './container-image.js';
import { readRecord, understood } from './record-file.js';

/** Have their state where they have it by themselves, which is where other engines than podman leave it. */
const runtimes: readonly string[] = ['runc', 'crun'];
const RUNTIME_MILLISECONDS = 60_000;
const MOST_COMPLAINT = 4096;

/**
 * Pauses, and goes on when its input ends: also when whoever holds that is killed. So it must not be ended by what ends them.
 */
const script = `
trap '' HUP INT TERM PIPE
pause=$1 resume=$2 id=$3
shift 3
"$@" "$pause" "$id" >/dev/null || exit
echo paused
read -r line
exec "$@" "$resume" "$id" >/dev/null
`;

/** What pauses a container. */
interface Pauser {
  readonly command: readonly string[];
  readonly resume: string;
}

/**
 * The container runs no more when this returns, until it is disposed of, however that comes: if it did not run, nothing happens.
 * Working containers of buildah are such: what `buildah run` does in them cannot be paused. `warn` is told when it could not be set
 * going again. Throws {@link CommitError} where it runs and cannot be paused, and the signal's reason.
 */
export async function holdStill(
  context: CopyContext,
  container: StoredContainer,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const pauser = await pauserOf(context, container, signal).catch((cause: unknown) => {
    if (!(cause instanceof ProgramError)) throw cause;
    throw notPaused(container, cause.message, cause);
  });
  if (pauser === undefined) return { [Symbol.asyncDispose]: async () => undefined };
  return await paused(pauser, container, context, warn, signal);
}

async function pauserOf(
  context: CopyContext,
  container: StoredContainer,
  signal: AbortSignal,
): Promise<Pauser | undefined> {
  const { store, paths } = context;
  const engine = engineOf(store, container);
  if (engine === 'buildah') return undefined;
  if (engine !== 'podman') return await runtimeOf(context, container, signal);
  const query = ['container', 'inspect', '--format={{.State.Status}}', container.id];
  const status = await askPodman(store.options, query, paths.environment, signal);
  if (status.trim() !== 'running') return undefined;
  return { command: ['podman', ...storeOptions(store.options)], resume: 'unpause' };
}

async function runtimeOf(
  context: CopyContext,
  container: StoredContainer,
  signal: AbortSignal,
): Promise<Pauser | undefined> {
  const options = { env: context.paths.environment, timeout: RUNTIME_MILLISECONDS };
  for (const runtime of runtimes) {
    const answer = await runProgram(runtime, ['state', container.id], options, signal).catch(
      (error: unknown) => {
        // It is not installed.
        if (error instanceof ProgramError) return undefined;
        throw error;
      },
    );
    if (answer?.exitCode !== 0) continue;
    return isRunning(answer.output) ? { command: [runtime], resume: 'resume' } : undefined;
  }
  const path = join(userData(context.store, container), 'state.json');
  const state = await readRecord(path);
  const runs = understood(path, () => state?.string('status') === 'running' && isAlive(state.integer('pid')));
  if (runs) throw notPaused(container, `neither ${runtimes.join(' nor ')} knows it; it can be made without`);
  return undefined;
}

function isRunning(state: string): boolean {
  try {
    return (JSON.parse(state) as { readonly status?: unknown } | null)?.status === 'running';
  } catch {
    return false;
  }
}

function isAlive(pid = 0): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function paused(
  { command, resume }: Pauser,
  container: StoredContainer,
  { paths }: CopyContext,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { id } = container;
  const args = ['-c', script, 'hold', 'pause', resume, id, ...command];
  // A session of its own: what a terminal sends to this program is not for it.
  const child = startChild('/bin/sh', args, { env: engineEnvironment(paths.environment), detached: true });
  const complaint = collect(child.stderr, MOST_COMPLAINT);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(notPaused(container, cause.message, cause)));
    child.once('close', (status) => resolve(status ?? -1));
  });
  ended.catch(() => undefined);
  const resumed = async (): Promise<number> => {
    child.stdin.end();
    return await ended;
  };
  child.stdin.on('error', () => undefined);
  const isPaused = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve());
  });
  try {
    const status = await untilAborted(Promise.race([isPaused, ended]), signal);
    if (status !== undefined)
      throw notPaused(container, complaintOf(complaint()) || `it ended with ${status}`);
  } catch (error) {
    // It may be pausing it just now.
    await resumed().catch(() => undefined);
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const status = await resumed();
      if (status !== 0) warn(`container ${id} was not unpaused: ${complaintOf(complaint()) || status}`);
    },
  };
}

function notPaused({ id }: StoredContainer, reason: string, cause?: unknown): CommitError {
  return new CommitError(`error pausing container "${id}" to commit: ${reason}`, { cause });
}

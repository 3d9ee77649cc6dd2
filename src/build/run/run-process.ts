// The process of a RUN, and everything it starts: one output, one end, and nothing of it outlives us.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { closeDescriptor } from '../../sys/files.js';
import { openPipe } from '../../sys/pipe.js';
import { NoRuntimeError } from './errors.js';

/** Programs of the host are started with this alone: what an image says about its environment is not for them. */
const hostEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

const { SIGKILL } = constants.signals;

/** A program of the host with its arguments, and where it is started. */
export interface HostCommand {
  readonly command: readonly string[];
  readonly directory: string;
  /** Whether /proc shows it its own processes alone. */
  readonly ownProc: boolean;
}

/**
 * Runs a command of the host as the first process of a process namespace of its own, with mounts of its own: when this thread ends,
 * by whatever means, the kernel kills it with all that came of it. `write` gets what it says on both of its outputs, in order.
 * Gives its exit status, 128 and the number of a signal. When `signal` aborts, everything is killed; the promise is rejected with
 * its reason when the last process has ended.
 */
export async function runProcess(
  { command, directory, ownProc }: HostCommand,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const pipe = openPipe();
  const output = new Socket({ fd: pipe.read, readable: true, writable: false });
  const own = ['--pid', '--mount', '--fork', '--kill-child=KILL', ...(ownProc ? ['--mount-proc'] : [])];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'unshare', ...own, '--', ...command], {
    cwd: directory,
    // In a process group of its own: what is sent to that one does not reach us.
    detached: true,
    env: hostEnvironment,
    // A pipe, no socket: commands open /dev/stdout.
    stdio: ['ignore', pipe.write, pipe.write],
  });
  closeDescriptor(pipe.write);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new NoRuntimeError(`cannot start ${command[0]}: ${error.message}`, { cause: error })),
    );
    child.once('exit', (status, name) =>
      resolve(status ?? 128 + (name === null ? SIGKILL : constants.signals[name])),
    );
  });
  // Told below, after the output has been read.
  ended.catch(() => undefined);
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killAll(child.pid);
  };
  signal.addEventListener('abort', kill, { once: true });
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const piece of output) if (!signal.aborted) await write(piece as Uint8Array);
  } catch (error) {
    failure = { error };
    kill();
  } finally {
    output.destroy();
  }
  try {
    const status = await ended;
    signal.throwIfAborted();
    if (failure !== undefined) throw failure.error;
    return status;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** The first process of the namespace is killed, not its parent, which ends when the last one of them has ended. */
function killAll(parent: number): void {
  try {
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'latin1').trim();
    process.kill(children === '' ? parent : Number(children.split(' ')[0]), 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

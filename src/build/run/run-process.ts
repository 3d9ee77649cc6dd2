// The process of a RUN, and everything it starts: one output, one end, and nothing of it outlives us.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeDescriptor } from '../../sys/files.js';
import { openPipe } from '../../sys/pipe.js';
import { NoRuntimeError } from './errors.js';

/** Programs of the host are started with this alone: what an image says about its environment is not for them. */
const hostEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

const { SIGKILL } = constants.signals;
const SHORTEST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 20;
/** The number of threads, counted from the state. */
const THREADS_FIELD = 17;

/** A program of the host with its arguments, and where it is started. */
export interface HostCommand {
  readonly command: readonly string[];
  readonly directory: string;
  /** Whether /proc shows it its own processes alone. */
  readonly ownProc: boolean;
  /**
   * Absent when the program itself becomes what is to be run. Otherwise it starts that and goes, and writes the number of that
   * process into this file.
   */
  readonly pidFile?: string;
}

/**
 * Runs a command of the host in a process namespace of its own, with mounts of its own: when this thread ends, by whatever means,
 * the kernel kills it with all that came of it. `write` gets what it says on both of its outputs, in order. Gives its exit status,
 * 128 and the number of a signal. When `signal` aborts, everything is killed; the promise is rejected with its reason when the last
 * process has ended. Throws {@link NoRuntimeError} when it cannot be started.
 */
export async function runProcess(
  { command, directory, ownProc, pidFile }: HostCommand,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const pipe = openPipe();
  const output = new Socket({ fd: pipe.read, readable: true, writable: false });
  const own = ['--pid', '--mount', '--fork', '--kill-child=KILL', ...(ownProc ? ['--mount-proc'] : [])];
  const first = pidFile === undefined ? command : ['sh', '-c', START_AND_STAY, 'sh', ...command];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'unshare', ...own, '--', ...first], {
    cwd: directory,
    // In a process group of its own: what is sent to that one does not reach us.
    detached: true,
    env: hostEnvironment,
    // A pipe, no socket: commands open /dev/stdout.
    stdio: [pidFile === undefined ? 'ignore' : 'pipe', pipe.write, pipe.write],
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
  const reading = handOn(output, write, signal).catch((error: unknown) => {
    failure = { error };
    kill();
  });
  let status: number;
  try {
    status = pidFile === undefined ? await ended : await statusOf(child, pidFile);
  } finally {
    child.stdin?.destroy();
    await ended;
    await reading;
    signal.removeEventListener('abort', kill);
  }
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
  return status;
}

async function handOn(
  output: Socket,
  write: (piece: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of output) if (!signal.aborted) await write(piece as Uint8Array);
}

/**
 * What a runtime starts and leaves is adopted by the first process, which waits for nobody, so its exit status stays to be read; that
 * one ends with its input.
 * Runtimes that stay put pipes of their own between, one for each output, and the order of the two is lost.
 */
const START_AND_STAY = 'setsid --fork "$@" < /dev/null; exec cat > /dev/null 2>&1';

/** Waits until the runtime and what it started have ended, and gives the status of that; nobody tells, so it has to be looked for. */
async function statusOf(child: ChildProcess, pidFile: string): Promise<number> {
  const start = performance.now();
  for (;;) {
    await sleep(Math.min(Math.max((performance.now() - start) / 50, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
    const first = child.pid === undefined ? undefined : firstChild(child.pid);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return 128 + SIGKILL;
    const pid = readPid(pidFile);
    if (first === undefined) continue;
    if (pid !== undefined) {
      const fields = statOf(`/proc/${first}/root/proc/${pid}`);
      if (isDead(fields)) return statusOfWait(Number(fields.at(-1)));
    } else if (isAlone(first) && readPid(pidFile) === undefined) {
      // Nothing was started: the runtime has said why.
      return 1;
    }
  }
}

function readPid(pidFile: string): string | undefined {
  const text = existsSync(pidFile) ? readFileSync(pidFile, 'latin1').trim() : '';
  return text === '' ? undefined : text;
}

/** Whether the first process of the namespace has no living child any more, and will have none. */
function isAlone(first: number): boolean {
  try {
    if (readFileSync(`/proc/${first}/comm`, 'latin1') !== 'cat\n') return false;
    const children = childrenOf(first);
    if (!children.every((pid) => isDead(statOf(`/proc/${pid}`)))) return false;
    // Whoever ends leaves his children to the first process before.
    return childrenOf(first).every((pid) => children.includes(pid));
  } catch {
    return false;
  }
}

/** Its first thread may have ended before the others, which have its children then. */
function isDead(fields: readonly string[]): boolean {
  return fields[0] === 'Z' && Number(fields[THREADS_FIELD]) <= 1;
}

/** The fields behind the name of the program, which is in parentheses and may hold anything; none if it is gone. */
function statOf(directory: string): readonly string[] {
  try {
    return readFileSync(`${directory}/stat`, 'latin1').split(')').at(-1)?.trim().split(' ') ?? [];
  } catch {
    return [];
  }
}

/** As wait(2) has it. */
function statusOfWait(status: number): number {
  const killer = status & 0x7f;
  return killer === 0 ? (status >> 8) & 0xff : 128 + killer;
}

/** The first process of the namespace is killed, not its parent, which ends when the last one of them has ended. */
function killAll(parent: number): void {
  try {
    process.kill(firstChild(parent) ?? parent, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

function firstChild(parent: number): number | undefined {
  try {
    return childrenOf(parent)[0];
  } catch {
    // It has just ended.
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'latin1').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

// Child processes of the tests: run to their end, or started, awaited until ready, and stopped by pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment of the child; the tests' own one when absent. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  /** Milliseconds until the child is killed; four minutes when absent. */
  readonly timeout?: number;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program ended with another exit code than 0. Its message carries what the program said. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_FAILED';
  readonly finished: Finished;

  constructor(command: readonly string[], finished: Finished) {
    const end = finished.signal ?? `exit ${finished.code}`;
    super(`${command.join(' ')}: ${end}: ${(finished.stderr || finished.stdout).trim()}`);
    this.finished = finished;
  }
}

/** Runs a program to its end; resolves whatever its exit code is. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A child that does not read its input and ends early is judged by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 240_000);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return {
      code,
      signal,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program that must succeed and returns its standard output. Throws {@link CommandError}. */
export async function output(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const finished = await run(command, args, options);
  if (finished.code !== 0) {
    throw new CommandError([command, ...args], finished);
  }
  return finished.stdout;
}

/** Resolves when the child has ended, at once if it has already. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
}

/** Asks a child to end, and ends it after the grace time (milliseconds). */
export async function stop(child: ChildProcess, grace = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), grace);
  await ended(child);
  clearTimeout(timer);
}

/** Collects what a stream says, for messages and for waiting on a line. */
export class Transcript {
  #text = '';
  readonly #waiting = new Set<() => void>();

  constructor(...streams: readonly (NodeJS.ReadableStream | null)[]) {
    for (const stream of streams) {
      stream?.on('data', (chunk: Buffer) => {
        this.#text += chunk.toString();
        this.#wake();
      });
      stream?.on('close', () => this.#wake());
    }
  }

  get text(): string {
    return this.#text;
  }

  /** Resolves with the first match; `undefined` when `over` turns true or the time (ms) is up before. */
  async match(pattern: RegExp, over: () => boolean, timeout = 20_000): Promise<RegExpMatchArray | undefined> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null || over() || Date.now() >= deadline) {
        return found ?? undefined;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 100);
        this.#waiting.add(wake);
      });
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) {
      wake();
    }
  }
}

// Programs that are run to their end: for what only they can do.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { startChild } from './child.js';

/** The program cannot be started, or did not end in time. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly code = 'PROGRAM';
  /** Without the program's name. */
  readonly reason: string;
  constructor(program: string, reason: string, options?: ErrorOptions) {
    super(`${program}: ${reason}`, options);
    this.reason = reason;
  }
}

/** How a program ended. */
export interface ProgramEnd {
  /** Zero when all went well; negative where a signal ended it. */
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which it is asked to end. */
  readonly timeout: number;
  /** Milliseconds it has for that until it is killed; five seconds if absent. */
  readonly grace?: number;
  /** What it reads; nothing if absent. */
  readonly input?: string;
  /** Characters kept of each stream; 64 Ki if absent. */
  readonly maxText?: number | undefined;
}

const usualGrace = 5000;
const usualText = 64 * 1024;

/**
 * Runs `program` from PATH. When the signal is aborted or the time is up, it is asked to end, so that it can finish what
 * must not stay half done, and killed if it does not. Throws {@link ProgramError} or the signal's reason; the process has ended then.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env, timeout, grace = usualGrace, input = '', maxText = usualText }: ProgramOptions,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  const child = started(program, args, env);
  let failure: Error | undefined;
  let killing: NodeJS.Timeout | undefined;
  const end = (reason: Error): void => {
    if (failure !== undefined) return;
    failure = reason;
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), grace);
  };
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(new ProgramError(program, startReason(cause), { cause })));
    child.once('close', (code) => resolve(code ?? -1));
    // What it has started in turn may hold the pipes open.
    child.once(
      'exit',
      () => failure !== undefined && [child.stdout, child.stderr].map((pipe) => pipe.destroy()),
    );
  });
  const output = collect(child.stdout, maxText);
  const errors = collect(child.stderr, maxText);
  // A program that does not read closes the pipe; its status tells the rest.
  child.stdin.on('error', () => undefined).end(input);
  const onAbort = (): void => end(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  const late = new ProgramError(program, `did not end within ${timeout / 1000} seconds`);
  const timer = setTimeout(() => end(late), timeout);
  try {
    const exitCode = await ended;
    if (failure !== undefined) throw failure;
    return { exitCode, output: output(), errors: errors() };
  } finally {
    clearTimeout(timer);
    clearTimeout(killing);
    signal.removeEventListener('abort', onAbort);
  }
}

function started(
  program: string,
  args: readonly string[],
  env: ProgramOptions['env'],
): ChildProcessWithoutNullStreams {
  try {
    return startChild(program, args, { env: { ...env } });
  } catch (cause) {
    throw new ProgramError(program, (cause as Error).message, { cause });
  }
}

function startReason(cause: Error): string {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT'
    ? 'executable file not found in $PATH'
    : cause.message;
}

/** The first characters of a stream, in pieces as they came. */
export function collect(stream: NodeJS.ReadableStream, maxText: number): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    if (text.length < maxText) text += piece;
  });
  return () => text;
}

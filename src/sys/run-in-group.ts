// Programs that are run for what they do: what they print is told line by line, and they end with all they have started.
import { getSystemErrorMap } from 'node:util';
import { spawn } from 'node:child_process';
import { startChild } from './child.js';

export interface GroupOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets each line of both outputs; longer ones in pieces. */
  readonly line: (text: string) => void;
}

/** Milliseconds that it has to end when it was asked to. */
const grace = 5000;
/** How long what it printed last may take to arrive when it has ended: a child of it may keep the pipe open. Milliseconds. */
const lastWordsTime = 200;
/** Bytes. */
const longestLine = 4096;

/**
 * Runs `program` without input, in a process group of its own. When the signal is aborted the group is asked to end, and killed if it
 * does not, or if this process is killed. Resolves to how it failed, in Go's words; undefined if it did not. Throws the signal's reason; the program has ended then.
 */
export async function runInGroup(
  program: string,
  args: readonly string[],
  { env, line }: GroupOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const child = startChild(program, args, { env: { ...env }, detached: true });
  child.stdin.on('error', () => undefined).end();
  for (const output of [child.stdout, child.stderr]) tellLines(output, line);
  const kill = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // All of it has ended.
    }
  };
  const stopWatch = child.pid === undefined ? undefined : killWithUs(child.pid);
  let killing: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    kill('SIGTERM');
    killing = setTimeout(() => kill('SIGKILL'), grace);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const failure = await new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(startFailure(program, error)));
      child.once('exit', (code, name) => {
        const end = code === null ? `signal: ${name}` : `exit status ${code}`;
        setTimeout(() => resolve(code === 0 ? undefined : end), lastWordsTime);
        child.once('close', () => resolve(code === 0 ? undefined : end));
      });
    });
    signal.throwIfAborted();
    return failure;
  } finally {
    clearTimeout(killing);
    stopWatch?.();
    signal.removeEventListener('abort', onAbort);
    // What did not heed the first signal.
    if (signal.aborted) kill('SIGKILL');
    for (const output of [child.stdout, child.stderr]) output.destroy();
  }
}

/**
 * Has a process wait for our end, which it sees by the end of its input, to kill the group then. The kernel's own way, PR_SET_PDEATHSIG,
 * reaches one process and not what that has started. Returns what ends the wait.
 */
function killWithUs(group: number): () => void {
  const script = 'read -r _; kill -s KILL -- "-$1"';
  const watch = spawn('/bin/sh', ['-c', script, 'sh', String(group)], {
    // Signals to our own group must not reach it before it has done its work.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it the program runs all the same.
  watch.on('error', () => undefined);
  watch.stdin?.on('error', () => undefined);
  return () => {
    watch.kill('SIGKILL');
    watch.stdin?.destroy();
  };
}

function startFailure(program: string, error: Error): string {
  const { code, errno = 0 } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' && !program.includes('/'))
    return `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  return `fork/exec ${program}: ${getSystemErrorMap().get(errno)?.[1] ?? error.message}`;
}

function tellLines(output: NodeJS.ReadableStream, line: (text: string) => void): void {
  let begun = '';
  output.setEncoding('utf8');
  output.on('data', (piece: string) => {
    const lines = `${begun}${piece}`.split('\n');
    begun = lines.pop() ?? '';
    for (const text of lines) line(text);
    if (begun.length < longestLine) return;
    line(begun);
    begun = '';
  });
  output.on('end', () => {
    if (begun !== '') line(begun);
  });
}

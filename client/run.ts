// The process around a run of imagectl: its streams, its signals, its exit code.
import { CommandError } from './errors.js';
import type { Surroundings } from './options.js';
import { runProgram } from './program.js';

/** Runs the command of this process, and sets its exit code. */
export async function run({ args, ...surroundings }: Surroundings): Promise<void> {
  const { stdout, stderr } = process;
  const interrupt = new AbortController();

  // Closing the connection is how a call is given up: the service undoes what it has begun.
  process.once('SIGINT', () => interrupt.abort(new CommandError('', 130)));
  process.once('SIGTERM', () => interrupt.abort(new CommandError('', 143)));

  // `imagectl images | head -1`: nobody reads on, which is no failure to complain about.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    interrupt.abort(new CommandError('', 141));
  });

  process.exitCode = await runProgram(args, {
    ...surroundings,
    stdio: () => ({ input: process.stdin, output: stdout }),
    stdout,
    stderr,
    now: Date.now,
    signal: interrupt.signal,
  });
}

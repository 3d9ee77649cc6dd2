// The process around a run of imagectl: its streams, its signals, its exit code.
import { CommandError } from './errors.js';
import { liveTerminal } from './live-terminal.js';
import type { Surroundings } from './options.js';
import { runProgram } from './program.js';

/** What the commands are ended by, each with the exit code that a shell has for it. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const brokenPipe = 141;

/** Runs the command of this process, and sets its exit code. */
export async function run({ args, ...surroundings }: Surroundings): Promise<void> {
  const { stdout, stderr } = process;
  const interrupt = new AbortController();
  const end = (code: number): void => {
    process.exitCode = code;
    interrupt.abort(new CommandError('', code));
  };

  // Closing the connection is how a call is given up: the service undoes what it has begun, and so does this side, unless the
  // user does not want to wait for it.
  for (const [name, code] of Object.entries(signals)) {
    process.on(name, () => (interrupt.signal.aborted ? process.exit(code) : end(code)));
  }

  // `imagectl images | head -1`: nobody reads on, which is no failure to complain about.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      end(brokenPipe);
    });
  }

  const code = await runProgram(args, {
    ...surroundings,
    stdio: () => ({ input: process.stdin, output: stdout }),
    stdout,
    stderr: stderr.isTTY ? liveTerminal(stderr) : stderr,
    now: Date.now,
    signal: interrupt.signal,
  });
  // Whatever ended it says more than what the end of everything else led to.
  if (!interrupt.signal.aborted) process.exitCode = code;
}

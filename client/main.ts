// imagectl: the command line to imaged, in podman's words.
import { CommandError } from './errors.js';
import { readSurroundings } from './options.js';
import { runProgram } from './program.js';

const { args, address, lookup, pid, environment } = readSurroundings();
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
  address,
  lookup,
  pid,
  environment,
  stdio: () => ({ input: process.stdin, output: stdout }),
  stdout,
  stderr,
  now: Date.now,
  signal: interrupt.signal,
});

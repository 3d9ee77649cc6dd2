// imaged-idl: checks, formats, translates and documents interface files.
import { runProgram } from './program.js';

const { stdin, stdout, stderr } = process;

// `imaged-idl docs x.varlink | head -1`: nobody reads on, which is no failure to complain about.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = 141;
});

process.exitCode = await runProgram(process.argv.slice(2), { stdin, stdout, stderr });

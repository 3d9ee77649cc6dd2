// npm run docs: writes docs/imagectl.md to standard output.
import type { Context } from '../../../client/context.js';
import { wholeProgram } from '../../../client/program.js';
import { commandReference } from './command-reference.js';

// Only declared: nothing of it runs.
const program = await wholeProgram({ address: 'unix:/run/imaged/io.podman', environment: {} } as Context);
process.stdout.write(commandReference(program));

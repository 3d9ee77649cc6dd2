// The proof servers as they are built; the tests run them like any other program.
import { join } from 'node:path';

export const probeServer = join(process.cwd(), 'dist', 'probe-server.js');

export const certify = join(process.cwd(), 'dist', 'certify.js');

#!/usr/bin/env node
// imagectl: the command line to imaged, in podman's words.
import { readSurroundings } from './options.js';
import { versionText } from './version.js';

const surroundings = readSurroundings();
const [first] = surroundings.args;

// Scripts ask for it often: nothing else has to be loaded for the answer.
if (first === '--version' || first === '-v') {
  // Nobody reads it.
  process.stdout.on('error', () => (process.exitCode = 141));
  process.stdout.write(`${versionText}\n`);
} else {
  await (await import('./run.js')).run(surroundings);
}

// The last step of `npm test`: installs the peers, runs jest on all that can run here and names what could not.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSystemd, systemdReleases } from '../interop/support/newer-systemd.js';
import { openCrun } from '../interop/support/run-step.js';
import { installPrograms } from './install.js';
import { placedInMemory } from './memory-place.js';

const missing = installPrograms();
const notRun = missing.map(({ name, needed }) => `${needed} (no ${name})`);
for (const release of systemdReleases) {
  await openSystemd(release).catch((error: unknown) => {
    notRun.push(`calls from and to a newer systemd (${(error as Error).message})`);
  });
}
await openCrun().catch((error: unknown) => {
  notRun.push(`builds by crun (${(error as Error).message})`);
});
const isRoot = process.getuid?.() === 0;
if (!isRoot) {
  notRun.push('interop with the peers on one store (needs root)');
}

// A part of the interop suite cannot be trusted without its peers, so it runs as a whole or not at all.
const projects = notRun.length === 0 ? ['unit', 'interop'] : ['unit'];
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
// Jest's cache outlives the tests' temporary files.
const cache = ['--cacheDirectory', join(tmpdir(), 'imaged-jest')];
const args = [jest, '--ci', ...cache, ...process.argv.slice(2), '--selectProjects', ...projects];
const { command, remove } = placedInMemory([process.execPath, ...args]);
const [program = '', ...rest] = command;
const { status } = spawnSync(program, rest, { stdio: 'inherit' });
remove();

if (notRun.length > 0) {
  console.error(`\nnot run:\n${notRun.map((part) => `  - ${part}\n`).join('')}`);
}
// In CI a part that did not run is a failure.
process.exitCode = notRun.length > 0 && process.env['CI'] === 'true' ? 1 : (status ?? 1);

// Installs the peers of the tests on Debian, when it may, and finds out which are missing.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { type PeerProgram, peerPrograms } from './programs.js';

// Debian keeps some of the programs where an ordinary user's search path does not go.
const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The programs that are not on this machine. */
export function missingPrograms(): PeerProgram[] {
  return peerPrograms.filter(({ name, path }) =>
    path === undefined ? !places.some((place) => isExecutable(join(place, name))) : !existsSync(path),
  );
}

/** Installs what is missing if this is Debian and we are root; returns what is still missing. */
export function installPrograms(): PeerProgram[] {
  const missing = missingPrograms();
  if (missing.length === 0 || process.getuid?.() !== 0 || !isExecutable('/usr/bin/apt-get')) {
    return missing;
  }
  const packages = [...new Set(missing.map((program) => program.package))];
  console.log(`installing ${packages.join(' ')}`);
  withoutServices(() => {
    if (aptGet('update') && !aptGet('install', '--yes', '--no-install-recommends', ...packages)) {
      // One package that cannot be had must not keep the others away.
      for (const name of packages) {
        aptGet('install', '--yes', '--no-install-recommends', name);
      }
    }
  });
  return missingPrograms();
}

/** Debian starts what it installs, an sshd and a registry for everybody to reach among it, unless this file forbids it. */
function withoutServices(install: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) {
    install();
    return;
  }
  // Signals end apt, and then us: the file must not stay.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupted = (): never => process.exit(1);
  for (const signal of signals) process.on(signal, interrupted);
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(policy);
    for (const signal of signals) process.off(signal, interrupted);
  }
}

function aptGet(...args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const done = spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8' });
  if (done.status !== 0) {
    console.error(`apt-get ${args[0]}: ${(done.stderr || done.error?.message || '').trim()}`);
  }
  return done.status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

// Another process that holds a lock of the store, with the POSIX record locks the Go tools take.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { ended, stop, Transcript } from './process.js';

const program = `
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
fcntl.lockf(fd, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
`;

export interface LockHolder {
  /** Lets go of the lock. */
  release(): Promise<void>;
}

/** Takes the lock for writing; resolves when it has it. */
export async function holdLock(path: string): Promise<LockHolder> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const child = spawn('python3', ['-c', program, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = new Transcript(child.stdout);
  if ((await said.match(/locked/, () => child.exitCode !== null)) === undefined) {
    await stop(child);
    throw new Error(`${path} could not be locked`);
  }
  return {
    release: async () => {
      child.stdin.end();
      await ended(child);
    },
  };
}

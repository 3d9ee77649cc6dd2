// Watching the locks of a store from another process, while something is done to it.
import { spawn } from 'node:child_process';

import { ended, Transcript } from '../interop/support/process.js';
import type { LockHolds } from './lock-probe.js';

/** Starts to watch the store below `root`; what is returned ends it and says what was seen. */
export function watchLocks(root: string): () => Promise<LockHolds> {
  const probe = new URL('./lock-probe.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [probe, root], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = new Transcript(child.stdout);
  return async () => {
    child.stdin.end();
    await ended(child);
    return JSON.parse(said.text) as LockHolds;
  };
}

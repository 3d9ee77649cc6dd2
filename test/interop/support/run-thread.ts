// A thread with mounts of its own that runs one step in a root, for tests of RUN.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

import type { CopySource } from '../../../src/build/copy/copy-request.js';
import { uncoverCgroups } from '../../../src/build/run/cgroups.js';
import type { RunRequest } from '../../../src/build/run/run-request.js';
import { runStep } from '../../../src/build/run/run-step.js';
import { leaveNamespace } from '../../../src/sys/mount.js';

/** What the thread is started with. */
export interface RunThreadData {
  readonly root: string;
  readonly request: RunRequest;
  readonly runtimes?: readonly string[];
  readonly slowness?: number;
}

/** What it tells; any message to it aborts the step. */
export type RunThreadReport =
  | { readonly kind: 'output'; readonly piece: Uint8Array }
  | { readonly kind: 'ended'; readonly status: number; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
  /** Mounts and files that were not there before the step; the last report. */
  | { readonly kind: 'left'; readonly left: readonly string[] };

const { root, request, runtimes, slowness = 0 } = workerData as RunThreadData;
const abort = new AbortController();
parentPort?.on('message', () => abort.abort(new Error('given up')));
const report = (message: RunThreadReport): void => parentPort?.postMessage(message, []);

function mounts(): string[] {
  return readFileSync('/proc/thread-self/mountinfo', 'utf8').split('\n');
}

leaveNamespace();
const state = mkdtempSync(join(tmpdir(), 'run-state-'));
const before = new Set(mounts());
const place = {
  root,
  state,
  mountSource: (source: CopySource): string => (source.kind === 'stack' ? '/nowhere' : source.directory),
  ...(runtimes !== undefined && { runtimes }),
};
try {
  const write = async (piece: Uint8Array): Promise<void> => {
    report({ kind: 'output', piece });
    if (slowness > 0) await sleep(slowness);
  };
  const { status, warnings } = await runStep(request, place, write, abort.signal);
  report({ kind: 'ended', status, warnings });
} catch (error) {
  report({ kind: 'failed', name: (error as Error).name, message: (error as Error).message });
} finally {
  // It stays for the steps that follow, and goes before the thread does.
  uncoverCgroups();
  report({ kind: 'left', left: [...mounts().filter((line) => !before.has(line)), ...readdirSync(state)] });
  rmSync(state, { recursive: true });
  parentPort?.close();
}

// A thread with mounts of its own that runs steps in roots, one after the other, for tests of RUN.
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

/** What the thread is started with if it is for one step only, or else told for each. */
export interface RunThreadData {
  readonly root: string;
  readonly request: RunRequest;
  readonly runtimes?: readonly string[];
  readonly slowness?: number;
}

/** What it tells of a step. */
export type RunThreadReport =
  | { readonly kind: 'output'; readonly piece: Uint8Array }
  | { readonly kind: 'ended'; readonly status: number; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
  /** Mounts and files that were not there before the step; the last report. */
  | { readonly kind: 'left'; readonly left: readonly string[] };

const report = (message: RunThreadReport): void => parentPort?.postMessage(message, []);
let abort = new AbortController();

function mounts(): string[] {
  return readFileSync('/proc/thread-self/mountinfo', 'utf8').split('\n');
}

async function step({ root, request, runtimes, slowness = 0 }: RunThreadData): Promise<void> {
  abort = new AbortController();
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
    const left = [...mounts().filter((line) => !before.has(line)), ...readdirSync(state)];
    rmSync(state, { recursive: true });
    report({ kind: 'left', left });
  }
}

leaveNamespace();
if (workerData === null) {
  parentPort?.on('message', (message: RunThreadData | 'abort') => {
    if (message === 'abort') abort.abort(new Error('given up'));
    else void step(message);
  });
} else {
  await step(workerData as RunThreadData);
}

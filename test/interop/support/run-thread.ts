// A thread with mounts of its own that runs one step in a root, for tests of RUN.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

import type { CopySource } from '../../../src/build/copy/copy-request.js';
import type { RunRequest } from '../../../src/build/run/run-request.js';
import { runStep } from '../../../src/build/run/run-step.js';
import { leaveNamespace } from '../../../src/sys/mount.js';

/** What the thread is started with. */
export interface RunThreadData {
  readonly root: string;
  readonly request: RunRequest;
  readonly runtimes?: readonly string[];
}

/** What it tells; any message to it aborts the step. */
export type RunThreadReport =
  | { readonly kind: 'output'; readonly piece: Uint8Array }
  | {
      readonly kind: 'ended';
      readonly status: number;
      readonly warnings: readonly string[];
      readonly mounts: number;
    }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

const { root, request, runtimes } = workerData as RunThreadData;
const abort = new AbortController();
parentPort?.on('message', () => abort.abort(new Error('given up')));
const report = (message: RunThreadReport): void => parentPort?.postMessage(message, []);

leaveNamespace();
const state = mkdtempSync(join(tmpdir(), 'run-state-'));
const place = {
  root,
  state,
  mountSource: (source: CopySource): string => (source.kind === 'stack' ? '/nowhere' : source.directory),
  ...(runtimes !== undefined && { runtimes }),
};
try {
  const write = (piece: Uint8Array): Promise<void> => Promise.resolve(report({ kind: 'output', piece }));
  const { status, warnings } = await runStep(request, place, write, abort.signal);
  report({ kind: 'ended', status, warnings, mounts: 0 });
} catch (error) {
  report({ kind: 'failed', name: (error as Error).name, message: (error as Error).message });
} finally {
  rmSync(state, { recursive: true });
  parentPort?.close();
}

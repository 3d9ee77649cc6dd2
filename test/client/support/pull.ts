// A pull that goes step by step, with the operation that io.imaged tells of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobProgress, IoImagedService, Operation } from '../../../src/generated/io-imaged.js';
import { ErrorOccurred } from '../../../src/generated/io-podman.js';
import type { IoPodmanService } from '../../../src/generated/io-podman.js';

export const imageId = '1'.repeat(64);
const blobs = ['a', 'b'].map((character) => `sha256:${character.repeat(64)}`);
const total = 2_000_000;

export const pullLines = [
  'Trying to pull docker.io/library/sample:1...\n',
  'Getting image source signatures\n',
  ...blobs.map((digest) => `Copying blob ${digest}\n`),
  `Copying config sha256:${imageId}\n`,
  'Writing manifest to image destination\n',
  'Storing signatures\n',
];

/** What of a pull has been seen from the service's side. */
export interface PullTrace {
  /** How the last pull ended: not at all yet, by its own end, or because the caller went away. */
  outcome: 'running' | 'complete' | 'aborted';
}

export interface PullServices {
  readonly podman: Partial<IoPodmanService>;
  readonly imaged: Partial<IoImagedService>;
  readonly trace: PullTrace;
}

/** `stall`: the pull never ends by itself. `pace`: milliseconds between its steps. */
export function pullServices({ stall = false, pace = 5 } = {}): PullServices {
  const trace: PullTrace = { outcome: 'running' };
  let operation: Operation | undefined;
  let step = 0;
  const progress = (): BlobProgress[] =>
    blobs.map((digest, index) => {
      if (index === 1) return { digest, total, done: 0, state: 'exists' };
      const done = Math.min(step * 250_000, total);
      return { digest, total, done, state: done === total ? 'done' : 'copying' };
    });
  return {
    trace,
    podman: {
      async *pullImage({ name }, call) {
        if (name.includes('nope')) throw new ErrorOccurred(`unable to pull ${name}: manifest unknown`);
        const startedAt = new Date().toISOString();
        operation = {
          id: 'x',
          kind: 'pull',
          target: name,
          pid: 0,
          phase: 'copy',
          startedAt,
          blobs: progress(),
        };
        trace.outcome = 'running';
        step = 0;
        try {
          for (const line of pullLines) {
            const last = line.startsWith('Copying config');
            const waits = last ? (stall ? Infinity : 8) : 1;
            for (let wait = 0; wait < waits; wait += 1) {
              await sleep(pace, undefined, { signal: call.signal });
              step += last ? 1 : 0;
            }
            yield { reply: { logs: [line], id: '' } };
          }
          trace.outcome = 'complete';
        } finally {
          operation = undefined;
          if (trace.outcome === 'running') trace.outcome = 'aborted';
        }
        return { reply: { logs: [], id: imageId } };
      },
    },
    imaged: {
      async *watchOperations(_params, call) {
        while (call.more && !call.signal.aborted) {
          yield { operations: operation === undefined ? [] : [{ ...operation, blobs: progress() }] };
          await sleep(pace);
        }
        return { operations: [] };
      },
    },
  };
}

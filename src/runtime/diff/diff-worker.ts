// The thread that compares layers, with blocking system calls: many at once, a batch of each in turn.
import { parentPort } from 'node:worker_threads';
import { layerChanges } from '../../archive/layer-changes.js';
import { goText } from '../../oci/go-json.js';
import type { Diff, DiffCommand, DiffReport, DiffTask } from './diff-message.js';
import { transferError } from '../transferred-error.js';

/** What a batch has at most: about a millisecond's work for who takes it. */
const BATCH = 512;
/** So long a comparison that finds little goes on before others have their turn, and its caller can stop it; milliseconds. */
const TURN_MS = 10;

const port = parentPort;
if (port === null) throw new Error('a diff worker is started by its thread only');

/** What waits for the answer to a batch, by the id of the comparison: true to go on. */
const waiting = new Map<number, (goesOn: boolean) => void>();

port.on('message', (command: DiffCommand) => {
  if (command.kind === 'start') void compare(command.id, command.task);
  else waiting.get(command.id)?.(command.kind === 'next');
});

async function compare(id: number, { directory, lowers }: DiffTask): Promise<void> {
  let diffs: Diff[] = [];
  let turn = performance.now();
  try {
    for (const changes of layerChanges(directory, lowers)) {
      for (const { path, kind } of changes) diffs.push({ path: goText(path), changeType: kind });
      if (diffs.length < BATCH && performance.now() - turn < TURN_MS) continue;
      if (!(await handOver(id, diffs))) return;
      diffs = [];
      turn = performance.now();
    }
    report({ kind: 'done', id, diffs });
  } catch (error) {
    report({ kind: 'failed', id, error: transferError(error) });
  }
}

async function handOver(id: number, diffs: readonly Diff[]): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => {
    waiting.set(id, resolve);
  });
  report({ kind: 'batch', id, diffs });
  const goesOn = await answer;
  waiting.delete(id);
  return goesOn;
}

function report(message: DiffReport): void {
  port?.postMessage(message);
}

// The thread that unpacks and moves layers, with blocking system calls.
import { parentPort } from 'node:worker_threads';
import { DiskFullError, LayerError } from '../../archive/errors.js';
import { transferLayer, type TransferSummary } from '../../archive/transfer-layer.js';
import { unpackContext } from '../../archive/unpack-context.js';
import type { LayerSummary } from '../../archive/unpack-layer.js';
import { unpackLayer } from '../../archive/unpack-layer.js';
import { defaultTimeouts } from '../../registry/blob-request.js';
import { triesToUpload } from '../../registry/blob-upload.js';
import { withRetries } from '../../registry/retry.js';
import { TarSplitWriter } from '../../store/tar-split-writer.js';
import { openBlobInput } from './blob-reader.js';
import { openBlobWriter } from './blob-writer.js';
import type {
  ContextTask,
  LayerTask,
  TaskSummary,
  TransferTask,
  WorkerCommand,
  WorkerReport,
} from './layer-message.js';
import { transferError } from '../transferred-error.js';

const PROGRESS_MS = 100;

const port = parentPort;
if (port === null) throw new Error('a layer worker is started by the pool only');

const running = new Map<number, AbortController>();

port.on('message', (command: WorkerCommand) => {
  if (command.kind === 'cancel') running.get(command.id)?.abort();
  else void run(command);
});

async function run(command: Exclude<WorkerCommand, { kind: 'cancel' }>): Promise<void> {
  const { id } = command;
  const abort = new AbortController();
  running.set(id, abort);
  const onProgress = throttled((bytes) => report({ kind: 'progress', id, bytes }));
  try {
    report({ kind: 'done', id, summary: await carryOut(command, onProgress, abort.signal) });
  } catch (error) {
    report({ kind: 'failed', id, error: transferError(withDiskFull(error)) });
  } finally {
    running.delete(id);
  }
}

async function carryOut(
  command: Exclude<WorkerCommand, { kind: 'cancel' }>,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<TaskSummary> {
  switch (command.kind) {
    case 'unpack':
      return await unpack(command.task, onProgress, signal);
    case 'transfer':
      return await transfer(command.task, onProgress, signal);
    default:
      return await unpackSent(command.task, signal);
  }
}

async function unpackSent({ blob, directory, limits }: ContextTask, signal: AbortSignal) {
  return await unpackContext(await openBlobInput(blob, signal), directory, limits, signal);
}

function report(message: WorkerReport): void {
  port?.postMessage(message);
}

type OnProgress = (bytes: number) => void;

async function unpack(task: LayerTask, onProgress: OnProgress, signal: AbortSignal): Promise<LayerSummary> {
  const { directory, expected, limits } = task;
  const recipe = new TarSplitWriter(task.tarSplitPath);
  try {
    const input = await openBlobInput(task.blob, signal);
    const summary = await unpackLayer(
      input,
      { directory, expected, observer: recipe, limits, onProgress },
      signal,
    );
    await recipe.finish();
    return summary;
  } finally {
    recipe.abandon();
  }
}

async function transfer(
  task: TransferTask,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<TransferSummary> {
  const { target } = task;
  if (target.kind !== 'upload') return await transferOnce(task, onProgress, signal);
  const { retry: delay } = target.timeouts ?? defaultTimeouts;
  return await withRetries(
    () => transferOnce(task, onProgress, signal),
    { delay, tries: triesToUpload },
    signal,
  );
}

async function transferOnce(
  task: TransferTask,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<TransferSummary> {
  const { expected, recode, limits } = task;
  const writer = await openBlobWriter(task.target, signal);
  try {
    const input = await openBlobInput(task.blob, signal);
    const write = (chunk: Buffer): Promise<void> | void => writer.write(chunk);
    const summary = await transferLayer(input, { expected, recode, write, limits, onProgress }, signal);
    await writer.finish(summary.digest);
    return summary;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function throttled(send: (bytes: number) => void): (bytes: number) => void {
  let last = 0;
  return (bytes) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    send(bytes);
  };
}

// Recipes and archives are written through node:fs, which says it in its own way.
function withDiskFull(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (error instanceof LayerError || (code !== 'ENOSPC' && code !== 'EDQUOT')) return error;
  return new DiskFullError('no space left on device (write)', undefined, { cause: error });
}

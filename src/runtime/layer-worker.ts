// The thread that unpacks layers: one task at a time, with blocking system calls.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { DiskFullError, LayerError } from '../archive/errors.js';
import type { LayerSummary } from '../archive/unpack-layer.js';
import { unpackLayer } from '../archive/unpack-layer.js';
import type { BlobLocation } from '../oci/blob.js';
import { openBlob } from '../registry/open-blob.js';
import { TarSplitWriter } from '../store/tar-split-writer.js';
import type { LayerTask, WorkerCommand, WorkerReport } from './layer-message.js';
import { transferError } from './transferred-error.js';

const PROGRESS_MS = 100;
const READ_BYTES = 256 * 1024;

const port = parentPort;
if (port === null) throw new Error('a layer worker is started by the pool only');

let current: AbortController | undefined;

port.on('message', (command: WorkerCommand) => {
  if (command.kind === 'cancel') current?.abort();
  else if (command.kind === 'unpack') void run(command.task);
  else report({ kind: 'failed', error: transferError(new Error('not yet')) });
});

async function run(task: LayerTask): Promise<void> {
  current = new AbortController();
  try {
    report({ kind: 'done', summary: await unpack(task, current.signal) });
  } catch (error) {
    report({ kind: 'failed', error: transferError(withDiskFull(error)) });
  }
}

function report(message: WorkerReport): void {
  port?.postMessage(message);
}

async function unpack(task: LayerTask, signal: AbortSignal): Promise<LayerSummary> {
  const { directory, expected, limits } = task;
  const recipe = new TarSplitWriter(task.tarSplitPath);
  try {
    const input = await open(task.blob, signal);
    const onProgress = throttled((compressedBytes) => report({ kind: 'progress', compressedBytes }));
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

async function open(blob: BlobLocation, signal: AbortSignal): Promise<Readable> {
  if (blob.kind === 'http') return openBlob(blob, signal);
  if (blob.kind !== 'file') throw new Error('not yet');
  const { path, offset, length } = blob;
  if (length === 0) return Readable.from([]);
  return createReadStream(path, { start: offset, end: offset + length - 1, highWaterMark: READ_BYTES });
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

// The recipe is written through node:fs, which says it in its own way.
function withDiskFull(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (error instanceof LayerError || (code !== 'ENOSPC' && code !== 'EDQUOT')) return error;
  return new DiskFullError('no space left on device (write)', undefined, { cause: error });
}

// Copies between transports in this thread, without a daemon, a store or workers.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transferLayer } from '../../../src/archive/transfer-layer.js';
import { openBlobInput } from '../../../src/runtime/layers/blob-reader.js';
import { openBlobWriter } from '../../../src/runtime/layers/blob-writer.js';
import { copyImage } from '../../../src/runtime/copy/copy.js';
import type { ImageDestination, WrittenImage } from '../../../src/runtime/copy/image-sink.js';
import type { ImageSource } from '../../../src/runtime/copy/image-source.js';
import { Operation } from '../../../src/runtime/operation.js';
import type { LayerMover } from '../../../src/runtime/transports/layer-shelf.js';

/** Moves layers one after the other, as one worker does. */
export class OneMover implements LayerMover {
  #last: Promise<unknown> = Promise.resolve();

  readonly transfer: LayerMover['transfer'] = async (task, signal, onProgress) => {
    const moved = this.#last.then(() => move(task, signal, onProgress));
    this.#last = moved.catch(() => undefined);
    return await moved;
  };
}

const move: LayerMover['transfer'] = async (task, signal, onProgress) => {
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
};

export const never: AbortSignal = new AbortController().signal;

const gate = { admit: async (): Promise<void> => undefined };
export const linux = { os: 'linux', architecture: 'amd64' };

export function someOperation(): Operation {
  return new Operation({ kind: 'copy', target: 'test', pid: 0 });
}

/** Copies one image into a destination that stays open. */
export async function copyInto(
  source: ImageSource,
  destination: ImageDestination,
  names: readonly string[] = [],
  operation: Operation = someOperation(),
): Promise<WrittenImage> {
  await using sink = destination.image(names);
  return await copyImage(source, sink, { platform: linux, gate, signatures: 'keep' }, operation);
}

/** Copies one image and finishes the destination. */
export async function copyTo(
  source: ImageSource,
  opened: Promise<ImageDestination>,
  names: readonly string[] = [],
): Promise<WrittenImage> {
  await using destination = await opened;
  const image = await copyInto(source, destination, names);
  await destination.finish(never);
  return image;
}

/** A temporary directory that goes with the block that uses it. */
export interface Workplace extends AsyncDisposable {
  readonly root: string;
  path(name: string): string;
  /** The names of all that is in it, hidden files as well. */
  names(): Promise<readonly string[]>;
}

export async function workplace(): Promise<Workplace> {
  const root = await mkdtemp(join(tmpdir(), 'imaged-archives-'));
  return {
    root,
    path: (name) => join(root, name),
    names: async () => (await readdir(root)).toSorted((a, b) => a.localeCompare(b)),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Open descriptors of this process that lead below `root`. */
export async function openBelow(root: string): Promise<readonly string[]> {
  const { readlink } = await import('node:fs/promises');
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(root));
}

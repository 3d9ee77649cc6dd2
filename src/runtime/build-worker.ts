// The thread in which builds work on file systems: it leaves the mounts of the host, and blocks.
import { parentPort } from 'node:worker_threads';
import { packLayer } from '../archive/pack-layer.js';
import { BuildPlace, WorkingTreeError } from '../build/root/build-place.js';
import { flattenStack } from '../build/root/flatten-stack.js';
import { makeWorkingDirectory } from '../build/root/make-working-directory.js';
import { TarSplitWriter } from '../store/tar-split-writer.js';
import { AbortFlag } from '../sys/abort-flag.js';
import { leaveNamespace } from '../sys/mount.js';
import type { BuildCall, BuildCommand, BuildReport } from './build-message.js';
import { transferError } from './transferred-error.js';

const port = parentPort;
if (port === null) throw new Error('a build worker is started by its workplaces only');

let left = false;
let place: BuildPlace | undefined;
let running = new AbortController();
let written: () => void = () => undefined;

port.on('message', (command: BuildCommand) => {
  if (command.kind === 'cancel') running.abort();
  else if (command.kind === 'written') written();
  else void run(command.id, command.call);
});

async function run(id: number, call: BuildCall): Promise<void> {
  try {
    report({ kind: 'done', id, result: await carryOut(id, call) });
  } catch (error) {
    report({ kind: 'failed', id, error: transferError(error) });
  }
}

function report(message: BuildReport): void {
  port?.postMessage(message);
}

async function carryOut(id: number, call: BuildCall): Promise<unknown> {
  if (call.method === 'open') {
    if (!left) leaveNamespace();
    left = true;
    running = new AbortController();
    place = new BuildPlace(call.state, new AbortFlag(call.abort), call.cacheDirectory);
    return undefined;
  }
  if (place === undefined) throw new WorkingTreeError('no build is open');
  switch (call.method) {
    case 'close':
      place.close();
      place = undefined;
      return undefined;
    case 'mount':
      place.mount(call.tree);
      return undefined;
    case 'unmount':
      place.unmount();
      return undefined;
    case 'makeDirectory':
      makeWorkingDirectory(place.demandRoot().fd, call.path, call.user);
      return undefined;
    case 'pack':
      return await pack(call, place.abort);
    case 'flatten':
      await flattenStack(place, call.stack, call.directory);
      return undefined;
    default:
      throw new Error(`not yet ${call.method} ${id}`);
  }
}

async function pack(
  { request, lowers }: Extract<BuildCall, { method: 'pack' }>,
  abort: AbortFlag,
): Promise<unknown> {
  const { directory, tarSplitPath, latest } = request;
  const observer = new TarSplitWriter(tarSplitPath);
  try {
    const packed = await packLayer(directory, { observer, lowers, latest, abort });
    await observer.finish();
    return packed;
  } finally {
    observer.abandon();
  }
}

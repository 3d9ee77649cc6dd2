// The thread in which builds work on file systems: it leaves the mounts of the host, and blocks.
import { parentPort } from 'node:worker_threads';
import { packLayer } from '../../archive/pack-layer.js';
import type { CopyRequest, CopySource } from '../../build/copy/copy-request.js';
import { copySources } from '../../build/copy/copy-sources.js';
import { digestSources } from '../../build/copy/digest-sources.js';
import { BuildPlace, WorkingTreeError } from '../../build/root/build-place.js';
import { flattenStack } from '../../build/root/flatten-stack.js';
import { makeWorkingDirectory } from '../../build/root/make-working-directory.js';
import { uncoverCgroups } from '../../build/run/cgroups.js';
import type { RunOutcome, RunRequest } from '../../build/run/run-request.js';
import { runStep } from '../../build/run/run-step.js';
import { TarSplitWriter } from '../../store/tar-split-writer.js';
import { AbortFlag } from '../../sys/abort-flag.js';
import { leaveNamespace, returnToNamespace } from '../../sys/mount.js';
import type { BuildCall, BuildCommand, BuildReport } from './build-message.js';
import { transferError } from '../transferred-error.js';

const port = parentPort;
if (port === null) throw new Error('a build worker is started by its workplaces only');

let place: BuildPlace | undefined;
/** For the call that is under way. */
let running = new AbortController();
let written: () => void = () => undefined;

port.on('message', (command: BuildCommand) => {
  if (command.kind === 'written') written();
  else if (command.kind === 'cancel') {
    running.abort();
    // Whoever reads may be waiting for us.
    written();
  } else void answer(command.id, command.call);
});

async function answer(id: number, call: BuildCall): Promise<void> {
  running = new AbortController();
  try {
    report({ kind: 'done', id, result: await carryOut(id, call) });
  } catch (error) {
    report({ kind: 'failed', id, error: transferError(error) });
  }
}

function report(message: BuildReport, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

async function carryOut(id: number, call: BuildCall): Promise<unknown> {
  if (call.method === 'open') {
    leaveNamespace();
    place = new BuildPlace(call.state, new AbortFlag(call.abort), call.cacheDirectory);
    return undefined;
  }
  if (place === undefined) throw new WorkingTreeError('no build is open');
  switch (call.method) {
    case 'close':
      uncoverCgroups();
      place.close();
      place = undefined;
      // While it rests it must not hold what the host unmounts, and the next build is to see what the host has mounted by then.
      return returnToNamespace();
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
    case 'run':
      return await run(id, call.request, place);
    case 'copy':
      await copySources(call.request, place);
      return undefined;
    case 'digest':
      return await digest(call, place);
    default:
      return await digestSources(bindSource(call.source, call.path), place);
  }
}

async function digest(
  { request, root }: Extract<BuildCall, { method: 'digest' }>,
  place: BuildPlace,
): Promise<string> {
  if (root === undefined) return await digestSources(request, place);
  const { abort, cacheDirectory } = place;
  const openSource = (source: CopySource): number => place.openSource(source);
  const own = openSource({ kind: 'stack', stack: root });
  return await digestSources(request, { root: own, openSource, abort, cacheDirectory });
}

/** What is mounted, as if it were copied. */
function bindSource(source: CopySource, path: string): CopyRequest {
  const literal = path.replaceAll(/[*?[\\]/g, '\\$&');
  const options = { parents: false, link: false, unpack: false, excludes: [] };
  return { instruction: 'copy', parts: [{ source, patterns: [literal] }], destination: '/', ...options };
}

async function run(id: number, request: RunRequest, place: BuildPlace): Promise<RunOutcome> {
  const root = place.demandRoot().path;
  const write = (piece: Uint8Array): Promise<void> => {
    const bytes = new Uint8Array(piece);
    return new Promise((resolve) => {
      written = resolve;
      report({ kind: 'output', id, bytes }, [bytes.buffer]);
    });
  };
  const mountSource = (source: CopySource): string => place.mountSource(source);
  return await runStep(request, { root, state: place.state, mountSource }, write, running.signal);
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

// RUN in roots of busybox, in threads with mounts of their own.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { RunRequest, RunSettings } from '../../../src/build/run/run-request.js';
import { plainBuild } from '../../../src/runtime/builds/build-input.js';
import { openRelease } from './debian-release.js';
import type { RunThreadData, RunThreadReport } from './run-thread.js';

/** Where the compiled thread is; the tests run the sources, workers do not. */
const thread = join(import.meta.dirname, '../../../dist/test/interop/support/run-thread.js');

const settings: RunSettings = { ...plainBuild.run, isolation: 'auto' };

const defaults: RunRequest = {
  args: ['/bin/true'],
  env: [],
  cwd: '/',
  user: '',
  hostName: 'buildhost',
  mounts: [],
  network: 'default',
  insecure: false,
  settings,
};

/** The ways to run a step that are tested. */
export const isolations = ['runc', 'crun', 'chroot'] as const;
export type TestedIsolation = (typeof isolations)[number];

/** What has steps run that way. */
export async function isolatedBy(way: TestedIsolation): Promise<RunOptions> {
  if (way === 'chroot') return { settings: { isolation: 'chroot' } };
  return { settings: { isolation: 'oci' }, runtimes: [way === 'crun' ? await openCrun() : way] };
}

/**
 * A crun that podman and buildah do not find: where both versions of control groups are mounted they would take it, and fail.
 * Throws ReleaseError.
 */
export async function openCrun(): Promise<string> {
  const release = /^VERSION_CODENAME=(\w+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
  const program = await (await openRelease(release, ['crun'])).program('usr/bin/crun');
  // It is known by its name.
  const named = join(dirname(program), 'crun');
  await symlink(program, named).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return named;
}

export interface RunResult {
  /** -1 if there was none. */
  readonly status: number;
  readonly output: string;
  readonly warnings: readonly string[];
  /** Mounts and files of the step that are still there. */
  readonly left: readonly string[];
  /** `Name: message` of what kept it from being run. */
  readonly error?: string;
}

/** A request of which everything may be left out. */
export type StepRequest = Omit<Partial<RunRequest>, 'settings'> & {
  readonly settings?: Partial<RunSettings>;
};

export interface RunOptions {
  readonly runtimes?: readonly string[];
  readonly settings?: Partial<RunSettings>;
  /** Waits so long with each piece of output, in milliseconds. */
  readonly slowness?: number;
  /** Called with all output so far; true gives the step up. */
  readonly until?: (output: string) => boolean;
}

/** A root with busybox in /bin and nothing else. */
export function makeBusyboxRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'run-root-'));
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'bin'));
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  const installed = spawnSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin'], {
    encoding: 'utf8',
  });
  if (installed.status !== 0) throw new Error(`busybox: ${installed.stderr}`);
  return root;
}

export function removeRoot(root: string): void {
  rmSync(root, { recursive: true });
}

/** What a thread is started with that runs such a step. */
export function stepData(root: string, request: StepRequest, options: RunOptions = {}): RunThreadData {
  return {
    root,
    request: {
      ...defaults,
      ...request,
      settings: { ...settings, ...request.settings, ...options.settings },
    },
    ...(options.runtimes !== undefined && { runtimes: options.runtimes }),
    ...(options.slowness !== undefined && { slowness: options.slowness }),
  };
}

/** Threads without a step; a start of one takes longer than most of the steps. */
const idle: Worker[] = [];

/** Ends the threads; for the end of a suite. */
export async function endThreads(): Promise<void> {
  await Promise.all(idle.splice(0).map((worker) => worker.terminate()));
}

/** Runs one step to its end. */
export async function run(root: string, request: StepRequest, options: RunOptions = {}): Promise<RunResult> {
  const worker = idle.pop() ?? new Worker(thread, { workerData: null });
  const result = await runIn(worker, stepData(root, request, options), options);
  idle.push(worker);
  return result;
}

function runIn(worker: Worker, data: RunThreadData, options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    let result: Omit<RunResult, 'output'> = { status: -1, warnings: [], left: [] };
    const ended = (): void => reject(new Error('the thread of the steps ended'));
    const hear = (report: RunThreadReport): void => {
      if (report.kind === 'output') {
        pieces.push(report.piece);
        if (options.until?.(Buffer.concat(pieces).toString()) === true) worker.postMessage('abort', []);
      } else if (report.kind === 'ended')
        result = { ...result, status: report.status, warnings: report.warnings };
      else if (report.kind === 'left') {
        worker.off('message', hear).off('error', reject).off('exit', ended);
        resolve({ ...result, left: report.left, output: Buffer.concat(pieces).toString() });
      } else result = { ...result, error: `${report.name}: ${report.message}` };
    };
    worker.on('message', hear).once('error', reject).once('exit', ended);
    worker.postMessage(data, []);
  });
}

/** Runs a line of shell. */
export function sh(
  root: string,
  line: string,
  request: StepRequest = {},
  options: RunOptions = {},
): Promise<RunResult> {
  return run(root, { ...request, args: ['/bin/sh', '-c', line] }, options);
}

// Runs imagectl inside the test: its arguments in, what it wrote and its exit code out.
import { PassThrough } from 'node:stream';
import { runProgram } from '../../../client/program.js';
import type { Lookup } from '../../../client/bridge/lookup.js';
import type { Stdio } from '../../../client/bridge/stdio.js';
import type { Output } from '../../../client/context.js';
import type { RunningService } from './service.js';

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface Surroundings {
  /** Wall clock; the start of 2024 and ten days if absent. */
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  /** A terminal instead of a pipe; `Run.stderr` is empty then. */
  readonly terminal?: Output;
  readonly stdio?: Stdio;
  readonly lookup?: Lookup;
  readonly environment?: Readonly<Record<string, string>>;
  /** Where connections are named. */
  readonly connectionFile?: string;
}

export const tenDaysLater = Date.parse('2024-01-11T00:00:00Z');

export async function imagectl(
  service: Pick<RunningService, 'address'>,
  args: readonly string[],
  {
    now = () => tenDaysLater,
    signal = new AbortController().signal,
    terminal,
    stdio = { input: new PassThrough(), output: new PassThrough() },
    lookup = { registries: [], resolver: '/nonexistent' },
    environment = {},
    connectionFile,
  }: Surroundings = {},
): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    address: service.address,
    lookup,
    stdio: () => stdio,
    stdout: { write: (text) => (stdout += text) },
    stderr: terminal ?? { write: (text) => (stderr += text) },
    now,
    pid: process.pid,
    environment,
    ...(connectionFile === undefined
      ? {}
      : { remote: { usual: service.address, ownAddress: service.address, file: connectionFile } }),
    signal,
  });
  return { stdout, stderr, code };
}

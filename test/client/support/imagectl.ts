// Runs imagectl inside the test: its arguments in, what it wrote and its exit code out.
import { runProgram } from '../../../client/program.js';
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
}

export const tenDaysLater = Date.parse('2024-01-11T00:00:00Z');

export async function imagectl(
  service: Pick<RunningService, 'address'>,
  args: readonly string[],
  { now = () => tenDaysLater, signal = new AbortController().signal, terminal }: Surroundings = {},
): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    address: service.address,
    stdout: { write: (text) => (stdout += text) },
    stderr: terminal ?? { write: (text) => (stderr += text) },
    now,
    pid: process.pid,
    signal,
  });
  return { stdout, stderr, code };
}

// Runs imagectl inside the test: its arguments in, what it wrote and its exit code out.
import { runProgram } from '../../../client/program.js';
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
}

export const tenDaysLater = Date.parse('2024-01-11T00:00:00Z');

export async function imagectl(
  service: Pick<RunningService, 'address'>,
  args: readonly string[],
  { now = () => tenDaysLater, signal = new AbortController().signal }: Surroundings = {},
): Promise<Run> {
  let stdout = '';
  let stderr = '';
  const code = await runProgram(args, {
    address: service.address,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    now,
    pid: process.pid,
    signal,
  });
  return { stdout, stderr, code };
}

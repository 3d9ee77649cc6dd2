// Programs that are started to talk to them.
import { spawn, type ChildProcessWithoutNullStreams, type SpawnOptions } from 'node:child_process';

/** There are no descriptors left for the pipes to a program. */
export class ChildStartError extends Error {
  override readonly name = 'ChildStartError';
  readonly code = 'CHILD_START';
}

/**
 * Starts a program with pipes to its three streams. Other failures are told by the event `error`; for want of descriptors spawn
 * returns something without streams, of which {@link ChildStartError} is made.
 */
export function startChild(
  program: string,
  args: readonly string[],
  options: Omit<SpawnOptions, 'stdio'> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  if ((child.stdout as unknown) !== undefined) return child;
  // It comes all the same, and nobody else listens.
  child.once('error', () => undefined);
  throw new ChildStartError(`cannot start ${program}: too many open files`);
}

// Questions to podman, which alone knows all of its containers.
import type { StorageOptions } from '../../store/index.js';
import { ProgramError, runProgram } from '../../sys/run-program.js';
import type { Environment } from '../configuration-paths.js';
import { complaintOf, engineEnvironment, storeOptions } from './engine-program.js';

/** It waits for the locks of the store and of its containers; milliseconds. */
const timeout = 10 * 60 * 1000;
/** Of a container that was made with very many words. */
const maxText = 4 * 1024 * 1024;

/** What `podman ARGS` prints. No lock of the store may be held meanwhile. Throws {@link ProgramError} with what it said. */
export async function askPodman(
  store: StorageOptions,
  args: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<string> {
  const options = { env: engineEnvironment(environment), timeout, maxText };
  const { exitCode, output, errors } = await runProgram(
    'podman',
    [...storeOptions(store), ...args],
    options,
    signal,
  );
  if (exitCode === 0) return output;
  throw new ProgramError('podman', complaintOf(errors) || `exit status ${exitCode}`);
}

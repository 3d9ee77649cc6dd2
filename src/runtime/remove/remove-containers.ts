// Removing containers by the programs that own them: only those know what else belongs to one.
import { ProgramError, runProgram } from '../../sys/run-program.js';
import type { Store, StoredContainer } from '../../store/index.js';
import type { Environment } from '../configuration-paths.js';
import { engineOf, type ContainerEngine } from '../containers/containers.js';
import { complaintOf, engineEnvironment, storeOptions } from '../containers/engine-program.js';
import { RemoveRefusedError } from '../errors.js';

/** Podman gives each container ten seconds to stop, all at once. */
const timeout = 120_000;

interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** How each program removes containers, running or not. */
const commands: ReadonlyMap<ContainerEngine, Command> = new Map([
  ['podman', { program: 'podman', args: ['rm', '--force'] }],
  ['buildah', { program: 'buildah', args: ['rm'] }],
]);

/**
 * Removes containers, none if one of them cannot be. Takes no locks: the programs take them. Throws {@link RemoveRefusedError}, which
 * says whose a container is and what removes it.
 */
export async function removeContainers(
  store: Store,
  environment: Environment,
  containers: readonly StoredContainer[],
  signal: AbortSignal,
): Promise<void> {
  const owned = new Map<Command, string[]>();
  for (const container of containers) {
    const command = commandFor(store, container);
    const ids = owned.get(command) ?? [];
    if (ids.length === 0) owned.set(command, ids);
    ids.push(container.id);
  }
  for (const [command, ids] of owned) await remove(store, environment, command, ids, signal);
}

function commandFor(store: Store, container: StoredContainer): Command {
  const engine = engineOf(store, container);
  const command = commands.get(engine);
  if (command !== undefined) return command;
  const { id } = container;
  throw new RemoveRefusedError(
    engine === 'cri-o'
      ? `container ${id} belongs to CRI-O: remove it with "crictl rm --force ${id}", or its pod with "crictl rmp"`
      : `container ${id} was made by a program that left no sign of itself: remove it with that program`,
  );
}

async function remove(
  store: Store,
  environment: Environment,
  { program, args }: Command,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const failure = await run(program, [...storeOptions(store.options), ...args, ...ids], environment, signal);
  if (failure === undefined) return;
  const { containers } = await store.view(signal);
  const left = ids.filter((id) => containers.some((container) => container.id === id));
  // Somebody else may have been faster.
  if (left.length > 0)
    throw new RemoveRefusedError(`container ${left.join(', ')} could not be removed: ${failure}`);
}

/** Why it failed; undefined if it did not. */
async function run(
  program: string,
  args: readonly string[],
  environment: Environment,
  signal: AbortSignal,
): Promise<string | undefined> {
  const env = engineEnvironment(environment);
  try {
    const { exitCode, errors } = await runProgram(program, args, { env, timeout }, signal);
    return exitCode === 0 ? undefined : `${program}: ${complaintOf(errors) || `exit status ${exitCode}`}`;
  } catch (error) {
    if (error instanceof ProgramError) return error.message;
    throw error;
  }
}

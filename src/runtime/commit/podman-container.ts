// What podman knows of a container of its own. Its database has it, and only podman reads that.
import type { ContainerConfig } from '../../oci/config.js';
import { Fields, JsonFieldError } from '../../oci/json-fields.js';
import { parseStrictJson, StrictJsonError, type Json } from '../../oci/strict-json.js';
import { ProgramError } from '../../sys/run-program.js';
import { askPodman } from '../containers/podman-program.js';
import { cleanEnvironment } from './clean-environment.js';
import { CommitError, withSettings, type ContainerImage, type ContainerSource } from './container-image.js';

/** Podman calls volumes that nobody gave a name by such ones. */
const anonymousVolume = /^[0-9a-f]{64}$/;

/** The image with the settings of the container. Throws {@link CommitError} and the signal's reason. */
export async function podmanImage(
  { context, container, image }: ContainerSource,
  signal: AbortSignal,
): Promise<ContainerImage> {
  const { store, paths } = context;
  const { id } = container;
  try {
    const answer = await askPodman(store.options, ['container', 'inspect', id], paths.environment, signal);
    return withSettings(image, settingsOf(inspected(answer), image.config.config));
  } catch (cause) {
    const isExpected =
      cause instanceof ProgramError || cause instanceof StrictJsonError || cause instanceof JsonFieldError;
    if (!isExpected) throw cause;
    throw new CommitError(`container ${id} is podman's, which does not tell of it: ${cause.message}`, {
      cause,
    });
  }
}

function inspected(answer: string): Fields {
  const [container] = listOf(parseStrictJson(Buffer.from(answer)));
  return new Fields(container);
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function settingsOf(container: Fields, below: ContainerConfig): Partial<ContainerConfig> {
  const config = container.object('Config') ?? new Fields({});
  const cmd = config.strings('Cmd') ?? [];
  return {
    user: config.string('User') || below.user,
    env: cleanEnvironment({
      variables: config.strings('Env') ?? [],
      image: below.env,
      given: givenVariables(config.strings('CreateCommand') ?? []),
    }),
    entrypoint: entrypointOf(container, config, cmd.length),
    cmd,
    workingDir: config.string('WorkingDir') ?? '',
    exposedPorts: [...below.exposedPorts, ...portsOf(container)],
    volumes: [...below.volumes, ...anonymousVolumes(container)],
    labels: { ...below.labels, ...config.stringMap('Labels') },
  };
}

/** Podman 4 gives the words in one text, which does not tell where they end: then they are the first ones of what is run. */
function entrypointOf(container: Fields, config: Fields, commandLength: number): readonly string[] {
  const value = config.get('Entrypoint');
  if (value === undefined || value === '') return [];
  if (typeof value !== 'string') return config.strings('Entrypoint') ?? [];
  const run = [container.string('Path') ?? '', ...(container.strings('Args') ?? [])];
  const words = run.slice(0, Math.max(0, run.length - commandLength));
  // An init or the like may stand before it.
  let length = words.join(' ').length;
  for (const [index, word] of words.entries()) {
    if (length === value.length && words.slice(index).join(' ') === value) return words.slice(index);
    length -= word.length + 1;
  }
  return value.split(' ');
}

/** `80/tcp`: those that are published and those that are only said to be there. */
function portsOf(container: Fields): readonly string[] {
  return container.object('NetworkSettings')?.object('Ports')?.keys() ?? [];
}

function anonymousVolumes(container: Fields): readonly string[] {
  const mounts = container.list('Mounts', (mount) => ({
    isAnonymous: mount.string('Type') === 'volume' && anonymousVolume.test(mount.string('Name') ?? ''),
    path: mount.string('Destination') ?? '',
  }));
  return (mounts ?? []).filter(({ isAnonymous }) => isAnonymous).map(({ path }) => path);
}

/** The keys of `--env` in the command line by which the container was made. */
function givenVariables(words: readonly string[]): ReadonlySet<string> {
  const given = words.map((word, index) => {
    if (word.startsWith('--env=')) return word.slice('--env='.length);
    const [, value] = /^-[a-zA-Z]*e=?(.*)$/s.exec(word) ?? [];
    const isFlag = word === '--env' || value === '';
    return isFlag ? (words[index + 1] ?? '') : (value ?? '');
  });
  return new Set(given.map((variable) => variable.split('=', 1)[0] ?? ''));
}

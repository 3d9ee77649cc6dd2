// Where containers.conf has events go: to the file that podman uses, too, or nowhere.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { readWhole } from '../../signature/small-file.js';
import type { ConfigurationPaths } from '../configuration-paths.js';
import { messageOf } from '../errors.js';

export interface EventsPlace {
  /** Undefined where no events are kept. */
  readonly path: string | undefined;
  /** The size at which the file is rotated, 0 for never; bytes. */
  readonly limit: number;
}

/** A containers.conf that cannot be read; the message begins with its path. */
export class ContainersConfigError extends Error {
  override readonly name = 'ContainersConfigError';
  readonly code = 'CONTAINERS_CONFIG';
}

type Table = Readonly<Record<string, unknown>>;

const systemFiles: readonly string[] = [
  '/usr/share/containers/containers.conf',
  '/etc/containers/containers.conf',
];
const defaultLimit = 1_000_000;
/** A larger file is no configuration; bytes. */
const largestFile = 1024 * 1024;
const sizeUnits = 'kmgtp';

/**
 * What the files say, `--events-file` before them. Where podman is told to use the journal it is the file all the same, which podman
 * does not read then. Throws {@link ContainersConfigError}.
 */
export async function eventsPlace(paths: ConfigurationPaths): Promise<EventsPlace> {
  const settings = await readSettings(paths);
  const limit = sizeOf(settings['events_logfile_max_size']) ?? defaultLimit;
  if (paths.eventsFile !== undefined) return { path: paths.eventsFile, limit };
  if (textOf(settings['events_logger']) === 'none') return { path: undefined, limit };
  const directory = textOf(settings['tmp_dir']) || paths.podmanDirectory;
  const path = textOf(settings['events_logfile_path']) || join(directory, 'events/events.log');
  return { path, limit };
}

/** The table `engine` of all files that count, those read later before the others. */
async function readSettings({ environment, uid, configHome }: ConfigurationPaths): Promise<Table> {
  const settings: Record<string, unknown> = {};
  for (const { path, required } of await configFiles(environment['CONTAINERS_CONF'], uid, configHome))
    Object.assign(settings, await readEngine(path, required));
  return settings;
}

interface ConfigFile {
  readonly path: string;
  readonly required: boolean;
}

async function configFiles(
  named: string | undefined,
  uid: number,
  configHome: string,
): Promise<readonly ConfigFile[]> {
  if (named) return [{ path: named, required: true }];
  const [vendor = '', system = ''] = systemFiles;
  const own = uid === 0 ? [] : [join(configHome, 'containers/containers.conf')];
  const files = [vendor];
  for (const path of [system, ...own]) files.push(path, ...(await dropIns(`${path}.d`)));
  return files.map((path) => ({ path, required: false }));
}

async function dropIns(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith('.conf'))
      .toSorted()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

async function readEngine(path: string, required: boolean): Promise<Table> {
  try {
    const root = parse((await readWhole(path, largestFile)).toString());
    const { engine } = root;
    return typeof engine === 'object' && !Array.isArray(engine) ? (engine as Table) : {};
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const [line] = messageOf(error).split('\n');
    throw new ContainersConfigError(`${path}: ${line}`, { cause: error });
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `1m`, `1.5 MB` or a number, in powers of 1000 as podman reads it; undefined when it is no size. */
function sizeOf(value: unknown): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)b?$/i.exec(String(value)) ?? [];
  if (number === undefined) return undefined;
  return Math.floor(Number(number) * 1000 ** (unit === '' ? 0 : sizeUnits.indexOf(unit.toLowerCase()) + 1));
}

// Which store is meant: command line, environment and storage.conf, with the precedence Podman's tools have.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { StorageOptionsError } from './errors.js';

/** A resolved choice of a store. */
export interface StorageOptions {
  readonly graphRoot: string;
  readonly runRoot: string;
  /** `overlay`; another one can be read only. */
  readonly driver: string;
  /** Absolute paths of read-only stores. */
  readonly additionalImageStores: readonly string[];
  /** Options of the driver as on a command line, `overlay.mountopt=nodev`; those for additional stores included. */
  readonly driverOptions: readonly string[];
  /** Containers are recorded in `runRoot`, so that they are gone after a reboot. */
  readonly transientStore?: boolean | undefined;
  /** Why the store can be read but not written here. */
  readonly readOnlyReason?: string | undefined;
  /** How long a change waits for the locks of other programs; ten minutes if absent. */
  readonly lockTimeoutMs?: number | undefined;
  /** The configuration file that was looked for, there or not. */
  readonly configFile?: string | undefined;
}

/** What the command line says; absent means not given. */
export interface StorageFlags {
  readonly root?: string | undefined;
  readonly runRoot?: string | undefined;
  readonly driver?: string | undefined;
  readonly driverOptions?: readonly string[] | undefined;
}

export interface StorageSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly flags: StorageFlags;
  /** Where the system's configuration is; for tests. */
  readonly systemFiles?: readonly string[] | undefined;
}

type Table = Readonly<Record<string, unknown>>;

const systemConfigFiles: readonly string[] = [
  '/etc/containers/storage.conf',
  '/usr/share/containers/storage.conf',
];
// What goes from storage.conf to the overlay driver. In the table of the driver, or, as in old files, in that of all.
const overlayKeys: readonly string[] = [
  'ignore_chown_errors',
  'mount_program',
  'mountopt',
  'size',
  'inodes',
  'skip_mount_home',
  'force_mask',
  'use_composefs',
];

/**
 * Resolves which store to use. As in Podman, `--root`, a driver by flag and `--storage-opt` each drop the driver options
 * of the file and the environment, additional stores included; STORAGE_OPTS and STORAGE_DRIVER override the file. Throws
 * {@link StorageOptionsError}.
 */
export async function resolveStorageOptions(sources: StorageSources): Promise<StorageOptions> {
  const { env, uid, flags } = sources;
  const { path, storage, ownFile } = await readConfig(sources);
  const driver = flags.driver || env['STORAGE_DRIVER'] || text(storage, 'driver') || 'overlay';
  const configured = uid === 0 ? systemPlaces(storage, env) : userPlaces(storage, ownFile, env, uid);
  const graphRoot = flags.root || configured.graphRoot;
  const runRoot = flags.runRoot || configured.runRoot;
  if (!runRoot) throw new StorageOptionsError(`${path}: runroot must be set`);
  if (!graphRoot) throw new StorageOptionsError(`${path}: graphroot must be set`);
  const driverOptions = chooseDriverOptions(storage, driver, sources);
  return {
    graphRoot: resolve(graphRoot),
    runRoot: resolve(runRoot),
    driver,
    additionalImageStores: additionalStores(driverOptions),
    driverOptions,
    transientStore: storage['transient_store'] === true,
    // Inside the namespace of a user its root may do what it takes to write the user's store.
    readOnlyReason: readOnlyReason(storage, driver, driverOptions, env['_CONTAINERS_ROOTLESS_UID'] ? 0 : uid),
    configFile: path,
  };
}

interface Config {
  readonly path: string;
  /** The table of this name. */
  readonly storage: Table;
  /** Not one of the system's files. */
  readonly ownFile: boolean;
}

async function readConfig({ env, uid, systemFiles = systemConfigFiles }: StorageSources): Promise<Config> {
  const named = env['CONTAINERS_STORAGE_CONF'];
  const candidates = named
    ? [named]
    : [...(uid === 0 ? [] : [join(configHome(env), 'containers/storage.conf')]), ...systemFiles];
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    if (named) throw new StorageOptionsError(`CONTAINERS_STORAGE_CONF: ${named}: no such file`);
    return { path: candidates.at(-1) ?? '', storage: defaults, ownFile: false };
  }
  try {
    const storage = table(parse(await readFile(path, 'utf8')), 'storage');
    return { path, storage, ownFile: !systemFiles.includes(path) };
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    throw new StorageOptionsError(`${path}: ${line}`, { cause: error });
  }
}

const defaults: Table = { graphroot: '/var/lib/containers/storage', runroot: '/run/containers/storage' };

interface Places {
  readonly graphRoot: string;
  readonly runRoot: string;
}

function systemPlaces(storage: Table, env: StorageSources['env']): Places {
  return {
    graphRoot: expand(text(storage, 'graphroot'), env),
    runRoot: expand(text(storage, 'runroot'), env),
  };
}

/** Users have places of their own; `graphroot` and `runroot` of a file count for them only if the file is theirs. */
function userPlaces(storage: Table, ownFile: boolean, env: StorageSources['env'], uid: number): Places {
  const variables = { ...env, UID: String(uid) };
  const own = (ownFile && text(storage, 'graphroot')) || text(storage, 'rootless_storage_path');
  const dataHome = env['XDG_DATA_HOME'] || join(env['HOME'] ?? '/', '.local/share');
  const runtime = env['XDG_RUNTIME_DIR'] || `/run/user/${uid}`;
  return {
    graphRoot: own ? expand(own, variables) : join(dataHome, 'containers/storage'),
    runRoot: (ownFile && expand(text(storage, 'runroot'), variables)) || join(runtime, 'containers'),
  };
}

function configHome(env: StorageSources['env']): string {
  return env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '/', '.config');
}

function chooseDriverOptions(
  storage: Table,
  driver: string,
  { env, flags }: StorageSources,
): readonly string[] {
  if (flags.driverOptions !== undefined) return flags.driverOptions.filter((option) => option !== '');
  if (flags.root || flags.driver) return [];
  const listed = env['STORAGE_OPTS'];
  if (listed) return listed.split(',');
  const options = table(storage, 'options');
  const stores = options['additionalimagestores'];
  const result = Array.isArray(stores)
    ? stores.map((store) => `${driver}.imagestore=${expand(String(store), env)}`)
    : [];
  if (driver !== 'overlay') return result;
  const own = table(options, 'overlay');
  for (const key of overlayKeys) {
    const value = text(own, key) || text(options, key);
    if (value !== '') result.push(`overlay.${key}=${value}`);
  }
  return result;
}

function additionalStores(driverOptions: readonly string[]): readonly string[] {
  return driverOptions.flatMap((option) => {
    const [key, value] = splitOption(option);
    return key === 'imagestore' || key === 'additionalimagestore'
      ? value.split(',').map((path) => resolve(path))
      : [];
  });
}

/** `overlay.mountopt=a=b` → `mountopt`, `a=b`. */
function splitOption(option: string): [key: string, value: string] {
  const equals = option.indexOf('=');
  const key = (equals === -1 ? option : option.slice(0, equals)).trim();
  return [key.slice(key.lastIndexOf('.') + 1).toLowerCase(), equals === -1 ? '' : option.slice(equals + 1)];
}

function readOnlyReason(
  storage: Table,
  driver: string,
  driverOptions: readonly string[],
  uid: number,
): string | undefined {
  if (driver !== 'overlay') return `its driver is ${driver}, and only overlay can be written`;
  if (uid !== 0) return 'the store of a user can be written only inside its user namespace';
  if (text(storage, 'imagestore') !== '') return 'image layers in a separate imagestore are not supported';
  const options = new Map(driverOptions.map(splitOption));
  if (options.get('mount_program'))
    return `layers for the mount program ${options.get('mount_program')} are not supported`;
  if (options.get('force_mask')) return 'force_mask is not supported';
  const general = table(storage, 'options');
  const maps = ['remap-uids', 'remap-gids', 'remap-user', 'remap-group'].filter(
    (key) => text(general, key) !== '',
  );
  if (maps.length > 0) return `a store with mapped ids (${maps.join(', ')}) is not supported`;
  return undefined;
}

function expand(path: string, env: StorageSources['env']): string {
  return path.replaceAll(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced?: string, plain?: string) => env[braced ?? plain ?? ''] ?? '',
  );
}

function table(parent: Table, key: string): Table {
  const value = parent[key];
  return typeof value === 'object' && value !== null ? (value as Table) : {};
}

function text(parent: Table, key: string): string {
  const value = parent[key];
  return typeof value === 'string' ? value : '';
}

// Finds and reads the registries configuration: main file, drop-ins, recorded short names.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Reference } from '../oci/reference.js';
import { RegistriesConfig } from './registries-config.js';
import { RegistriesConfigError } from './registries-errors.js';
import type { RegistriesFile, RegistryEntry, ShortNameMode } from './registries-file.js';
import { parseRegistriesFile } from './registries-file.js';
import type { Aliases } from './short-name-aliases.js';

/** Where the configuration is; a missing file is an empty one unless it is `required`. */
export interface RegistriesPaths {
  readonly main: string;
  /** Somebody asked for just this main file. */
  readonly required: boolean;
  /** Those of the distribution, read before the others; a file of the same name in one of these takes a file's place. */
  readonly vendorDropIns?: readonly string[];
  /** Read in this order, in each the files `*.conf` by name. */
  readonly dropIns: readonly string[];
  /** One more file, which must exist, read after all of these. */
  readonly override?: string | undefined;
  /** Machine-written short names, stronger than any file. */
  readonly aliasCache?: string;
}

/** What decides where the configuration is. */
export interface RegistriesEnvironment {
  /** Of the daemon's options; wins over everything. */
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
}

const systemDirectory = '/etc/containers';
const vendorDirectory = '/usr/share/containers';

/** The paths podman would use, those of its newest versions added where older ones have nothing. */
export function registriesPaths({ flag, env, uid, home }: RegistriesEnvironment): RegistriesPaths {
  const named = flag ?? (env['CONTAINERS_REGISTRIES_CONF'] || env['REGISTRIES_CONFIG_PATH'] || undefined);
  const userDirectory = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers');
  const userMain = join(userDirectory, 'registries.conf');
  const ofUser = named === undefined && exists(userMain);
  const cacheHome = uid === 0 ? '/var/cache' : env['XDG_CACHE_HOME'] || join(home, '.cache');
  const mains = [systemDirectory, vendorDirectory].map((at) => join(at, 'registries.conf'));
  const override = env['CONTAINERS_REGISTRIES_CONF_OVERRIDE'] || undefined;
  return {
    main: named ?? (ofUser ? userMain : (mains.find(exists) ?? mains[0]!)),
    required: named !== undefined,
    vendorDropIns: ofUser ? [] : dropInsIn(vendorDirectory, uid),
    dropIns: [...(ofUser ? [] : dropInsIn(systemDirectory, uid)), join(userDirectory, 'registries.conf.d')],
    ...(override !== undefined && { override }),
    aliasCache: join(cacheHome, 'containers', 'short-name-aliases.conf'),
  };
}

/** For everybody, then for those of our kind. */
function dropInsIn(directory: string, uid: number): readonly string[] {
  const own = uid === 0 ? ['rootful.conf.d'] : ['rootless.conf.d', `rootless.conf.d/${uid}`];
  return ['conf.d', ...own].map((name) => join(directory, `registries.${name}`));
}

const cache = new Map<string, { readonly stamp: string; readonly config: RegistriesConfig }>();
const maxCached = 16;

/**
 * The configuration as the files are now; the same object while they do not change.
 * Throws {@link RegistriesConfigError}. Reads a handful of small files, synchronously.
 */
export function loadRegistriesConfig(paths: RegistriesPaths): RegistriesConfig {
  const files = configurationFiles(paths);
  const watched = paths.aliasCache === undefined ? files : [...files, paths.aliasCache];
  const key = JSON.stringify(paths);
  const stamp = watched.map((path) => `${path}\0${stampOf(path)}`).join('\n');
  const cached = cache.get(key);
  if (cached?.stamp === stamp) return cached.config;
  const config = merge(paths, files);
  if (cache.size >= maxCached) cache.clear();
  cache.set(key, { stamp, config });
  return config;
}

/** Weakest first. */
function configurationFiles({
  main,
  vendorDropIns = [],
  dropIns,
  override,
}: RegistriesPaths): readonly string[] {
  const own = dropIns.flatMap(dropInFiles);
  const names = new Set(own.map((path) => basename(path)));
  const vendor = vendorDropIns.flatMap(dropInFiles).filter((path) => !names.has(basename(path)));
  return [main, ...vendor, ...own, ...(override === undefined ? [] : [override])];
}

function merge(paths: RegistriesPaths, files: readonly string[]): RegistriesConfig {
  const entries = new Map<string, RegistryEntry>();
  const aliases = new Map<string, Reference | undefined>();
  let search: readonly string[] = [];
  let shortNameMode: ShortNameMode = 'permissive';
  let credentialHelpers: readonly string[] = ['containers-auth.json'];
  for (const path of files) {
    const required = path === paths.override || (path === paths.main && paths.required);
    const file = readRegistriesFile(path, required);
    if (file === undefined) continue;
    if (file.version === 1 && path !== paths.main)
      throw failure(path, 'registry must be in v2 format but is in v1');
    for (const entry of file.entries) entries.set(entry.prefix, entry);
    for (const [name, value] of file.aliases) aliases.set(name, value);
    search = file.search ?? search;
    shortNameMode = file.shortNameMode ?? shortNameMode;
    credentialHelpers = file.credentialHelpers ?? credentialHelpers;
  }
  for (const [name, value] of recordedAliases(paths.aliasCache)) aliases.set(name, value);
  return new RegistriesConfig({
    entries: [...entries.values()],
    search,
    shortNameMode,
    credentialHelpers,
    aliases,
    origin: [paths.main, ...paths.dropIns.slice(-1)].join(' or '),
  });
}

/** It only remembers answers that were given before: one that cannot be reached remembers none. */
function recordedAliases(path: string | undefined): Aliases {
  if (path === undefined || unreachable.test(stampOf(path))) return new Map();
  return readRegistriesFile(path, false)?.aliases ?? new Map();
}

function readRegistriesFile(path: string, required: boolean): RegistriesFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failure(path, (cause as Error).message, cause);
  }
  try {
    return parseRegistriesFile(text);
  } catch (cause) {
    if (cause instanceof RegistriesConfigError) throw failure(path, cause.message, cause);
    throw cause;
  }
}

function failure(path: string, reason: string, cause?: unknown): RegistriesConfigError {
  return new RegistriesConfigError(`error loading registries configuration "${path}": ${reason}`, { cause });
}

function dropInFiles(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.conf'));
    return names.toSorted().map((name) => join(directory, name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw failure(directory, (cause as Error).message, cause);
  }
}

function exists(path: string): boolean {
  return stampOf(path) !== '';
}

/** What {@link stampOf} says of a file that cannot be looked at: EACCES, ELOOP and their like. */
const unreachable = /^E[A-Z]+$/;

/** Changes with the file; empty if there is none. */
function stampOf(path: string): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? '' : `${stats.dev}:${stats.ino}:${stats.mtimeNs}:${stats.size}`;
  } catch (cause) {
    // Reading it says what is wrong.
    return String((cause as NodeJS.ErrnoException).code);
  }
}

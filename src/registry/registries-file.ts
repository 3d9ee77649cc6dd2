// One registries.conf file: TOML of version 2, or of version 1 as a version 2 that says the same.
import { parse as parseToml } from 'smol-toml';
import { isDomain } from '../oci/reference.js';
import { RegistriesConfigError } from './registries-errors.js';
import type { Aliases } from './short-name-aliases.js';
import { readAliases } from './short-name-aliases.js';
import { TomlTable } from './toml-table.js';

/** When a mirror is asked. */
export type MirrorUse = 'all' | 'digest-only' | 'tag-only';

export interface Mirror {
  /** `host[:port][/path]`. */
  readonly location: string;
  readonly insecure: boolean;
  readonly use: MirrorUse;
}

/** What applies to the references under a prefix. */
export interface RegistryEntry {
  readonly prefix: string;
  /** What takes the prefix's place; empty with a wildcard prefix: nothing does. */
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly Mirror[];
}

export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

/** The settings of one file; undefined where it says nothing. */
export interface RegistriesFile {
  readonly version: 1 | 2;
  readonly entries: readonly RegistryEntry[];
  readonly search: readonly string[] | undefined;
  readonly shortNameMode: ShortNameMode | undefined;
  readonly credentialHelpers: readonly string[] | undefined;
  readonly aliases: Aliases;
}

/** Parses the text of a file. Throws {@link RegistriesConfigError}. */
export function parseRegistriesFile(text: string): RegistriesFile {
  let root: TomlTable;
  try {
    root = new TomlTable(parseToml(text));
  } catch (cause) {
    throw new RegistriesConfigError(firstLine((cause as Error).message), { cause });
  }
  const old = root.table('registries');
  const v1 = ['search', 'insecure', 'block'].map((kind) => old?.table(kind)?.strings('registries') ?? []);
  const isV1 = v1.some((list) => list.length > 0);
  const isV2 =
    root.list('registry').length > 0 || (root.strings('unqualified-search-registries') ?? []).length > 0;
  if (isV1 && isV2) throw new RegistriesConfigError('mixing sysregistry v1/v2 is not supported');
  return isV1 ? versionOne(v1[0]!, v1[1]!, v1[2]!) : versionTwo(root);
}

function versionOne(
  search: readonly string[],
  insecure: readonly string[],
  block: readonly string[],
): RegistriesFile {
  const names = [...new Set([...insecure, ...block])].map(locationOf);
  const entries = names.map((name) => ({
    prefix: name,
    location: name,
    insecure: insecure.map(locationOf).includes(name),
    blocked: block.map(locationOf).includes(name),
    mirrors: [],
  }));
  return {
    version: 1,
    entries,
    search: search.map(searchEntry),
    shortNameMode: undefined,
    credentialHelpers: undefined,
    aliases: new Map(),
  };
}

function versionTwo(root: TomlTable): RegistriesFile {
  const all = root.list('registry').map(readEntry);
  checkConflicts(all);
  const entries = new Map<string, RegistryEntry>();
  for (const entry of all) if (!entries.has(entry.prefix)) entries.set(entry.prefix, entry);
  const mode = root.string('short-name-mode');
  if (mode !== undefined && mode !== '' && !isShortNameMode(mode)) {
    throw new RegistriesConfigError(`invalid short-name mode: "${mode}"`);
  }
  return {
    version: 2,
    entries: [...entries.values()],
    search: root.strings('unqualified-search-registries')?.map(searchEntry),
    shortNameMode: mode === '' ? undefined : mode,
    credentialHelpers: root.strings('credential-helpers'),
    aliases: readAliases(root.table('aliases')?.stringMap() ?? new Map()),
  };
}

function isShortNameMode(text: string): text is ShortNameMode {
  return text === 'enforcing' || text === 'permissive' || text === 'disabled';
}

function readEntry(table: TomlTable): RegistryEntry {
  const location = locationOf(table.string('location') ?? '');
  const prefix = locationOf(table.string('prefix') ?? '') || location;
  if (prefix === '') throw new RegistriesConfigError('invalid condition: both location and prefix are unset');
  const wildcard = prefix.startsWith('*.');
  if (wildcard && /[/@:]/.test(prefix)) {
    throw new RegistriesConfigError(
      `Wildcarded prefix should be in the format: *.example.com. Current prefix "${prefix}" is incorrectly formatted`,
    );
  }
  if (location === '' && !wildcard) {
    throw new RegistriesConfigError(
      'invalid condition: location is unset and prefix is not in the format: *.example.com',
    );
  }
  if ((table.string('pull-from-mirror') ?? '') !== '') {
    throw new RegistriesConfigError(`pull-from-mirror must not be set for a non-mirror registry "${prefix}"`);
  }
  const byDigestOnly = table.boolean('mirror-by-digest-only') ?? false;
  return {
    prefix,
    location,
    insecure: table.boolean('insecure') ?? false,
    blocked: table.boolean('blocked') ?? false,
    mirrors: table.list('mirror').map((mirror) => readMirror(mirror, prefix, byDigestOnly)),
  };
}

function readMirror(table: TomlTable, prefix: string, byDigestOnly: boolean): Mirror {
  const location = locationOf(table.string('location') ?? '');
  if (location === '') throw new RegistriesConfigError('invalid condition: mirror location is unset');
  const use = table.string('pull-from-mirror') ?? '';
  if (byDigestOnly && use !== '') {
    throw new RegistriesConfigError(
      `cannot set mirror usage mirror-by-digest-only for the registry ("${prefix}") and pull-from-mirror for per-mirror ("${location}") at the same time`,
    );
  }
  if (use !== '' && use !== 'all' && use !== 'digest-only' && use !== 'tag-only') {
    throw new RegistriesConfigError(`unsupported pull-from-mirror value "${use}" for mirror "${location}"`);
  }
  return {
    location,
    insecure: table.boolean('insecure') ?? false,
    use: byDigestOnly ? 'digest-only' : use === '' ? 'all' : use,
  };
}

/** Several prefixes may share a location, but then they must agree about it. */
function checkConflicts(entries: readonly RegistryEntry[]): void {
  const first = new Map<string, RegistryEntry>();
  for (const entry of entries) {
    const location = entry.location || entry.prefix;
    const other = first.get(location) ?? entry;
    first.set(location, other);
    for (const setting of ['insecure', 'blocked'] as const) {
      if (entry[setting] !== other[setting]) {
        throw new RegistriesConfigError(
          `registry '${location}' is defined multiple times with conflicting '${setting}' setting`,
        );
      }
    }
  }
}

function locationOf(text: string): string {
  const location = text.replace(/\/+$/, '');
  if (/^https?:\/\//.test(location)) {
    throw new RegistriesConfigError(`invalid location '${text}': URI schemes are not supported`);
  }
  return location;
}

function searchEntry(text: string): string {
  const host = locationOf(text);
  if (!isDomain(host))
    throw new RegistriesConfigError(`Invalid unqualified-search-registries entry "${host}"`);
  return host;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

// registries.d: where the signatures of which registries are kept (images-and-transports §7.3).
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reference } from '../oci/reference.js';
import { RegistriesDError } from './errors.js';
import { referenceScopes } from './scopes.js';
import { readWhole } from './small-file.js';

/** What is said about a namespace; what is not said is asked of the next wider one. */
interface Namespace {
  readonly lookaside?: string;
  readonly staging?: string;
  readonly attachments?: boolean;
}

/** Where the signatures of one image are. */
export interface SignaturePlaces {
  /** Base URL to read from; undefined where nothing is configured. */
  readonly lookaside: string | undefined;
  /** Base URL to write to. */
  readonly staging: string | undefined;
  /** Whether cosign's signatures are looked for in the registry itself. */
  readonly attachments: boolean;
}

/** All files of the directory as one. */
export interface RegistriesD {
  readonly defaults: Namespace | undefined;
  readonly namespaces: ReadonlyMap<string, Namespace>;
}

const maxFiles = 1000;
const maxFileBytes = 128 * 1024;

/**
 * Reads the `*.yaml` of the first of `directories` that exists; none is as good as an empty one. Throws
 * {@link RegistriesDError}.
 */
export async function readRegistriesD(directories: readonly string[]): Promise<RegistriesD> {
  let defaults: Namespace | undefined;
  const namespaces = new Map<string, Namespace>();
  const origins = new Map<string, string>();
  const claim = (what: string, path: string): void => {
    const other = origins.get(what);
    origins.set(what, path);
    if (other === undefined) return;
    throw new RegistriesDError(
      `Error parsing signature storage configuration: ${what} defined both in "${other}" and "${path}"`,
    );
  };
  for (const path of await yamlFiles(directories)) {
    const file = await readFileOf(path);
    if (file.defaults !== undefined) {
      claim('"default-docker"', path);
      defaults = file.defaults;
    }
    for (const [name, namespace] of file.namespaces) {
      claim(`"docker" namespace "${name}"`, path);
      namespaces.set(name, namespace);
    }
  }
  return { defaults, namespaces };
}

/** What counts for `reference`, each setting by itself from the most specific namespace that has it. */
export function signaturePlaces(config: RegistriesD, reference: Reference): SignaturePlaces {
  const { defaults, namespaces } = config;
  const named = referenceScopes(reference).map((scope) => namespaces.get(scope));
  const chain = [...named, defaults].filter((namespace) => namespace !== undefined);
  return {
    lookaside: chain.find(({ lookaside }) => lookaside !== undefined)?.lookaside,
    staging: chain.map(({ staging, lookaside }) => staging ?? lookaside).find((url) => url !== undefined),
    attachments: chain.find(({ attachments }) => attachments !== undefined)?.attachments ?? false,
  };
}

async function yamlFiles(directories: readonly string[]): Promise<readonly string[]> {
  for (const directory of directories) {
    let names: readonly string[];
    try {
      names = await readdir(directory);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new RegistriesDError(`open ${directory}: ${(cause as Error).message}`, { cause });
    }
    const files = names.filter((name) => name.endsWith('.yaml')).toSorted();
    if (files.length > maxFiles) throw new RegistriesDError(`${directory}: more than ${maxFiles} files`);
    return files.map((name) => join(directory, name));
  }
  return [];
}

async function readFileOf(path: string): Promise<RegistriesD> {
  let text: string;
  try {
    text = (await readWhole(path, maxFileBytes)).toString('utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'no such file or directory' : (cause as Error).message;
    throw new RegistriesDError(`open ${path}: ${reason}`, { cause });
  }
  try {
    return await parseRegistriesD(text);
  } catch (cause) {
    throw new RegistriesDError(`parsing ${path}: ${(cause as Error).message.split('\n', 1)[0]}`, { cause });
  }
}

/** One file. Keys that nobody knows are left to those who do. Throws {@link RegistriesDError}. */
export async function parseRegistriesD(text: string): Promise<RegistriesD> {
  const top = table(await yaml(text), 'the file');
  const namespaces = new Map<string, Namespace>();
  for (const [name, value] of table(top.get('docker'), 'docker')) {
    namespaces.set(name, namespaceIn(table(value, name), name));
  }
  const defaults = top.get('default-docker') ?? undefined;
  return {
    defaults:
      defaults === undefined ? undefined : namespaceIn(table(defaults, 'default-docker'), 'default-docker'),
    namespaces,
  };
}

function namespaceIn(fields: ReadonlyMap<string, unknown>, what: string): Namespace {
  const lookaside = url(fields, ['lookaside', 'sigstore'], what);
  const staging = url(fields, ['lookaside-staging', 'sigstore-staging'], what);
  const attachments = fields.get('use-sigstore-attachments') ?? undefined;
  if (attachments !== undefined && typeof attachments !== 'boolean') {
    throw new RegistriesDError(`${what}: use-sigstore-attachments is not a boolean`);
  }
  return {
    ...(lookaside !== undefined && { lookaside }),
    ...(staging !== undefined && { staging }),
    ...(attachments !== undefined && { attachments }),
  };
}

/** The first of `keys` that is there, which are the new name and the old one; an empty text is as good as none. */
function url(
  fields: ReadonlyMap<string, unknown>,
  keys: readonly string[],
  what: string,
): string | undefined {
  for (const key of keys) {
    const value = fields.get(key) ?? '';
    if (typeof value !== 'string') throw new RegistriesDError(`${what}: ${key} is not a text`);
    if (value !== '') return value;
  }
  return undefined;
}

function table(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (!(value instanceof Map)) throw new RegistriesDError(`${what} is not a table`);
  for (const key of value.keys()) {
    if (typeof key !== 'string') throw new RegistriesDError(`${what}: a key is not a text`);
  }
  return value as ReadonlyMap<string, unknown>;
}

/** As version 1.1, which other tools read: `yes` is a boolean. Nothing may stand for more than is written there. */
async function yaml(text: string): Promise<unknown> {
  // Few hosts have such files.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { version: '1.1', uniqueKeys: true, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw new RegistriesDError(error.message.split('\n', 1)[0] ?? 'no YAML');
  return document.toJS({ mapAsMap: true, maxAliasCount: 100 }) as unknown;
}

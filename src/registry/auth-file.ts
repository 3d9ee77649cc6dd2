// One auth file, containers' auth.json or Docker's config.json or .dockercfg: which entry is for a repository.
import { readFile } from 'node:fs/promises';
import type { JsonObject } from '../oci/strict-json.js';
import type { Credentials } from './credentials.js';

/** A file that cannot be used; the message never quotes its contents. */
export class AuthFileError extends Error {
  override readonly name = 'AuthFileError';
  readonly code = 'AUTH_FILE';
}

/** What a file has to say. */
export interface AuthFile {
  /** Repository or host → entry, in the file's order. */
  readonly entries: ReadonlyMap<string, AuthEntry>;
  /** Host → name of the program that knows. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The program that knows the rest. */
  readonly store: string | undefined;
}

/** One entry as it is written. */
export interface AuthEntry {
  readonly auth: string;
  readonly identityToken: string;
}

const nothing: AuthFile = { entries: new Map(), helpers: new Map(), store: undefined };

/** Reads a file; a missing one says nothing. `legacy`: the top level is the entries. Throws {@link AuthFileError}. */
export async function readAuthFile(path: string, legacy: boolean): Promise<AuthFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return nothing;
    throw new AuthFileError(`error reading auth file ${path}: ${message}`, { cause });
  }
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds passwords.
    throw new AuthFileError(`error reading auth file ${path}: invalid JSON`);
  }
  if (!isObject(root)) throw new AuthFileError(`error reading auth file ${path}: no JSON object`);
  const store = root['credsStore'];
  return {
    entries: entriesOf(legacy ? root : root['auths']),
    helpers: legacy ? new Map() : textsOf(root['credHelpers']),
    store: !legacy && typeof store === 'string' && store !== '' ? store : undefined,
  };
}

function entriesOf(value: unknown): ReadonlyMap<string, AuthEntry> {
  const entries = new Map<string, AuthEntry>();
  for (const [key, entry] of Object.entries(isObject(value) ? value : {})) {
    if (!isObject(entry)) continue;
    const { auth, identitytoken } = entry;
    entries.set(key, {
      auth: typeof auth === 'string' ? auth : '',
      identityToken: typeof identitytoken === 'string' ? identitytoken : '',
    });
  }
  return entries;
}

function textsOf(value: unknown): ReadonlyMap<string, string> {
  const pairs = Object.entries(isObject(value) ? value : {});
  return new Map(
    pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== ''),
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The credentials of an entry; undefined for an empty one. Throws {@link AuthFileError} for a malformed one. */
export function entryCredentials({ auth, identityToken }: AuthEntry): Credentials | undefined {
  if (identityToken !== '') return { kind: 'identity-token', token: identityToken };
  if (auth === '') return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(auth)) throw new AuthFileError('auth entry is no base64');
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  // Docker writes such entries when a helper holds the password.
  if (colon < 0) return undefined;
  const username = text.slice(0, colon);
  const password = text.slice(colon + 1).replace(/\0+$/, '');
  return username === '' && password === '' ? undefined : { kind: 'password', username, password };
}

/** The entry for a repository, `quay.io/team/app`: the most specific key first, then hosts as Docker writes them. */
export function findEntry(file: AuthFile, repository: string): AuthEntry | undefined {
  const [host = ''] = repository.split('/', 1);
  for (let key = repository; key !== ''; key = key.slice(0, Math.max(key.lastIndexOf('/'), 0))) {
    const entry = file.entries.get(key);
    if (entry !== undefined) return entry;
  }
  const wanted = normalizedHost(host);
  for (const [key, entry] of file.entries) if (normalizedKey(key) === wanted) return entry;
  return undefined;
}

/** `https://index.docker.io/v1/` → `docker.io`; what is no URL keeps its path, which restricts it. */
function normalizedKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '');
  return normalizedHost(bare === key ? key : bare.split('/', 1)[0]!);
}

/** Docker Hub has three names. */
export function normalizedHost(host: string): string {
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

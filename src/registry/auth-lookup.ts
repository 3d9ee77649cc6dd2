// Looks credentials up in the auth files, in the order in which all tools of this family do.
import { join } from 'node:path';
import type { Reference } from '../oci/reference.js';
import { repositoryName } from '../oci/reference.js';
import type { AuthFile } from './auth-file.js';
import { AuthFileError, entryCredentials, findEntry, normalizedHost, readAuthFile } from './auth-file.js';
import { askHelper } from './credential-helper.js';
import type { CredentialSource, Credentials } from './credentials.js';

/** A place to look. */
export interface AuthFilePath {
  readonly path: string;
  /** `.dockercfg`: the top level is the map of entries. */
  readonly legacy: boolean;
}

/** What decides where the files are. */
export interface AuthEnvironment {
  /** Of the daemon's options; then no other file is read. */
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
}

/** The auth files podman would read, first one first. */
export function authFilePaths({ flag, env, uid, home }: AuthEnvironment): readonly AuthFilePath[] {
  const named = flag ?? (env['REGISTRY_AUTH_FILE'] || undefined);
  if (named !== undefined) return [{ path: named, legacy: false }];
  const runtimeDirectory = env['XDG_RUNTIME_DIR'];
  const runtime =
    runtimeDirectory === undefined || runtimeDirectory === ''
      ? `/run/containers/${uid}/auth.json`
      : join(runtimeDirectory, 'containers/auth.json');
  const paths = [
    runtime,
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers/auth.json'),
    join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ];
  return [
    ...paths.map((path) => ({ path, legacy: false })),
    { path: join(home, '.dockercfg'), legacy: true },
  ];
}

/** Where credentials are looked up. */
export interface AuthOptions {
  readonly paths: readonly AuthFilePath[];
  /** For the helper programs. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As in registries.conf: names of helpers to ask in turn, `containers-auth.json` for the files. */
  readonly helpers?: readonly string[];
}

const authFilesHelper = 'containers-auth.json';

/**
 * Credentials from files, read again for every look-up, since people log in and out while a daemon runs,
 * and from helper programs. `find` throws AuthFileError and CredentialHelperError.
 */
export class AuthFiles implements CredentialSource {
  readonly #options: AuthOptions;

  constructor(options: AuthOptions) {
    this.#options = options;
  }

  async find(reference: Reference, signal: AbortSignal): Promise<Credentials | undefined> {
    const { env, helpers = [authFilesHelper] } = this.#options;
    for (const helper of helpers) {
      const found =
        helper === authFilesHelper
          ? await this.#findInFiles(reference, signal)
          : await askHelper(helper, reference.domain, env, signal);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #findInFiles(reference: Reference, signal: AbortSignal): Promise<Credentials | undefined> {
    for (const { path, legacy } of this.#options.paths) {
      signal.throwIfAborted();
      const file = await readAuthFile(path, legacy);
      const found = await this.#findIn(file, path, reference, signal);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #findIn(
    file: AuthFile,
    path: string,
    reference: Reference,
    signal: AbortSignal,
  ): Promise<Credentials | undefined> {
    const host = reference.domain;
    const helper = file.helpers.get(host) ?? file.helpers.get(normalizedHost(host));
    const ofHelper =
      helper === undefined ? undefined : await askHelper(helper, host, this.#options.env, signal);
    if (ofHelper !== undefined) return ofHelper;
    const entry = findEntry(file, repositoryName(reference));
    const ofEntry = entry === undefined ? undefined : readable(path, () => entryCredentials(entry));
    if (ofEntry !== undefined || file.store === undefined) return ofEntry;
    // Docker keeps the credentials of its hub under a URL.
    const key = normalizedHost(host) === 'docker.io' ? 'https://index.docker.io/v1/' : host;
    return await askHelper(file.store, key, this.#options.env, signal);
  }
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof AuthFileError)) throw cause;
    throw new AuthFileError(`error reading auth file ${path}: ${cause.message}`, { cause });
  }
}

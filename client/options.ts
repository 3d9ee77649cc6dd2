// What imagectl takes from its surroundings: the only file of the client that reads the process.
import type { Lookup } from './bridge/lookup.js';
import type { SurroundingChoice } from './remote/destination.js';

/** What a run of imagectl is given. */
export interface Surroundings {
  /** The words behind the program's name. */
  readonly args: readonly string[];
  /** Where the service listens unless `--url` says otherwise. */
  readonly address: string;
  /** What else says which service is meant. */
  readonly remote?: SurroundingChoice;
  /** Where services of other interfaces are found. */
  readonly lookup: Lookup;
  readonly pid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The command line and the environment of this process. */
export function readSurroundings(): Surroundings {
  const { IMAGED_ADDRESS: ownAddress = '', IMAGED_CONNECTION: ownConnection } = process.env;
  const usual = defaultAddress(process.getuid?.(), process.env);
  return {
    args: process.argv.slice(2),
    address: ownAddress === '' ? usual : ownAddress,
    remote: { ownAddress, ownConnection, usual, file: connectionFile(process.env) },
    lookup: defaultLookup(process.env),
    pid: process.pid,
    environment: process.env,
  };
}

interface UserEnvironment {
  readonly XDG_RUNTIME_DIR?: string | undefined;
}

/** The registries of the user and of the system, and the resolver (varlink.md §10). */
function defaultLookup({ XDG_RUNTIME_DIR: own }: UserEnvironment): Lookup {
  return {
    registries: [...(own ? [`${own}/varlink/registry`] : []), '/run/varlink/registry'],
    resolver: '/run/org.varlink.resolver',
  };
}

/** Where the named connections of a user are; undefined where there is no home. */
export function connectionFile({
  XDG_CONFIG_HOME: config = '',
  HOME: home = '',
}: Readonly<Record<string, string | undefined>>): string | undefined {
  const directory = config.startsWith('/') ? config : home.startsWith('/') ? `${home}/.config` : undefined;
  return directory === undefined ? undefined : `${directory}/imaged/connections.json`;
}

/** Root's service, or the user's own. */
export function defaultAddress(uid: number | undefined, environment: UserEnvironment): string {
  if (uid === 0) return 'unix:/run/imaged/io.podman';
  return `unix:${environment.XDG_RUNTIME_DIR || `/run/user/${uid}`}/imaged/io.podman`;
}

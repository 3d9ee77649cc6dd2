// What the daemon is told: command line, environment, inherited sockets. The only place that reads them.
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dirname } from 'node:path';
import type { RuntimeSettings } from '../runtime/runtime-options.js';
import { parseAddress } from '../rpc/address.js';
import type { TlsFiles } from '../rpc/tls-acceptor.js';
import { hasJournal } from '../sys/journal.js';
import {
  accessFlags,
  accessPlace,
  accessUsage,
  placeOf,
  readOnlyAddresses,
  withGroup,
  type AccessPlace,
} from './access-options.js';
import { activatedSockets, activationVariables, isForMetrics, type ActivatedSocket } from './activation.js';
import { buildFlags, buildUsage, readBuildPolicy } from './build-options.js';
import { logFlags, logUsage, readLogOptions, type ErrorStream, type LogOptions } from './log-options.js';
import { metricsFlags, metricsUsage, readMetricsAddresses } from './metrics-options.js';
import { readTls, tlsFlags, tlsUsage } from './tls-options.js';
import { UsageError } from './usage-error.js';

export type Environment = RuntimeSettings['environment'];

export interface DaemonOptions extends RuntimeSettings, LogOptions {
  /** Addresses to listen on for varlink; empty when `activated` has a socket for it. */
  readonly addresses: readonly string[];
  /** Addresses to listen on for JSON-RPC. */
  readonly jsonrpc: readonly string[];
  readonly activated: readonly ActivatedSocket[];
  /** Where metrics and health can be asked for: addresses, and activated sockets. */
  readonly metrics: readonly (string | ActivatedSocket)[];
  /** Where the rules are of who may do what. */
  readonly access?: AccessPlace;
  /** The certificates of `tls:` addresses. */
  readonly tls?: TlsFiles;
  /** The directory of the default address, to be made if it is missing. */
  readonly defaultDirectory?: string;
  /** The directory where links to the socket file shall be, named after the interfaces. */
  readonly registry?: { readonly directory: string; readonly socket: string };
  /** Seconds without a connection or operation after which the daemon ends; 0 = never. */
  readonly idleTimeout: number;
  /** Address of the service manager's readiness socket. */
  readonly notifySocket?: string;
}

/** The seconds an activated daemon waits for its next connection unless told otherwise. */
const activatedIdleTimeout = 30;

/** The user whose namespace podman, or imaged's unit, has made around the process. */
const rootlessUser = '_CONTAINERS_ROOTLESS_UID';

export const usage = `imaged [options]

  --address ADDR           listen here for varlink: unix:PATH, unix:@NAME, tls:HOST:PORT, tcp:127.0.0.1:PORT, and behind
                           it ;mode=0600, ;group=NAME, ;role=read|pull|admin (repeatable; default: the activated socket, else
                           unix:/run/imaged/io.podman for root, unix:$XDG_RUNTIME_DIR/imaged/io.podman otherwise)
  --jsonrpc ADDR           listen here for JSON-RPC 2.0, too: an address as above (repeatable)
${accessUsage}${tlsUsage}  --registry[=DIR]         link the socket where clients look for it by interface: DIR, else /run/varlink/registry for
                           root, $XDG_RUNTIME_DIR/varlink/registry otherwise
  --root DIR               the store's graph root
  --runroot DIR            the store's run root
  --storage-driver NAME    overlay
  --storage-opt KEY=VALUE  as in storage.conf (repeatable)
  --registries-conf FILE   instead of registries.conf; drop-ins are read all the same
  --signature-policy FILE  instead of policy.json
  --registries-d DIR       instead of the directories registries.d
  --authfile FILE          credentials for registries
  --registry-timeout SECS  give up a registry that is silent for this long (default 60)
  --events-file FILE       where image events are appended
${buildUsage}  --allow-runlabel         let ContainerRunlabel run the commands in labels of images, with the rights of imaged, for
                           root and imaged's own user; otherwise it only tells them
  --idle-timeout SECONDS   end after this long without a connection (0 = never, the default when not activated)
${logUsage}${metricsUsage}  --version                print the version
  --help                   print this
`;

/** The options of this process. The variables of socket activation are removed: children must not see them. */
export function readProcess(): DaemonOptions | 'help' | 'version' {
  const uid = ownUser(process.getuid?.() ?? 0, process.env);
  const environment = { ...process.env };
  const options = readOptions(process.argv.slice(2), environment, {
    pid: process.pid,
    uid,
    errors: standardError(),
  });
  for (const name of activationVariables) delete process.env[name];
  return options;
}

const unknownStream: ErrorStream = { isTerminal: false, identity: '', hasJournal: false };

function standardError(): ErrorStream {
  try {
    const { dev, ino } = fstatSync(process.stderr.fd, { bigint: true });
    const isTerminal = process.stderr.isTTY;
    return { isTerminal, identity: `${dev}:${ino}`, hasJournal: hasJournal() };
  } catch {
    // It was closed.
    return unknownStream;
  }
}

/**
 * Whose daemon this is. Root of a user namespace stands for the user who made it, and says so in podman's variable; for anybody
 * else it means nothing, and is removed: the store takes it for the right to write.
 */
function ownUser(uid: number, environment: NodeJS.ProcessEnv): number {
  const { [rootlessUser]: user = '' } = environment;
  if (uid === 0 && /^[1-9]\d{0,9}$/.test(user)) return Number(user);
  delete environment[rootlessUser];
  return uid;
}

/** What `argv` (without node and script), `environment` and the inherited sockets ask for. Throws {@link UsageError}. */
export function readOptions(
  argv: readonly string[],
  environment: Environment,
  self: { readonly pid: number; readonly uid: number; readonly errors?: ErrorStream },
): DaemonOptions | 'help' | 'version' {
  const values = parse(argv);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  const inherited = activatedSockets(environment, self.pid);
  const activated = inherited.filter((socket) => !isForMetrics(socket));
  const path =
    values.address === undefined && activated.length === 0 ? defaultPath(environment, self.uid) : undefined;
  const full = values.address ?? (path === undefined ? [] : [`unix:${path}`]);
  const given = {
    '--address': full,
    '--read-only': readOnlyAddresses(values),
    '--jsonrpc': values.jsonrpc ?? [],
    '--metrics': readMetricsAddresses(values),
  };
  checkAddresses(given);
  const grouped = (texts: readonly string[]): string[] => texts.map((text) => withGroup(text, values));
  const addresses = grouped([...full, ...given['--read-only']]);
  const jsonrpc = grouped(given['--jsonrpc']);
  const access = accessPlace(values, environment, self.uid);
  const tls = readTls(values, [...addresses, ...jsonrpc]);
  return {
    addresses,
    jsonrpc,
    ...(values.registry !== undefined && {
      registry: {
        directory: values.registry || defaultRegistry(environment, self.uid),
        socket: socketFile(full),
      },
    }),
    ...optional('defaultDirectory', path === undefined ? undefined : dirname(path)),
    activated,
    metrics: [...inherited.filter(isForMetrics), ...given['--metrics']],
    ...(access !== undefined && { access }),
    ...(tls !== undefined && { tls }),
    storage: {
      ...optional('root', values.root),
      ...optional('runroot', values.runroot),
      ...optional('driver', values['storage-driver']),
      options: (values['storage-opt'] ?? []).map(keyValue),
    },
    ...optional('registriesConf', values['registries-conf']),
    ...optional('signaturePolicy', values['signature-policy']),
    ...optional('registriesD', values['registries-d']),
    ...optional('authfile', values.authfile),
    ...optional('eventsFile', values['events-file']),
    ...registryTimeout(values['registry-timeout']),
    builds: readBuildPolicy(values),
    allowRunlabel: values['allow-runlabel'] === true,
    idleTimeout: idleTimeout(values['idle-timeout'], inherited.length > 0),
    ...readLogOptions(values, environment['JOURNAL_STREAM'], self.errors ?? unknownStream),
    ...optional('notifySocket', environment['NOTIFY_SOCKET']),
    environment,
    uid: self.uid,
  };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      // The one option whose value may be left out.
      args: argv.map((arg) => (arg === '--registry' ? '--registry=' : arg)),
      strict: true,
      allowPositionals: false,
      options: {
        address: { type: 'string', multiple: true },
        jsonrpc: { type: 'string', multiple: true },
        ...accessFlags,
        ...tlsFlags,
        registry: { type: 'string' },
        root: { type: 'string' },
        runroot: { type: 'string' },
        'storage-driver': { type: 'string' },
        'storage-opt': { type: 'string', multiple: true },
        'registries-conf': { type: 'string' },
        'signature-policy': { type: 'string' },
        'registries-d': { type: 'string' },
        authfile: { type: 'string' },
        'registry-timeout': { type: 'string' },
        'events-file': { type: 'string' },
        ...buildFlags,
        'allow-runlabel': { type: 'boolean' },
        'idle-timeout': { type: 'string' },
        ...logFlags,
        ...metricsFlags,
        version: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    for (const [name, value] of Object.entries(values)) {
      if (value === '' && name !== 'registry') throw new UsageError(`--${name}: the value is empty`);
    }
    return values;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [line] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${line ?? 'bad options'}; imaged --help lists the options`);
  }
}

/** A property that is left out when there is no value. */
function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: string };
}

/** Throws {@link UsageError} for what is no address, and for one place that is given twice. */
function checkAddresses(options: Readonly<Record<string, readonly string[]>>): void {
  const places = new Set<string>();
  for (const [option, addresses] of Object.entries(options)) {
    for (const address of addresses) {
      const place = placeOf(address);
      if (places.has(place)) throw new UsageError(`${option} ${address}: given twice`);
      places.add(place);
    }
  }
}

function keyValue(text: string): string {
  if (!/^[^=]+=/.test(text)) throw new UsageError(`--storage-opt ${text}: expected KEY=VALUE`);
  return text;
}

function idleTimeout(text: string | undefined, activated: boolean): number {
  if (text === undefined) return activated ? activatedIdleTimeout : 0;
  if (!/^\d{1,6}$/.test(text))
    throw new UsageError(`--idle-timeout ${text}: expected seconds from 0 to 999999`);
  return Number(text);
}

function registryTimeout(text: string | undefined): { readonly registryTimeout?: number } {
  if (text === undefined) return {};
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new UsageError(`--registry-timeout ${text}: expected seconds from 1 to 9999`);
  }
  return { registryTimeout: Number(text) };
}

function defaultPath(environment: Environment, uid: number): string {
  const directory = runtimeDirectory(environment, uid, 'say where to listen with --address unix:PATH');
  return `${directory}/imaged/io.podman`;
}

function defaultRegistry(environment: Environment, uid: number): string {
  return `${runtimeDirectory(environment, uid, 'say where with --registry=DIR')}/varlink/registry`;
}

/** The file that stands for the service. A socket that was activated is its unit's to link. */
function socketFile(addresses: readonly string[]): string {
  for (const text of addresses) {
    const address = parseAddress(text);
    if (address.kind === 'unix') return address.path;
  }
  throw new UsageError('--registry: there is no socket file to link; say where with --address unix:PATH');
}

function runtimeDirectory(environment: Environment, uid: number, advice: string): string {
  if (uid === 0) return '/run';
  const directory = environment['XDG_RUNTIME_DIR'] ?? '';
  if (directory === '') throw new UsageError(`XDG_RUNTIME_DIR is not set; ${advice}`);
  return directory;
}

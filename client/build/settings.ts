// What flags of `imagectl build` say, in the words of io.imaged.
import type { BuildSettings, RunOptions } from '../../src/generated/io-imaged.js';
import { CommandError } from '../errors.js';
import type { BuildFlags } from './flags.js';
import { bytesOf, wholeNumber } from './numbers.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** All but the files. Throws {@link CommandError}. */
export function settingsOf(flags: BuildFlags, environment: Environment): BuildSettings {
  const timestamp = wholeNumber('--timestamp', flags.timestamp);
  return {
    names: flags.tag,
    target: flags.target,
    platform: platformOf(flags),
    buildArgs: buildArgsOf(flags, environment),
    labels: flags.label,
    annotations: flags.annotation,
    format: oneOf('--format', { oci: 'oci', docker: 'docker' }, flags.format),
    layers: flags.layers && flags.squash !== true && flags.squashAll !== true,
    cache: flags.cache,
    squash: flags.squashAll === true ? 'all' : flags.squash === true ? 'new' : undefined,
    pull: pullOf(flags),
    sourceDateEpoch: timestamp ?? wholeNumber('--source-date-epoch', flags.sourceDateEpoch),
    rewriteTimestamp: timestamp !== undefined || flags.rewriteTimestamp === true,
    identityLabel: flags.identityLabel,
    allStages: flags.allStages === true || !flags.skipUnusedStages,
    stepLines: 'staged',
    quiet: flags.quiet,
    signBy: flags.signBy,
    run: runOf(flags),
  };
}

function runOf(flags: BuildFlags): RunOptions {
  return {
    isolation: oneOf('--isolation', isolations, flags.isolation),
    network: networkOf(flags.network),
    addHosts: flags.addHost,
    addCapabilities: flags.capAdd,
    dropCapabilities: flags.capDrop,
    devices: flags.device,
    volumes: flags.volume,
    shmSize: flags.shmSize,
    ulimits: flags.ulimit,
    runtimeArgs: flags.runtimeFlag,
    noNewPrivileges: noNewPrivilegesOf(flags.securityOpt),
    cgroupParent: flags.cgroupParent,
    cpuPeriod: wholeNumber('--cpu-period', flags.cpuPeriod),
    cpuQuota: wholeNumber('--cpu-quota', flags.cpuQuota),
    cpuShares: wholeNumber('--cpu-shares', flags.cpuShares),
    cpusetCpus: flags.cpusetCpus,
    cpusetMems: flags.cpusetMems,
    memory: bytesOf('--memory', flags.memory),
    memorySwap: flags.memorySwap === '-1' ? -1 : bytesOf('--memory-swap', flags.memorySwap),
  };
}

const isolations = { oci: 'oci', rootless: 'oci', chroot: 'chroot', default: undefined } as const;
const pulls = {
  true: 'always',
  always: 'always',
  false: 'missing',
  missing: 'missing',
  ifmissing: 'missing',
  newer: 'newer',
  ifnewer: 'newer',
  never: 'never',
} as const;
const networks = {
  private: 'default',
  default: 'default',
  none: 'none',
  host: 'host',
} as const;

function pullOf({ pull, pullAlways, pullNever }: BuildFlags): BuildSettings['pull'] {
  if (pullNever === true) return 'never';
  if (pullAlways === true) return 'always';
  return oneOf('--pull', pulls, pull?.toLowerCase());
}

function networkOf(mode: string | undefined): RunOptions['network'] {
  if (mode !== undefined && !Object.hasOwn(networks, mode)) {
    throw new CommandError(`--network: expected private, none or host, not ${mode}`);
  }
  return oneOf('--network', networks, mode);
}

/** One platform, in one flag or in up to three. */
function platformOf({ platform, os, arch, variant }: BuildFlags): string | undefined {
  if (platform?.includes(',') === true) {
    throw new CommandError('--platform: a build has one platform; build once for each');
  }
  if (platform !== undefined) return platform;
  if (os === undefined && arch === undefined && variant === undefined) return undefined;
  if (arch === undefined) throw new CommandError('--os and --variant need --arch');
  return [os ?? 'linux', arch, ...(variant === undefined ? [] : [variant])].join('/');
}

function noNewPrivilegesOf(options: readonly string[]): boolean {
  for (const option of options) {
    if (option !== 'no-new-privileges') {
      throw new CommandError(`--security-opt: only no-new-privileges is offered, not ${option}`);
    }
  }
  return options.length > 0;
}

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** Proxies are arguments that need no ARG and leave no trace in the image (build.md, Variables). */
function buildArgsOf({ buildArg, httpProxy }: BuildFlags, environment: Environment): Record<string, string> {
  const args: Record<string, string> = {};
  for (const name of httpProxy ? proxies.flatMap((proxy) => [proxy, proxy.toLowerCase()]) : []) {
    const value = environment[name];
    if (value !== undefined && value !== '') args[name] = value;
  }
  for (const text of buildArg) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === '') throw new CommandError(`--build-arg ${text}: expected NAME or NAME=VALUE`);
    const value = equals < 0 ? environment[name] : text.slice(equals + 1);
    // One that is not set anywhere leaves ARG's default alone.
    if (value === undefined) delete args[name];
    else args[name] = value;
  }
  return args;
}

function oneOf<Value>(
  flag: string,
  values: Readonly<Record<string, Value>>,
  text: string | undefined,
): Value | undefined {
  if (text === undefined) return undefined;
  if (Object.hasOwn(values, text)) return values[text];
  throw new CommandError(`${flag}: expected ${Object.keys(values).join(', ')}, not ${text}`);
}

// The options that say what builds may do.
import {
  defaultBuildPolicy,
  hostRights,
  type BuildPolicy,
  type HostRight,
} from '../runtime/builds/build-policy.js';
import { oneOf } from './one-of.js';
import { UsageError } from './usage-error.js';

/** What `parseArgs` found; absent is the default. */
export interface BuildFlags {
  readonly 'build-isolation'?: string | undefined;
  readonly 'build-deny'?: readonly string[] | undefined;
  readonly 'build-context-size'?: string | undefined;
  readonly 'build-step-lines'?: string | undefined;
  readonly 'source-date-epoch'?: string | undefined;
}

export const buildFlags = {
  'build-isolation': { type: 'string' },
  'build-deny': { type: 'string', multiple: true },
  'build-context-size': { type: 'string' },
  'build-step-lines': { type: 'string' },
  'source-date-epoch': { type: 'string' },
} as const;

export const buildUsage = `  --build-isolation NAME   how commands of builds run: auto (the default: oci, else chroot), oci or chroot
  --build-deny WHAT        what no build gets, root's included: ${hostRights.slice(0, 4).join(', ')},
                           ${hostRights.slice(4).join(', ')} or all (repeatable; others than root and imaged's own user
                           get none of it anyway)
  --build-context-size N   the most that a context which is sent may hold, in bytes or as 500m, 16g (the default)
  --build-step-lines NAME  how steps are numbered: total (STEP 3, the default) or staged ([1/2] STEP 3/5)
  --source-date-epoch SECS the time of all that is built, in seconds since 1970, unless a build sets its own
`;

/** Throws {@link UsageError}. */
export function readBuildPolicy(flags: BuildFlags): BuildPolicy {
  const isolation = flags['build-isolation'];
  const lines = flags['build-step-lines'];
  const size = flags['build-context-size'];
  return {
    isolation:
      oneOf('--build-isolation', ['auto', 'oci', 'chroot'], isolation) ?? defaultBuildPolicy.isolation,
    denied: new Set((flags['build-deny'] ?? []).flatMap((text) => text.split(',')).flatMap(rightsOf)),
    contextBytes: size === undefined ? defaultBuildPolicy.contextBytes : bytesOf(size),
    newStepLines: oneOf('--build-step-lines', ['total', 'staged'], lines) === 'staged',
    epoch: epochOf(flags['source-date-epoch']),
  };
}

function rightsOf(text: string): readonly HostRight[] {
  if (text === 'all') return hostRights;
  const right = hostRights.find((known) => known === text);
  if (right === undefined) {
    throw new UsageError(`--build-deny ${text}: expected ${hostRights.join(', ')} or all`);
  }
  return [right];
}

function bytesOf(text: string): number {
  const [, number = '', unit = ''] = /^([1-9]\d{0,14})([kmgt]?)$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ');
  if (number === '' || !Number.isSafeInteger(bytes)) {
    throw new UsageError(`--build-context-size ${text}: expected bytes, or a size such as 500m`);
  }
  return bytes;
}

function epochOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,12}$/.test(text)) {
    throw new UsageError(`--source-date-epoch ${text}: expected seconds since 1970`);
  }
  return Number(text);
}

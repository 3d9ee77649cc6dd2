// Whether the values of a build are ones at all; the builder then need not doubt them.
import { parsePlatform } from '../../oci/platform.js';
import type { BuildInput } from './build-input.js';

/** A value that a build cannot have; the message begins with the name of its field. */
export class InvalidBuildError extends Error {
  override readonly name = 'InvalidBuildError';
  readonly code = 'INVALID_BUILD';
}

/** Throws {@link InvalidBuildError}, and PlatformNameError for a platform. */
export function checkBuild(input: BuildInput): void {
  const { run, epoch, platform } = input;
  if (platform !== '') parsePlatform(platform);
  each('annotation', input.annotations, /^[^=]+=/, 'KEY=VALUE');
  each('label', input.labels, /^[^=]/, 'KEY=VALUE');
  each('addHosts', run.addHosts, /^[^:\s]+:[\dA-Fa-f.:]+$/, 'NAME:ADDRESS');
  each('ulimit', run.ulimits, /^[a-z]+=-?\d+(:-?\d+)?$/, 'NAME=SOFT[:HARD]');
  each('volume', run.volumes, /^[^:]+:\/[^:]*(:[\w,=]*)?$/, 'SOURCE:TARGET[:OPTIONS]');
  each('device', run.devices, /^\/[^:]+(:[^:]+)?(:[rwm]+)?$/, 'HOST[:CONTAINER[:rwm]]');
  if (run.shmSize !== '') each('shmSize', [run.shmSize], /^\d+[bkmg]?$/i, 'a size such as 64m');
  if (epoch !== undefined && !(Number.isSafeInteger(epoch) && epoch >= 0))
    throw new InvalidBuildError('sourceDateEpoch: expected seconds since 1970');
  const { memorySwap, cpuQuota, ...positive } = run.resources;
  for (const [name, value] of Object.entries({
    ...positive,
    memorySwap: memorySwap + 1,
    cpuQuota: cpuQuota + 1,
  })) {
    if (typeof value === 'number' && value < 0)
      throw new InvalidBuildError(`${name}: expected no negative number`);
  }
  for (const { id } of input.secrets) if (id === '') throw new InvalidBuildError('secret: it has no id');
}

/** `oci` and `docker`, empty and the media types that old clients send. Throws {@link InvalidBuildError}. */
export function parseOutputFormat(text: string): 'oci' | 'docker' {
  const format = formats.get(text);
  if (format !== undefined) return format;
  throw new InvalidBuildError(`outputFormat: unrecognized image type ${JSON.stringify(text)}`);
}

const formats: ReadonlyMap<string, 'oci' | 'docker'> = new Map([
  ['', 'oci'],
  ['oci', 'oci'],
  ['application/vnd.oci.image.manifest.v1+json', 'oci'],
  ['docker', 'docker'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'docker'],
]);

/** The names that old clients send. Throws {@link InvalidBuildError}. */
export function parsePullPolicy(text: string): BuildInput['pull'] {
  const policy = policies.get(text.toLowerCase());
  if (policy !== undefined) return policy;
  throw new InvalidBuildError(
    `pullPolicy: unrecognized pull policy ${JSON.stringify(text)}, expected PullIfMissing, PullAlways, PullIfNewer or PullNever`,
  );
}

const policies: ReadonlyMap<string, BuildInput['pull']> = new Map([
  ['', 'missing'],
  ['pullifmissing', 'missing'],
  ['missing', 'missing'],
  ['pullalways', 'always'],
  ['always', 'always'],
  ['pullifnewer', 'newer'],
  ['newer', 'newer'],
  ['pullnever', 'never'],
  ['never', 'never'],
]);

/** The epoch that the argument SOURCE_DATE_EPOCH sets. Throws {@link InvalidBuildError}. */
export function epochOf(buildArgs: ReadonlyMap<string, string>): number | undefined {
  const text = buildArgs.get('SOURCE_DATE_EPOCH');
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidBuildError(`SOURCE_DATE_EPOCH ${JSON.stringify(text)}: expected seconds since 1970`);
}

function each(name: string, values: readonly string[], pattern: RegExp, expected: string): void {
  const wrong = values.find((value) => !pattern.test(value) || value.includes('\0'));
  if (wrong !== undefined)
    throw new InvalidBuildError(`${name} ${JSON.stringify(wrong)}: expected ${expected}`);
}

// Build of io.imaged
import type {
  BuildContext,
  BuildParameters,
  BuildReply,
  BuildSettings,
  Dockerfile,
  NamedContext,
  RunOptions,
} from '../generated/io-imaged.js';
import { InvalidParameter, type CallContext, type Stream } from '../rpc/index.js';
import {
  plainBuild,
  type BuildInput,
  type ContextPlace,
  type DockerfilePart,
} from '../runtime/builds/build-input.js';
import type { Runtime } from '../runtime/runtime.js';
import { replies } from './replies.js';

export async function* build(
  runtime: Runtime,
  { context, settings = {} }: BuildParameters,
  call: CallContext,
): Stream<BuildReply> {
  const place = context === undefined ? undefined : placeOf(context, 'context');
  const building = runtime.builds.build({ ...inputOf(settings), context: place }, call);
  return yield* replies(building, call, (logs, id = '') => ({ logs, id }));
}

function inputOf(settings: BuildSettings): BuildInput {
  const { dockerfiles = [], secrets = [], agents = [] } = settings;
  return {
    ...plainBuild,
    dockerfiles: dockerfiles.map(partOf),
    ignore: settings.ignore,
    ...namedContexts(settings.contexts ?? []),
    names: settings.names ?? [],
    target: settings.target ?? '',
    buildArgs: new Map(Object.entries(settings.buildArgs ?? {})),
    labels: settings.labels ?? [],
    annotations: settings.annotations ?? [],
    format: settings.format ?? 'oci',
    layers: settings.layers ?? true,
    squash: settings.squash === 'new',
    squashAll: settings.squash === 'all',
    useCache: settings.cache ?? true,
    pull: settings.pull ?? 'missing',
    platform: settings.platform ?? '',
    network: settings.run?.network ?? 'default',
    run: runOf(settings.run ?? {}),
    secrets: secrets.map(({ id, value }, index) => ({
      id,
      value: decoded(value, `settings.secrets[${index}].value`),
    })),
    agents: new Map(agents.map(({ id, socket }) => [id, socket])),
    epoch: settings.sourceDateEpoch,
    rewriteTimestamps: settings.rewriteTimestamp ?? false,
    identityLabel: settings.identityLabel ?? true,
    allStages: settings.allStages ?? false,
    newStepLines: settings.stepLines === undefined ? undefined : settings.stepLines === 'staged',
    quiet: settings.quiet ?? false,
    signBy: settings.signBy ?? '',
  };
}

function namedContexts(all: readonly NamedContext[]): Pick<BuildInput, 'contexts' | 'images'> {
  const contexts: { readonly name: string; readonly place: ContextPlace }[] = [];
  const images = new Map<string, string>();
  for (const [index, { name, context, image }] of all.entries()) {
    const path = `settings.contexts[${index}]`;
    if ((context === undefined) === (image === undefined)) throw new InvalidParameter(path);
    if (image !== undefined) images.set(name, image);
    else contexts.push({ name, place: placeOf(context ?? {}, `${path}.context`) });
  }
  return { contexts, images };
}

function placeOf({ archive, directory, address }: BuildContext, path: string): ContextPlace {
  const places: ContextPlace[] = [];
  if (archive !== undefined) places.push({ kind: 'named', name: archive });
  if (directory !== undefined) places.push({ kind: 'directory', ...directory });
  if (address !== undefined) places.push({ kind: 'address', address });
  const [place] = places;
  if (place === undefined || places.length > 1) throw new InvalidParameter(path);
  return place;
}

function partOf({ path, text }: Dockerfile, index: number): DockerfilePart {
  if (path !== undefined && text === undefined) return { kind: 'path', path };
  if (path === undefined && text !== undefined) return { kind: 'text', text };
  throw new InvalidParameter(`settings.dockerfiles[${index}]`);
}

function decoded(text: string, path: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new InvalidParameter(path);
  return Buffer.from(text, 'base64');
}

function runOf(options: RunOptions): BuildInput['run'] {
  const { run } = plainBuild;
  const { resources } = run;
  return {
    isolation: options.isolation,
    addHosts: options.addHosts ?? [],
    addCapabilities: options.addCapabilities ?? [],
    dropCapabilities: options.dropCapabilities ?? [],
    devices: options.devices ?? [],
    volumes: options.volumes ?? [],
    shmSize: options.shmSize ?? '',
    ulimits: options.ulimits ?? [],
    runtimeArgs: options.runtimeArgs ?? [],
    noNewPrivileges: options.noNewPrivileges ?? false,
    resources: {
      cgroupParent: options.cgroupParent ?? resources.cgroupParent,
      cpuPeriod: options.cpuPeriod ?? resources.cpuPeriod,
      cpuQuota: options.cpuQuota ?? resources.cpuQuota,
      cpuShares: options.cpuShares ?? resources.cpuShares,
      cpusetCpus: options.cpusetCpus ?? resources.cpusetCpus,
      cpusetMems: options.cpusetMems ?? resources.cpusetMems,
      memory: options.memory ?? resources.memory,
      memorySwap: options.memorySwap ?? resources.memorySwap,
    },
  };
}

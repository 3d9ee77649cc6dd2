// BuildImage
import {
  ErrorOccurred,
  type BuildImageReply,
  type BuildInfo,
  type BuildOptions,
} from '../generated/io-podman.js';
import type { CallContext, Stream } from '../rpc/index.js';
import { parseOutputFormat, parsePullPolicy } from '../runtime/builds/build-checks.js';
import { plainBuild, type BuildInput } from '../runtime/builds/build-input.js';
import type { Runtime } from '../runtime/runtime.js';
import { replies } from './replies.js';

export async function* buildImage(
  runtime: Runtime,
  { build }: { readonly build: BuildInfo },
  call: CallContext,
): Stream<BuildImageReply> {
  if (!call.more) throw new ErrorOccurred('endpoint requires a more connection');
  const { architecture } = await runtime.platform();
  const building = runtime.builds.build(toInput(build, architecture), call);
  return yield* replies(building, call, (logs, id = '') => ({ image: { logs, id } }));
}

/** Of what is not here the original made nothing either, or it means nothing without containers of one's own. */
function toInput(build: BuildInfo, host: string): BuildInput {
  return {
    ...plainBuild,
    context: build.contextDir === '' ? undefined : { kind: 'named', name: build.contextDir },
    dockerfiles: build.dockerfiles.map((path) => ({ kind: 'path', path })),
    names: [build.output, ...build.additionalTags].filter((name) => name !== ''),
    target: build.target,
    buildArgs: new Map(Object.entries(build.buildArgs)),
    labels: build.label,
    annotations: build.annotations,
    format: parseOutputFormat(build.outputFormat),
    layers: build.layers,
    // What it was called then took the layers of the base along.
    squashAll: build.squash,
    useCache: !build.nocache,
    pull: parsePullPolicy(build.pullPolicy),
    platform: platformOf(build, host),
    run: runOf(build, build.buildOptions),
    quiet: build.quiet,
    signBy: build.signBy,
    iidfile: build.iidfile,
  };
}

/** Of a platform that is named by half, the other half is this host's. */
function platformOf({ os, architecture }: BuildInfo, host: string): string {
  return os === '' && architecture === '' ? '' : `${os || 'linux'}/${architecture || host}`;
}

function runOf(build: BuildInfo, options: BuildOptions): BuildInput['run'] {
  const { addCapabilities, dropCapabilities, devices, runtimeArgs, transientMounts } = build;
  const { addHosts, shmSize, ulimit: ulimits, volume, ...limits } = options;
  return {
    ...plainBuild.run,
    addHosts,
    addCapabilities,
    dropCapabilities,
    devices,
    volumes: [...volume, ...transientMounts],
    shmSize,
    ulimits,
    runtimeArgs,
    resources: limits,
  };
}

// GetVersion
import type { GetVersionReply } from '../generated/io-podman.js';
import type { Runtime } from '../runtime/runtime.js';

/** The version of the interface's remote API that clients of 2020 expect. */
const remoteApiVersion = 1;

const unknownBuildTime = '1970-01-01T00:00:00Z';

export async function getVersion(runtime: Runtime): Promise<GetVersionReply> {
  const { os, architecture } = await runtime.platform();
  return {
    version: runtime.version,
    goVersion: `node ${process.versions.node}`,
    gitCommit: '',
    built: unknownBuildTime,
    osArch: `${os}/${architecture}`,
    remoteApiVersion,
  };
}

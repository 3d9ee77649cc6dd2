// GetVersion
import type { GetVersionReply } from '../generated/io-podman.js';
import type { Runtime } from '../runtime/runtime.js';

/** The version of the interface's remote API that clients of 2020 expect. */
const remoteApiVersion = 1;

export async function getVersion(runtime: Runtime): Promise<GetVersionReply> {
  const { version, commit, built, platform } = runtime;
  return {
    version,
    goVersion: `node ${process.versions.node}`,
    gitCommit: commit,
    built,
    osArch: `${platform.os}/${platform.architecture}`,
    remoteApiVersion,
  };
}

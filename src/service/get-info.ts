// GetInfo
import type { PodmanInfo } from '../generated/io-podman.js';
import type { CallContext } from '../rpc/index.js';
import { readHostInfo } from '../runtime/host-info.js';
import type { Runtime } from '../runtime/runtime.js';

export async function getInfo(
  runtime: Runtime,
  _params: object,
  call: CallContext,
): Promise<{ info: PodmanInfo }> {
  const registries = runtime.registries();
  const [host, platform, store, events] = await Promise.all([
    readHostInfo(),
    runtime.platform(),
    runtime.storeStatus(call.signal),
    runtime.events.place(),
  ]);
  return {
    info: {
      host: {
        ...host,
        // It is imaged itself that builds: no version of Buildah would be true.
        buildahVersion: `imaged ${runtime.version}`,
        arch: platform.architecture,
        os: platform.os,
        eventlogger: events.path === undefined ? 'none' : 'file',
      },
      registries: {
        search: [...registries.search],
        insecure: [...registries.insecure],
        blocked: [...registries.blocked],
      },
      store,
      podman: {
        compiler: 'node',
        goVersion: `node ${process.versions.node}`,
        podmanVersion: runtime.version,
        gitCommit: '',
      },
    },
  };
}

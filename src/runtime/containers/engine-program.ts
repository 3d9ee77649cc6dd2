// The programs of other engines, called on the store of this service: only they know what belongs to their containers.
import type { StorageOptions } from '../../store/index.js';
import type { Environment } from '../configuration-paths.js';

/** The options of podman and buildah that mean this store. */
export function storeOptions({
  graphRoot,
  runRoot,
  driver,
  driverOptions,
}: StorageOptions): readonly string[] {
  const place = ['--root', graphRoot, '--runroot', runRoot, '--storage-driver', driver];
  return [...place, ...driverOptions.flatMap((option) => ['--storage-opt', option])];
}

/** What would have podman ask a service, which may have another store; and what the service manager tells us, not those we start. */
const notTheirs = {
  CONTAINER_HOST: undefined,
  CONTAINER_CONNECTION: undefined,
  LISTEN_PID: undefined,
  LISTEN_FDS: undefined,
  LISTEN_FDNAMES: undefined,
  NOTIFY_SOCKET: undefined,
};

/** Our environment for the programs of other engines. */
export function engineEnvironment(environment: Environment): Environment {
  return { ...environment, ...notTheirs };
}

/** What a program says of its failure, in one line, as errors are. */
export function complaintOf(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .slice(-1000);
}

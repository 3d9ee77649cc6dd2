// The programs of other engines, called on the store of this service: only they know what belongs to their containers.
import type { StorageOptions } from '../store/index.js';
import type { Environment } from './configuration-paths.js';

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

/** Without what would have podman ask a service, which may have another store. */
export function engineEnvironment(environment: Environment): Environment {
  return { ...environment, CONTAINER_HOST: undefined, CONTAINER_CONNECTION: undefined };
}

/** What a program says of its failure, in one line, as errors are. */
export function complaintOf(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .slice(-1000);
}

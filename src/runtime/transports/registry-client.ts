// A way to registries with everything this host says about them: credentials, certificates, proxies.
import { authFilePaths, AuthFiles } from '../../registry/auth-lookup.js';
import { defaultTimeouts, timeoutsWithin } from '../../registry/blob-request.js';
import { certificateDirectories, systemRootsFile } from '../../registry/certificates.js';
import { RegistryClient } from '../../registry/client.js';
import type { Credentials } from '../../registry/credentials.js';
import { DocumentClient } from '../../registry/document-client.js';
import type { RegistryTraffic } from '../../registry/traffic.js';
import type { UnreachableHosts } from '../../registry/unreachable.js';
import type { ConfigurationPaths } from '../configuration-paths.js';

/** How long registries are waited for. */
export interface RegistryReach {
  /** Milliseconds without a sign of life; absent: a minute. */
  readonly silence?: number | undefined;
  /** Counts what is asked. */
  readonly traffic?: RegistryTraffic | undefined;
  /** What earlier operations could not reach. */
  readonly unreachable?: UnreachableHosts | undefined;
}

export interface RegistryAccess extends RegistryReach {
  readonly paths: ConfigurationPaths;
  readonly userAgent: string;
  /** The caller's own; without them the auth files are looked into. */
  readonly credentials: Credentials | undefined;
  /** As registries.conf names them. */
  readonly credentialHelpers: readonly string[];
}

/** A client for one operation, which closes it. */
export function registryClient(access: RegistryAccess): RegistryClient {
  const { paths, credentials, credentialHelpers, unreachable, traffic } = access;
  const { environment, home, uid, authfile } = paths;
  return new RegistryClient({
    ...networkOptions(access),
    explicitCredentials: credentials,
    credentials: new AuthFiles({
      paths: authFilePaths({ flag: authfile, env: environment, uid, home }),
      env: environment,
      helpers: credentialHelpers,
    }),
    unreachable,
    traffic,
  });
}

/** The same for what is kept beside registries. */
export function documentClient(access: RegistryAccess): DocumentClient {
  return new DocumentClient(networkOptions(access));
}

/** What every request of this host needs to know. */
export function networkOptions({ paths: { environment, home }, userAgent, silence }: RegistryAccess) {
  return {
    userAgent,
    certificateDirectories: certificateDirectories(environment, home),
    rootsFile: systemRootsFile(environment),
    proxies: proxies(environment),
    timeouts: silence === undefined ? defaultTimeouts : timeoutsWithin(silence),
  };
}

function proxies(environment: ConfigurationPaths['environment']) {
  const either = (name: string): string => environment[name] || environment[name.toLowerCase()] || '';
  return { http: either('HTTP_PROXY'), https: either('HTTPS_PROXY'), no: either('NO_PROXY') };
}

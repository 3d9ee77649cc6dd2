// A registry as the place where an image comes from.
import {
  authFilePaths,
  AuthFiles,
  certificateDirectories,
  RegistryClient,
  systemRootsFile,
  type Credentials,
  type FetchedManifest,
  type PullSource,
} from '../../registry/index.js';
import { formatReference } from '../../oci/reference.js';
import type { ConfigurationPaths } from '../configuration-paths.js';
import type { ImageSource } from '../image-source.js';

export interface RegistryAccess {
  readonly paths: ConfigurationPaths;
  readonly userAgent: string;
  /** The caller's own; without them the auth files are looked into. */
  readonly credentials: Credentials | undefined;
  /** As registries.conf names them. */
  readonly credentialHelpers: readonly string[];
}

/** Opens the image at the first of `sources` that delivers its manifest. Throws RegistryError. */
export async function openRegistrySource(
  { paths, userAgent, credentials, credentialHelpers }: RegistryAccess,
  sources: readonly PullSource[],
  signal: AbortSignal,
): Promise<ImageSource> {
  const { environment, home, uid, authfile } = paths;
  const client = new RegistryClient({
    userAgent,
    explicitCredentials: credentials,
    credentials: new AuthFiles({
      paths: authFilePaths({ flag: authfile, env: environment, uid, home }),
      env: environment,
      helpers: credentialHelpers,
    }),
    certificateDirectories: certificateDirectories(environment, home),
    rootsFile: systemRootsFile(environment),
    proxies: proxies(environment),
  });
  try {
    const { source, ...manifest } = await client.firstManifest(sources, signal);
    return registrySource(client, source, manifest);
  } catch (error) {
    await client.close();
    throw error;
  }
}

function registrySource(client: RegistryClient, source: PullSource, top: FetchedManifest): ImageSource {
  const { requested } = source;
  return {
    origin: { transport: 'docker', name: `//${formatReference(requested)}`, reference: requested },
    async manifest(digest, signal) {
      if (digest === undefined) return top;
      const { domain, path } = source.reference;
      return await client.manifest({ ...source, reference: { domain, path, digest } }, signal);
    },
    blobBytes: (descriptor, signal) => client.blobBytes(source, descriptor, signal),
    locate: (descriptor, signal) => client.blob(source, descriptor, signal),
    signatures: async () => [],
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function proxies(environment: ConfigurationPaths['environment']) {
  const either = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? '';
  return { http: either('HTTP_PROXY'), https: either('HTTPS_PROXY'), no: either('NO_PROXY') };
}

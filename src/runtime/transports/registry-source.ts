// A registry as the place where an image comes from.
import type { FetchedManifest, PullSource, RegistryClient } from '../../registry/index.js';
import { familiar } from '../../oci/reference.js';
import type { ImageSource } from '../image-source.js';
import { registryClient, type RegistryAccess } from './registry-client.js';

/** Opens the image at the first of `sources` that delivers its manifest. Throws RegistryError. */
export async function openRegistrySource(
  access: RegistryAccess,
  sources: readonly PullSource[],
  signal: AbortSignal,
): Promise<ImageSource> {
  const client = registryClient(access);
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
    origin: { transport: 'docker', name: `//${familiar(requested)}`, reference: requested },
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

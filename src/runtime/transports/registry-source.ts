// A registry as the place where an image comes from.
import type { FetchedManifest, PullSource, RegistryClient } from '../../registry/index.js';
import { familiar } from '../../oci/reference.js';
import type { ImageSource } from '../copy/image-source.js';
import { documentClient, registryClient, type RegistryAccess } from './registry-client.js';
import { registrySignatures } from './registry-signatures.js';

/** Opens the image at the first of `sources` that delivers its manifest. Throws RegistryError. */
export async function openRegistrySource(
  access: RegistryAccess,
  sources: readonly PullSource[],
  signal: AbortSignal,
): Promise<ImageSource> {
  const client = registryClient(access);
  try {
    const { source, ...manifest } = await client.firstManifest(sources, signal);
    return registrySource(access, client, source, manifest);
  } catch (error) {
    await client.close();
    throw error;
  }
}

function registrySource(
  access: RegistryAccess,
  client: RegistryClient,
  source: PullSource,
  top: FetchedManifest,
): ImageSource {
  const { requested } = source;
  const documents = documentClient(access);
  const reader = { paths: access.paths, client, documents };
  return {
    origin: { transport: 'docker', name: `//${familiar(requested)}`, reference: requested },
    async manifest(digest, signal) {
      if (digest === undefined) return top;
      const { domain, path } = source.reference;
      return await client.manifest({ ...source, reference: { domain, path, digest } }, signal);
    },
    blobBytes: (descriptor, signal) => client.blobBytes(source, descriptor, signal),
    locate: (descriptor, signal) => client.blob(source, descriptor, signal),
    signatures: (manifest, signal) => registrySignatures(reader, source, manifest, signal),
    async [Symbol.asyncDispose]() {
      await Promise.all([client.close(), documents.close()]);
    },
  };
}

// The signatures of what a registry has: beside it, where registries.d says, and as attachments in it (images-and-transports §7.3).
import type { Digest } from '../../oci/digest.js';
import type { Reference } from '../../oci/reference.js';
import type { DocumentClient } from '../../registry/document-client.js';
import type { PullSource, RegistryClient } from '../../registry/index.js';
import {
  LookasideError,
  parseSignatures,
  readLookaside,
  readRegistriesD,
  signaturePlaces,
  writeLookaside,
  type SignaturePlaces,
} from '../../signature/index.js';
import type { ConfigurationPaths } from '../configuration-paths.js';
import type { Signature } from '../copy/image-source.js';
import { readAttached, writeAttached, type SignedRepository } from './attached-signatures.js';

/** What signatures are read through. */
export interface SignatureReader {
  readonly paths: ConfigurationPaths;
  readonly client: RegistryClient;
  readonly documents: DocumentClient;
}

/**
 * All signatures of a manifest that `source` has. As other tools do, it is asked for by the name of the mirror where it came
 * from one. Throws RegistriesDError, {@link LookasideError}, RegistryError.
 */
export async function registrySignatures(
  { paths, client, documents }: SignatureReader,
  source: PullSource,
  manifest: Digest,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const { reference } = source;
  const places = await placesOf(paths, reference);
  const base = places.lookaside ?? paths.lookaside;
  const fetchUrl = documents.get.bind(documents);
  const beside = await readLookaside(base, { reference, manifest }, fetchUrl, signal);
  if (!places.attachments) return beside;
  return [...beside, ...(await readAttached(client, source, manifest, signal))];
}

/** Keeps signatures of what is written to a registry. */
export interface SignatureStore {
  /** Stores all signatures of a manifest; without any, those that are there stay. Throws {@link LookasideError}, RegistryError. */
  write(
    repository: SignedRepository,
    manifest: Digest,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<void>;
}

/** The places where registries.d says that signatures are written. */
export function signatureStore(paths: ConfigurationPaths): SignatureStore {
  return {
    async write(repository, manifest, signatures, signal) {
      const reference = repository.target.requested;
      const places = await placesOf(paths, reference);
      const parsed = await parseSignatures(signatures);
      const attached = parsed.filter((signature) => signature.kind === 'sigstore');
      const beside = signatures.filter((_, index) => parsed[index]?.kind === 'simple');
      if (attached.length > 0) {
        if (!places.attachments) {
          throw new LookasideError('writing sigstore attachments is disabled by configuration');
        }
        await writeAttached(repository, manifest, attached, signal);
      }
      if (beside.length > 0) {
        await writeLookaside(places.staging ?? paths.lookaside, { reference, manifest }, beside, signal);
      }
    },
  };
}

async function placesOf(paths: ConfigurationPaths, reference: Reference): Promise<SignaturePlaces> {
  return signaturePlaces(await readRegistriesD(paths.registriesD), reference);
}

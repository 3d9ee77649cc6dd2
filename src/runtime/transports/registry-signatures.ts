// The signatures of what a registry has: beside it, where registries.d says, and as attachments in it (images-and-transports §7.3).
import type { Digest } from '../../oci/digest.js';
import { parseManifest } from '../../oci/manifest.js';
import type { Reference } from '../../oci/reference.js';
import type { PullSource } from '../../registry/registries-config.js';
import type { RegistryClient } from '../../registry/client.js';
import type { DocumentClient } from '../../registry/document-client.js';
import { RegistryError } from '../../registry/errors.js';
import {
  formatSigstore,
  LookasideError,
  maxSignatureBytes,
  parseSignature,
  readLookaside,
  readRegistriesD,
  signaturePlaces,
  writeLookaside,
  type SignaturePlaces,
} from '../../signature/index.js';
import type { ConfigurationPaths } from '../configuration-paths.js';
import type { Signature } from '../image-source.js';

/** Attached signatures of one image at most. */
const maxAttachments = 128;

/** What signatures are read through. */
export interface SignatureReader {
  readonly paths: ConfigurationPaths;
  readonly client: RegistryClient;
  readonly documents: DocumentClient;
}

/**
 * All signatures of a manifest that `source` has. As other tools do, it is asked for by the name of the mirror where it came
 * from one. Throws RegistriesDError, {@link LookasideError}, {@link RegistryError}.
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
  return places.attachments ? [...beside, ...(await attached(client, source, manifest, signal))] : beside;
}

/** Keeps signatures of what is written to a registry. */
export interface SignatureStore {
  /** Stores all signatures of a manifest; without any, those that are there stay. Throws {@link LookasideError}. */
  write(
    reference: Reference,
    manifest: Digest,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<void>;
}

/** The places where registries.d says that signatures are written. */
export function signatureStore(paths: ConfigurationPaths): SignatureStore {
  return {
    async write(reference, manifest, signatures, signal) {
      if (signatures.length === 0) return;
      if (signatures.some((signature) => parseSignature(signature).kind === 'sigstore')) {
        throw new LookasideError(
          'Cannot write sigstore signatures: attaching them to images is not supported; leave signatures out',
        );
      }
      const places = await placesOf(paths, reference);
      await writeLookaside(places.staging ?? paths.lookaside, { reference, manifest }, signatures, signal);
    },
  };
}

async function placesOf(paths: ConfigurationPaths, reference: Reference): Promise<SignaturePlaces> {
  return signaturePlaces(await readRegistriesD(paths.registriesD), reference);
}

/** cosign's signatures: an image whose layers are what was signed, under a tag made of the digest. */
async function attached(
  client: RegistryClient,
  source: PullSource,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const { domain, path } = source.reference;
  const reference = { domain, path, tag: `${digest.replace(':', '-')}.sig` };
  const manifest = await ifThere(client.manifest({ ...source, reference }, signal));
  if (manifest === undefined) return [];
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  const layers = parsed.kind === 'image' ? parsed.layers : [];
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  if (layers.length > maxAttachments || size > maxSignatureBytes) {
    throw new LookasideError(`Too many signatures are attached to ${digest}`);
  }
  const signatures: Signature[] = [];
  for (const layer of layers) {
    const payload = await client.blobBytes(source, layer, signal);
    const { mediaType: mimeType, annotations = {} } = layer;
    signatures.push(formatSigstore({ mimeType, payload, annotations }));
  }
  return signatures;
}

async function ifThere<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return undefined;
    throw error;
  }
}

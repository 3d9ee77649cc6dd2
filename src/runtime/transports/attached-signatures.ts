// cosign's signatures: an image whose layers are what was signed, in the same repository under a tag made of the digest.
import { formatManifest } from '../../oci/convert.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestOf, type Digest } from '../../oci/digest.js';
import { goJson } from '../../oci/go-json.js';
import { parseManifest } from '../../oci/manifest.js';
import { ociConfig, ociManifest } from '../../oci/media-types.js';
import {
  RegistryError,
  type PullSource,
  type RegistryClient,
  type RepositoryWriter,
} from '../../registry/index.js';
import { formatSigstore, LookasideError, type SigstoreSignature } from '../../signature/index.js';
import type { Signature } from '../copy/image-source.js';
import { madeManifest } from '../copy/target-form.js';

/** Signatures of one image at most, and bytes of what they sign. */
const maxAttachments = 128;
const maxPayloadBytes = 1024 * 1024;

/** The signatures that are attached to a manifest. Throws {@link LookasideError}, {@link RegistryError}, ManifestError. */
export async function readAttached(
  client: RegistryClient,
  source: PullSource,
  manifest: Digest,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  const layers = await attachedLayers(client, source, manifest, signal);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  if (layers.length > maxAttachments || size > maxPayloadBytes) {
    throw new LookasideError(`Too many signatures are attached to ${manifest}`);
  }
  const signatures: Signature[] = [];
  for (const layer of layers) {
    const payload = await client.blobBytes(source, layer, signal);
    const { mediaType: mimeType, annotations = {} } = layer;
    signatures.push(formatSigstore({ mimeType, payload, annotations }));
  }
  return signatures;
}

/** Where signatures are attached. */
export interface SignedRepository {
  readonly client: RegistryClient;
  readonly writer: RepositoryWriter;
  readonly target: PullSource;
}

/** Attaches signatures beside those that are there already. Throws {@link LookasideError}, {@link RegistryError}. */
export async function writeAttached(
  { client, writer, target }: SignedRepository,
  manifest: Digest,
  signatures: readonly SigstoreSignature[],
  signal: AbortSignal,
): Promise<void> {
  const there = await attachedLayers(client, target, manifest, signal);
  const layers = [...there];
  const missing: SigstoreSignature[] = [];
  for (const signature of signatures) {
    if (layers.some((layer) => isLayerOf(layer, signature))) continue;
    missing.push(signature);
    layers.push(layerOf(signature));
  }
  if (missing.length === 0) return;
  if (layers.length > maxAttachments) {
    throw new LookasideError(`Too many signatures are attached to ${manifest}`);
  }
  for (const { payload } of missing) await writer.putBlob(digestOf(payload), payload, signal);
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = Buffer.from(goJson({ architecture: '', os: '', config: {}, rootfs }));
  await writer.putBlob(digestOf(config), config, signal);
  const bytes = formatManifest({
    mediaType: ociManifest,
    config: { mediaType: ociConfig, digest: digestOf(config), size: config.length },
    layers,
    annotations: {},
  });
  await writer.putManifest(tagOf(manifest), madeManifest(bytes, ociManifest), signal);
}

async function attachedLayers(
  client: RegistryClient,
  source: PullSource,
  manifest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const { domain, path } = source.reference;
  const reference = { domain, path, tag: tagOf(manifest) };
  const found = await ifThere(client.manifest({ ...source, reference }, signal));
  if (found === undefined) return [];
  const parsed = parseManifest(found.bytes, found.mediaType);
  return parsed.kind === 'image' ? parsed.layers : [];
}

function tagOf(manifest: Digest): string {
  return `${manifest.replace(':', '-')}.sig`;
}

function layerOf({ mimeType, payload, annotations }: SigstoreSignature): Descriptor {
  return { mediaType: mimeType, digest: digestOf(payload), size: payload.length, annotations };
}

/** Others may have added annotations of theirs. */
function isLayerOf(layer: Descriptor, signature: SigstoreSignature): boolean {
  const { mediaType, digest, annotations = {} } = layer;
  const wanted = layerOf(signature);
  return (
    mediaType === wanted.mediaType &&
    digest === wanted.digest &&
    Object.entries(signature.annotations).every(([key, value]) => annotations[key] === value)
  );
}

async function ifThere<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return undefined;
    throw error;
  }
}

// An image of schema 1 as one of schema 2: what its layers unpack to must be found out before there can be a config.
import type { BlobLocation } from '../../oci/blob.js';
import { formatManifest } from '../../oci/convert.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestOf, type Digest } from '../../oci/digest.js';
import { parseManifest, type ImageManifest } from '../../oci/manifest.js';
import { dockerConfig, dockerLayer, dockerLayerGzip, dockerManifest } from '../../oci/media-types.js';
import { isSchema1, parseSchema1, schema1Config } from '../../oci/schema1.js';
import { CopyError } from '../errors.js';
import type { TransferSummary } from '../layers/layer-message.js';
import type { LayerPool } from '../layers/layer-pool.js';
import type { ChosenManifest } from './image-plan.js';
import type { ImageSource, SourceManifest } from './image-source.js';
import { madeManifest } from './target-form.js';

/** Reads a blob, which has this digest, and says what is in it. */
export type Examine = (blob: BlobLocation, digest: Digest, signal: AbortSignal) => Promise<TransferSummary>;

/** Lets the workers of a pool do it. */
export function examineWith(pool: LayerPool): Examine {
  return (blob, digest, signal) =>
    pool.transfer({ blob, expected: { digest }, recode: 'plain', target: { kind: 'nowhere' } }, signal);
}

/** The manifest a source was opened for, if it is one of schema 1. */
export async function schema1Manifest(
  source: ImageSource,
  signal: AbortSignal,
): Promise<SourceManifest | undefined> {
  const manifest = await source.manifest(undefined, signal);
  return isSchema1(manifest.mediaType) ? manifest : undefined;
}

/** A source of the made documents, and the manifest to be had from it; the old one counts as the index it was chosen from. */
export interface Modernised {
  readonly source: ImageSource;
  readonly chosen: ChosenManifest;
}

/** Reads every layer of the image `old` of `source`. Throws ManifestError, and what reading fails with. */
export async function modernised(
  source: ImageSource,
  old: SourceManifest,
  examine: Examine | undefined,
  signal: AbortSignal,
): Promise<Modernised> {
  const parsed = parseSchema1(old.bytes, old.mediaType);
  const blobs = parsed.steps.filter(({ empty }) => !empty).map(({ blob }) => blob);
  const { layers, diffIds } =
    source.contents === undefined
      ? await examined(source, blobs, examine, signal)
      : contentsOf(await source.contents(imageOf(blobs), signal));
  const configBytes = schema1Config(parsed, diffIds);
  const config = { mediaType: dockerConfig, digest: digestOf(configBytes), size: configBytes.length };
  const bytes = formatManifest({ mediaType: dockerManifest, config, layers, annotations: {} });
  const manifest = madeManifest(bytes, dockerManifest);
  const made = parseManifest(bytes, dockerManifest) as ImageManifest;
  return {
    source: withDocuments(source, manifest, configBytes),
    chosen: { manifest, parsed: made, index: old },
  };
}

interface Layers {
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
}

/** Layers side by side, each blob once however often it is used. */
async function examined(
  source: ImageSource,
  blobs: readonly Digest[],
  examine: Examine | undefined,
  signal: AbortSignal,
): Promise<Layers> {
  if (examine === undefined) throw new CopyError('manifests of schema 1 cannot be read here');
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const found = new Map<Digest, TransferSummary>();
  const look = async (digest: Digest): Promise<void> => {
    try {
      const location = await source.locate({ mediaType: dockerLayerGzip, digest, size: 0 }, either);
      found.set(digest, await examine(location, digest, either));
    } catch (error) {
      // The first failure is the reason; those it causes are not.
      if (!failure.signal.aborted) failure.abort(error);
    }
  };
  await Promise.all([...new Set(blobs)].map(look));
  signal.throwIfAborted();
  failure.signal.throwIfAborted();
  const summaries = blobs.map((digest) => ({ digest, summary: found.get(digest)! }));
  return {
    layers: summaries.map(({ digest, summary: { blobSize, diffSize } }) => ({
      mediaType: blobSize === diffSize ? dockerLayer : dockerLayerGzip,
      digest,
      size: blobSize,
    })),
    diffIds: summaries.map(({ digest, summary: { diffId } }) => diffId ?? digest),
  };
}

/** A source that delivers tars knows what they are. */
function contentsOf(tars: readonly Descriptor[]): Layers {
  return { layers: tars, diffIds: tars.map(({ digest }) => digest) };
}

function imageOf(blobs: readonly Digest[]): ImageManifest {
  const layers = blobs.map((digest) => ({ mediaType: dockerLayerGzip, digest, size: 0 }));
  const config = { mediaType: dockerConfig, digest: digestOf(Buffer.of()), size: 0 };
  return { kind: 'image', mediaType: dockerManifest, config, layers, annotations: {} };
}

function withDocuments(source: ImageSource, manifest: SourceManifest, configBytes: Buffer): ImageSource {
  return {
    origin: source.origin,
    manifest: async () => manifest,
    blobBytes: async () => configBytes,
    ...(source.contents !== undefined && {
      contents: (image: ImageManifest, signal: AbortSignal) => source.contents!(image, signal),
    }),
    locate: (content, signal) => source.locate(content, signal),
    // They are of the old manifest.
    signatures: async () => [],
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

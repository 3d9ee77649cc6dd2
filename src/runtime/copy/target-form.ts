// The form an image takes at its destination: which type of manifest, and what becomes of its layers for it.
import type { Recode } from '../../oci/blob.js';
import { formatManifest, formatOciConfig } from '../../oci/convert.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestOf } from '../../oci/digest.js';
import { compressionOf, isForeign, layerTypeIn } from '../../oci/layer-type.js';
import {
  dockerConfig,
  dockerManifest,
  dockerManifestList,
  ociConfig,
  ociIndex,
  ociManifest,
} from '../../oci/media-types.js';
import { CopyError } from '../errors.js';
import type {
  ImagePlan,
  LayerPlan,
  LayerRequest,
  SinkNeeds,
  StoredBlob,
  WrittenImage,
} from './image-sink.js';
import type { SourceManifest } from './image-source.js';

/** What the caller wants of the form; absent is what the source has, or the destination likes best. */
export interface FormWishes {
  /** The only type of manifest that will do. */
  readonly manifestType?: string | undefined;
  /** What layers are zipped with that have to be; only OCI images can be zstd. */
  readonly compression?: 'gzip' | 'zstd' | undefined;
  /** Zip what would otherwise stay as it is. */
  readonly compress?: boolean | undefined;
}

const indexTypes: ReadonlySet<string> = new Set([ociIndex, dockerManifestList]);

/** Why nothing of the manifest may change: signatures are to be kept, or the destination is named by a digest. */
export type Fixed = string | undefined;

/**
 * The types of manifests to try at a destination, in order: the source's own, Docker's, then what the destination likes
 * (images-and-transports §6.5).
 */
export function manifestTypesFor(
  source: string,
  { manifestTypes: accepted }: SinkNeeds,
  { manifestType, compression, compress }: FormWishes,
  fixed: Fixed,
): readonly string[] {
  if (manifestType !== undefined) return [manifestType];
  if (fixed !== undefined) return [source];
  // Docker's manifests have no zstd.
  if (compression === 'zstd' && compress === true && accepted.includes(ociManifest)) return [ociManifest];
  const candidates = [source, dockerManifest, ...accepted].filter(
    (type) => accepted.includes(type) && !indexTypes.has(type),
  );
  const types = [...new Set(candidates)];
  if (types.length === 0) throw new CopyError(`the destination takes no images of type ${source}`);
  return types;
}

/** What each layer must become for a manifest of type `type`. Throws LayerTypeError. */
export function layerRequests(
  plan: ImagePlan,
  type: string,
  needs: SinkNeeds,
  wishes: FormWishes,
  fixed: Fixed,
): readonly LayerRequest[] {
  return plan.layers.map((layer) => {
    if (fixed !== undefined) return { layer, recode: 'as-is', reusable: true };
    const recode = recodeFor(layer, type, needs, wishes);
    return { layer, recode, reusable: isReusable(layer, type, recode, wishes) };
  });
}

/**
 * Where nothing may change, a layer that the source has no longer as it was pulled has to be at the destination already. Throws
 * {@link CopyError} for one that is not.
 */
export function requireAtHand(
  requests: readonly LayerRequest[],
  stored: ReadonlyMap<LayerPlan, StoredBlob>,
  fixed: Fixed,
): void {
  if (fixed === undefined) return;
  for (const { layer } of requests) {
    if (stored.has(layer) || layer.content.digest === layer.blob.digest) continue;
    throw new CopyError(`layer ${layer.blob.digest} is not at hand as it was pulled, and ${fixed}`);
  }
}

function recodeFor({ content }: LayerPlan, type: string, needs: SinkNeeds, wishes: FormWishes): Recode {
  const compression = compressionOf(content.mediaType);
  // What is no layer to our knowledge is not touched.
  if (compression === undefined) return 'as-is';
  if (needs.layers === 'plain') return 'plain';
  const zip = needs.layers === 'compressed' || wishes.compress === true;
  if (type === dockerManifest) return zip || compression === 'zstd' ? 'gzip' : 'as-is';
  if (!zip) return 'as-is';
  return wishes.compression ?? (compression === 'zstd' ? 'zstd' : 'gzip');
}

/** Zipping saves room; a blob that is there already needs none, unless the caller insists. */
function isReusable(
  { blob, content }: LayerPlan,
  type: string,
  recode: Recode,
  { compress }: FormWishes,
): boolean {
  // Manifests of archives call their tars gzip; the source knows better.
  const compression = compressionOf((blob.digest === content.digest ? content : blob).mediaType);
  if (recode === 'plain') return compression === 'none';
  if (compress === true) return compression === recode;
  return type !== dockerManifest || compression !== 'zstd';
}

/** The image as it is written: the source's own bytes where nothing has changed. */
export function writtenImage(
  plan: ImagePlan,
  type: string,
  stored: ReadonlyMap<LayerPlan, StoredBlob>,
): Pick<WrittenImage, 'manifest' | 'config' | 'configBytes' | 'layers'> {
  const { manifest, parsed } = plan;
  const layers = plan.layers.map((layer) => writtenLayer(layer, stored.get(layer), parsed.mediaType, type));
  const same = type === parsed.mediaType && layers.every((layer, index) => layer === parsed.layers[index]);
  if (same) return { manifest, config: parsed.config, configBytes: plan.configBytes, layers };
  const { config, configBytes } = writtenConfig(plan, type);
  const annotations = type === ociManifest ? parsed.annotations : {};
  const bytes = formatManifest({ mediaType: type, config, layers, annotations });
  return { manifest: madeManifest(bytes, type), config, configBytes, layers };
}

/** The source's own descriptor if the destination has that blob. */
function writtenLayer(
  { blob, content }: LayerPlan,
  stored: StoredBlob | undefined,
  from: string,
  to: string,
): Descriptor {
  if (stored === undefined) throw new CopyError(`layer ${blob.digest} was not copied`);
  const { digest, size } = stored;
  const same = digest === blob.digest;
  if (same && from === to) return blob;
  const { mediaType } = same ? blob : content;
  const compression = stored.compression ?? compressionOf(mediaType) ?? 'none';
  const { urls, annotations } = blob;
  return {
    mediaType: layerTypeIn(to, mediaType, compression),
    digest,
    size,
    ...(same && isForeign(mediaType) && urls !== undefined && { urls }),
    ...(same && to === ociManifest && annotations !== undefined && { annotations }),
  };
}

/** From Docker's form to the OCI's the config is written anew; the other way round it stays to the byte. */
function writtenConfig(
  { parsed, config, configBytes }: ImagePlan,
  type: string,
): { readonly config: Descriptor; readonly configBytes: Buffer } {
  if (type === parsed.mediaType) return { config: parsed.config, configBytes };
  const bytes = type === ociManifest ? formatOciConfig(config) : configBytes;
  const mediaType = type === ociManifest ? ociConfig : dockerConfig;
  return { config: { mediaType, digest: digestOf(bytes), size: bytes.length }, configBytes: bytes };
}

/** A manifest of our own making. */
export function madeManifest(bytes: Buffer, mediaType: string): SourceManifest {
  return { bytes, mediaType, digest: digestOf(bytes) };
}

// What the media type of a layer says about it, and what its type is in the other naming.
import {
  dockerForeignLayer,
  dockerForeignLayerGzip,
  dockerLayer,
  dockerLayerGzip,
  dockerManifest,
  ociLayer,
  ociLayerGzip,
  ociLayerZstd,
  ociNonDistributableLayer,
  ociNonDistributableLayerGzip,
  ociNonDistributableLayerZstd,
  type Compression,
} from './media-types.js';

/** A layer that cannot be had in the form that is wanted. */
export class LayerTypeError extends Error {
  override readonly name = 'LayerTypeError';
  readonly code = 'LAYER_TYPE';
}

interface LayerType {
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** May be kept at its own place only, named by urls. */
  readonly foreign: boolean;
}

const types: ReadonlyMap<string, LayerType> = new Map([
  [ociLayer, { compression: 'none', foreign: false }],
  [ociLayerGzip, { compression: 'gzip', foreign: false }],
  [ociLayerZstd, { compression: 'zstd', foreign: false }],
  [ociNonDistributableLayer, { compression: 'none', foreign: true }],
  [ociNonDistributableLayerGzip, { compression: 'gzip', foreign: true }],
  [ociNonDistributableLayerZstd, { compression: 'zstd', foreign: true }],
  [dockerLayer, { compression: 'none', foreign: false }],
  [dockerLayerGzip, { compression: 'gzip', foreign: false }],
  [dockerForeignLayer, { compression: 'none', foreign: true }],
  [dockerForeignLayerGzip, { compression: 'gzip', foreign: true }],
]);

/** What a layer of this type is compressed with; undefined for types we do not know. */
export function compressionOf(mediaType: string): LayerType['compression'] | undefined {
  return types.get(mediaType)?.compression;
}

/** Whether a layer of this type may lie elsewhere than in the repository. */
export function isForeign(mediaType: string): boolean {
  return types.get(mediaType)?.foreign ?? false;
}

/**
 * The type of a layer in a manifest of type `manifestType`, once it is compressed like this; a type we do not know stays.
 * Throws {@link LayerTypeError} where there is none.
 */
export function layerTypeIn(manifestType: string, mediaType: string, compression: Compression): string {
  const known = types.get(mediaType);
  const docker = manifestType === dockerManifest;
  if (known === undefined) return unknownTypeIn(manifestType, mediaType);
  const found = [...types].find(
    ([name, type]) =>
      type.compression === compression &&
      type.foreign === known.foreign &&
      name.startsWith('application/vnd.docker.') === docker,
  );
  if (found !== undefined) return found[0];
  throw new LayerTypeError(
    docker
      ? `${compression} compression is not supported for docker images`
      : `${compression} compression is not supported for OCI images`,
  );
}

function unknownTypeIn(manifestType: string, mediaType: string): string {
  const docker = manifestType === dockerManifest;
  if (docker === mediaType.startsWith('application/vnd.docker.')) return mediaType;
  throw new LayerTypeError(`Unknown media type during manifest conversion: "${mediaType}"`);
}

// An image that is made here, as it is written: its configuration and its manifest, which names its layers as plain tars.
import type { ImageConfig } from '../../oci/config.js';
import { formatManifest, formatOciConfig } from '../../oci/convert.js';
import { digestOf, type Digest } from '../../oci/digest.js';
import { formatDockerConfig } from '../../oci/docker-config.js';
import {
  dockerConfig,
  dockerLayer,
  dockerManifest,
  ociConfig,
  ociLayer,
  ociManifest,
} from '../../oci/media-types.js';
import type { CommitLayer, Document } from '../../store/index.js';

/** A layer by the tar it is. */
export interface LayerTar {
  readonly diffId: Digest;
  /** Bytes. */
  readonly diffSize: number;
}

/** An image to be written. */
export interface NewImageForm {
  readonly config: ImageConfig;
  readonly format: 'oci' | 'docker';
  /** Base first. */
  readonly layers: readonly LayerTar[];
  /** The id of the image it was made from, empty for none; Docker's format only. */
  readonly parent: string;
  /** Of the manifest; the OCI's format only. */
  readonly annotations: Readonly<Record<string, string>>;
}

export function madeImage(image: NewImageForm): { readonly config: Document; readonly manifest: Document } {
  const docker = image.format === 'docker';
  const config = docker ? formatDockerConfig(image.config, image.parent) : formatOciConfig(image.config);
  const manifest = formatManifest({
    mediaType: docker ? dockerManifest : ociManifest,
    config: {
      mediaType: docker ? dockerConfig : ociConfig,
      digest: digestOf(config),
      size: config.length,
    },
    layers: image.layers.map(({ diffId, diffSize }) => ({
      mediaType: docker ? dockerLayer : ociLayer,
      digest: diffId,
      size: diffSize,
    })),
    annotations: docker ? {} : image.annotations,
  });
  return {
    config: { digest: digestOf(config), bytes: config },
    manifest: { digest: digestOf(manifest), bytes: manifest },
  };
}

/** A layer that the store has: nothing else of it is looked at. */
export function presentLayer({ diffId, diffSize }: LayerTar): CommitLayer {
  const blob = { blobDigest: diffId, blobSize: diffSize, compression: 'none' } as const;
  return { diffId, diffSize, ...blob, uids: [], gids: [] };
}

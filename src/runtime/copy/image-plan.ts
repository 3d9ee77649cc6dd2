// What there is to copy: the manifest of one platform's image, its config, and a plan for each layer.
import { choosePlatform } from '../../oci/choose-platform.js';
import { parseConfig } from '../../oci/config.js';
import { parseManifest, type ImageIndex, type ImageManifest } from '../../oci/manifest.js';
import type { Platform } from '../../oci/platform.js';
import { CopyError } from '../errors.js';
import type { ImagePlan } from './image-sink.js';
import type { ImageSource, SourceManifest } from './image-source.js';

/** What a source was opened for: one image, or an index of several. */
export type TopManifest =
  | { readonly manifest: SourceManifest; readonly parsed: ImageManifest }
  | { readonly manifest: SourceManifest; readonly parsed: ImageIndex };

/** Reads the manifest or index itself. Throws ManifestError. */
export async function topManifest(source: ImageSource, signal: AbortSignal): Promise<TopManifest> {
  const manifest = await source.manifest(undefined, signal);
  return { manifest, parsed: parseManifest(manifest.bytes, manifest.mediaType) } as TopManifest;
}

/** An image's manifest, and the index it was chosen from. */
export interface ChosenManifest {
  readonly manifest: SourceManifest;
  readonly parsed: ImageManifest;
  readonly index: SourceManifest | undefined;
}

/** The image that `top` is or, of an index, the one for `platform`. Throws PlatformError. */
export async function chosenManifest(
  source: ImageSource,
  top: TopManifest,
  platform: Platform,
  signal: AbortSignal,
): Promise<ChosenManifest> {
  const { manifest, parsed } = top;
  if (parsed.kind === 'image') return { manifest, parsed, index: undefined };
  return await instance(source, manifest, choosePlatform(parsed, platform, true).digest, signal);
}

/** The image of an index that has this digest. */
export async function instance(
  source: ImageSource,
  index: SourceManifest,
  digest: SourceManifest['digest'],
  signal: AbortSignal,
): Promise<ChosenManifest> {
  const manifest = await source.manifest(digest, signal);
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind !== 'image') {
    throw new CopyError('Unexpectedly received a manifest list instead of a manifest for a single image');
  }
  return { manifest, parsed, index };
}

/** Reads the config and says for each layer what it must be. Throws {@link CopyError} when they do not fit together. */
export async function planImage(
  source: ImageSource,
  { manifest, parsed, index }: ChosenManifest,
  signal: AbortSignal,
): Promise<ImagePlan> {
  const configBytes = await source.blobBytes(parsed.config, signal);
  const config = parseConfig(configBytes);
  const { diffIds } = config.rootfs;
  if (diffIds.length !== parsed.layers.length) {
    throw new CopyError(
      `the manifest has ${parsed.layers.length} layers, the config ${parsed.config.digest} has ${diffIds.length} diff_ids`,
    );
  }
  const contents = (await source.contents?.(parsed, signal)) ?? parsed.layers;
  const layers = parsed.layers.map((blob, position) => {
    const diffId = diffIds[position];
    const content = contents[position];
    if (diffId === undefined || content === undefined)
      throw new CopyError(`config ${parsed.config.digest}: no diffID for layer ${position}`);
    return { index: position, blob, content, diffId };
  });
  return { manifest, parsed, index, configDigest: parsed.config.digest, configBytes, config, layers };
}

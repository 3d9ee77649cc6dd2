// Which image of an index a machine runs.
import type { Descriptor } from './descriptor.js';
import type { ImageIndex } from './manifest.js';
import { dockerManifestList } from './media-types.js';
import type { Platform } from './platform.js';
import { wantedVariants } from './platform.js';

/** No image of an index fits. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code = 'NO_SUCH_PLATFORM';
}

const zstdAnnotation = 'io.github.containers.compression.zstd';

/**
 * The first entry for the best variant that exists. Of equally good ones, with `preferZstd`, one whose
 * layers are zstd. Throws {@link PlatformError}.
 */
export function choosePlatform(index: ImageIndex, platform: Platform, preferZstd = false): Descriptor {
  for (const variant of wantedVariants(platform)) {
    const fitting = index.manifests.filter((entry) => fits(entry.platform, platform, variant));
    const zstd = fitting.find((entry) => entry.annotations?.[zstdAnnotation] === 'true');
    const chosen = (preferZstd ? zstd : undefined) ?? fitting[0];
    if (chosen !== undefined) return chosen;
  }
  const list = index.mediaType === dockerManifestList ? 'manifest list' : 'image index';
  const { architecture, variant = '', os } = platform;
  throw new PlatformError(
    `no image found in ${list} for architecture ${architecture}, variant "${variant}", OS ${os}`,
  );
}

/** Entries without a platform never fit. os.version means nothing on Linux. */
function fits(entry: Platform | undefined, wanted: Platform, variant: string | undefined): boolean {
  if (entry === undefined || entry.os !== wanted.os || entry.architecture !== wanted.architecture)
    return false;
  return variant === undefined || (entry.variant ?? '') === variant;
}

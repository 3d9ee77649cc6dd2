// What a stored list of manifests stands for: podman shows, saves and pushes the image for this machine in its place.
import { choosePlatform, PlatformError } from '../../oci/choose-platform.js';
import { isIndexType } from '../../oci/media-types.js';
import { type Manifest, manifestMediaType, parseManifest } from '../../oci/manifest.js';
import type { Platform } from '../../oci/platform.js';
import type { Store, StoredImage, StoreView } from '../../store/index.js';
import { ImageNotFoundError } from '../errors.js';

/**
 * The image of the list `image` that is for `platform`; `image` itself if it is no list, or one that cannot be read.
 * Throws {@link ImageNotFoundError} when the list has none that is stored.
 */
export async function instanceOf(
  store: Store,
  view: StoreView,
  image: StoredImage,
  platform: Platform,
): Promise<StoredImage> {
  // An image has a layer or a configuration of its own; this spares reading the manifests of nearly all.
  if (image.layer !== undefined && image.layer !== '') return image;
  const list = await readList(store, image);
  if (list?.kind !== 'index') return image;
  const name = image.names[0] ?? image.id;
  try {
    const { digest } = choosePlatform(list, platform);
    const [instance] = view.imagesByDigest(digest);
    if (instance !== undefined) return instance;
    const where = `of manifest list ${image.id} in local containers storage`;
    throw new ImageNotFoundError(name, `could not find image instance ${digest} ${where}: image not known`);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw new ImageNotFoundError(name, `${error.message}: image not known`, { cause: error });
  }
}

async function readList(store: Store, image: StoredImage): Promise<Manifest | undefined> {
  if (!image.bigDataNames.includes('manifest')) return undefined;
  const bytes = await store.imageData(image, 'manifest');
  try {
    return isIndexType(manifestMediaType(bytes)) ? parseManifest(bytes) : undefined;
  } catch {
    // Other programs store what they like; it is shown with empty values.
    return undefined;
  }
}

// How a method finds the image its caller names.
import { ImageNotFoundError, messageOf } from '../runtime/errors.js';
import type { Catalogue } from '../runtime/image-list.js';
import { findImage, type ShortNames } from '../runtime/resolve.js';
import type { Runtime, StoredImage } from '../runtime/runtime.js';

export interface Found {
  readonly catalogue: Catalogue;
  readonly image: StoredImage;
}

/** The image that `name` means now. Throws ImageNotFoundError. */
export async function lookUp(runtime: Runtime, name: string, signal: AbortSignal): Promise<Found> {
  const catalogue = await runtime.catalogue(signal);
  return { catalogue, image: findByName(runtime.registries(), catalogue, name) };
}

/** The same among the images at hand. A name that cannot be one is not found either (io-podman-api §2.2). */
export function findByName(shortNames: ShortNames, catalogue: Catalogue, name: string): StoredImage {
  try {
    return findImage(catalogue.view, name, shortNames);
  } catch (error) {
    if (error instanceof ImageNotFoundError) throw error;
    throw new ImageNotFoundError(name, messageOf(error));
  }
}

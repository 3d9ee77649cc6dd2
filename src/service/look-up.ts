// How a method finds the image its caller names.
import { ImageNotFoundError, messageOf } from '../runtime/errors.js';
import type { Catalogue } from '../runtime/image-list.js';
import { findImage } from '../runtime/resolve.js';
import type { Runtime } from '../runtime/runtime.js';
import type { StoredImage } from '../runtime/runtime.js';

export interface Found {
  readonly catalogue: Catalogue;
  readonly image: StoredImage;
}

/** The image that `name` means. A name that cannot be one is not found either (io-podman-api §2.2). */
export async function lookUp(runtime: Runtime, name: string, signal: AbortSignal): Promise<Found> {
  const catalogue = await runtime.catalogue(signal);
  return { catalogue, image: findByName(runtime, catalogue, name) };
}

/** The same in a catalogue that is at hand. Throws ImageNotFoundError. */
export function findByName(runtime: Runtime, catalogue: Catalogue, name: string): StoredImage {
  try {
    return findImage(catalogue.view, name, runtime.shortNames);
  } catch (error) {
    if (error instanceof ImageNotFoundError) throw error;
    throw new ImageNotFoundError(name, messageOf(error));
  }
}

// How a method finds the image its caller names.
import { ImageNotFoundError, messageOf } from '../runtime/errors.js';
import { findImage, type ShortNames } from '../runtime/resolve.js';
import type { Runtime, StoredImage, StoreView } from '../runtime/runtime.js';

/** The image that `name` means now, and the state of the store in which it does. Throws ImageNotFoundError. */
export async function lookUp(
  runtime: Runtime,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly view: StoreView; readonly image: StoredImage }> {
  const view = await runtime.view(signal);
  return { view, image: findByName(runtime.registries(), view, name) };
}

/** The same among the images at hand. A name that cannot be one is not found either (io-podman-api §2.2). */
export function findByName(shortNames: ShortNames, view: StoreView, name: string): StoredImage {
  try {
    return findImage(view, name, shortNames);
  } catch (error) {
    if (error instanceof ImageNotFoundError) throw error;
    throw new ImageNotFoundError(name, messageOf(error));
  }
}

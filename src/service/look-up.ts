// How a method finds the image its caller names.
import { instanceOf } from '../runtime/images/list-instance.js';
import { findNamed, type ShortNames } from '../runtime/images/resolve.js';
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

/** The same, but of a stored list of manifests the image for this machine, as podman has it wherever it looks into an image. */
export async function lookInto(
  runtime: Runtime,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly view: StoreView; readonly image: StoredImage }> {
  const { view, image } = await lookUp(runtime, name, signal);
  return { view, image: await instanceOf(await runtime.store(), view, image, await runtime.platform()) };
}

/** The same among the images at hand. */
export function findByName(shortNames: ShortNames, view: StoreView, name: string): StoredImage {
  return findNamed(view, name, shortNames).image;
}

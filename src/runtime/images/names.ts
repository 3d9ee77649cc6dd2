// Giving names to images and taking them away (images-and-transports §1.3, §10).
import { normalizedTag } from '../../oci/local-name.js';
import { formatReference } from '../../oci/reference.js';
import { ImageUnknownError, type StoredImage } from '../../store/index.js';
import { ImageNotFoundError, NameUnknownError } from '../errors.js';
import type { ImageContext } from './image-context.js';
import { findNamed } from './resolve.js';

/** A user's name as it is stored: `localhost/` in front when it names no registry, `:latest` when it has no tag. */
export function storedName(name: string): string {
  return formatReference(normalizedTag(name));
}

/**
 * Gives the image that `name` means a further name, which another image may lose by that; one that it has is no change and no
 * event. Resolves to the image's id. Throws {@link ImageNotFoundError}, InvalidReferenceError.
 */
export async function tagImage(
  context: ImageContext,
  name: string,
  tagged: string,
  signal: AbortSignal,
): Promise<string> {
  const { store, events } = context;
  const image = await imageNamed(context, name, signal);
  const added = storedName(tagged);
  if (image.names.includes(added)) return image.id;
  await unlessGone(name, store.addName(image.id, added, signal));
  await events.write({ status: 'tag', id: image.id, name: image.names[0] ?? added });
  return image.id;
}

/**
 * Takes a name from the image that `name` means; the last one can go, too. Resolves to the image's id. Throws
 * {@link ImageNotFoundError}, {@link NameUnknownError}, ReadOnlyImageError, InvalidReferenceError.
 */
export async function untagImage(
  context: ImageContext,
  name: string,
  tag: string,
  signal: AbortSignal,
): Promise<string> {
  const { store, events } = context;
  const image = await imageNamed(context, name, signal);
  const removed = image.names.includes(tag) ? tag : storedName(tag);
  if (!image.names.includes(removed)) throw new NameUnknownError(image.id, removed);
  await unlessGone(name, store.removeName(image.id, removed, undefined, signal));
  await events.write({ status: 'untag', id: image.id, name: image.names[0] ?? '' });
  return image.id;
}

async function imageNamed(
  { store, shortNames }: ImageContext,
  name: string,
  signal: AbortSignal,
): Promise<StoredImage> {
  return findNamed(await store.view(signal), name, shortNames).image;
}

/** Somebody else may have removed the image since it was found. */
async function unlessGone<T>(name: string, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof ImageUnknownError)
      throw new ImageNotFoundError(name, error.message, { cause: error });
    throw error;
  }
}

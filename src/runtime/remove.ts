// Removing an image, or only one of its names (images-and-transports §10).
import { ImageInUseError, ImageUnknownError, type Store, type StoredImage } from '../store/index.js';
import { RemoveRefusedError } from './errors.js';
import type { EventLog } from './events/event-log.js';
import type { ImageList } from './image-list.js';
import { matchingName } from './names.js';
import { findImage, type ShortNames } from './resolve.js';

/** What a removal did. */
export interface Removal {
  /** The image that was named. */
  readonly id: string;
  readonly untagged: readonly string[];
  /** The image's id when it is gone, else empty. */
  readonly deleted: string;
}

export interface RemoveContext {
  readonly store: Store;
  readonly images: ImageList;
  readonly events: EventLog;
  readonly shortNames: ShortNames;
}

/**
 * Removes what `name` means. By a name, an image with several names loses that name only; by id, all of them are
 * removed with `force` only. Throws ImageNotFoundError, {@link RemoveRefusedError}.
 */
export async function removeImage(
  context: RemoveContext,
  name: string,
  force: boolean,
  signal: AbortSignal,
): Promise<Removal> {
  const { store, images, events, shortNames } = context;
  const { view, hierarchy } = await images.catalogue(signal);
  const image = findImage(view, name, shortNames);
  const byId = isIdOf(image, name);
  const containers = view.containersOf(image.id).length;
  if (containers > 0 && image.names.length <= 1) throw inUse(image.id, containers);

  const hasChildren = hierarchy.childrenOf(image).length > 0;
  if (hasChildren && (byId || image.names.length === 0)) {
    throw new RemoveRefusedError(
      `unable to delete "${image.id}" (cannot be forced) - image has dependent child images`,
    );
  }
  if (!byId && (image.names.length > 1 || hasChildren)) {
    const untagged = matchingName(image, name);
    await store.removeName(image.id, untagged, signal);
    await events.write({ status: 'untag', id: image.id, name: image.names[0] ?? '' });
    return { id: image.id, untagged: [untagged], deleted: '' };
  }
  if (image.names.length > 1 && !force) {
    throw new RemoveRefusedError(
      `unable to delete ${image.id} (must force) - image is referred to in multiple tags`,
    );
  }
  await deleteImage(context, image, signal);
  await removeOrphanedParents(context, hierarchy.parentOf(image), signal);
  return { id: image.id, untagged: image.names, deleted: image.id };
}

/** Was the image asked for by its id or the beginning of it, rather than by a name? */
function isIdOf(image: StoredImage, name: string): boolean {
  return image.id.startsWith(name.replace(/^sha256:/, ''));
}

function inUse(id: string, containers: number): RemoveRefusedError {
  return new RemoveRefusedError(
    `could not remove image ${id} as it is being used by ${containers} containers`,
  );
}

async function deleteImage(context: RemoveContext, image: StoredImage, signal: AbortSignal): Promise<void> {
  try {
    await context.store.deleteImage(image.id, signal);
  } catch (error) {
    // A container was made since the view was taken.
    if (error instanceof ImageInUseError) throw inUse(image.id, error.containers.length);
    throw error;
  }
  await context.events.write({ status: 'remove', id: image.id, name: image.names[0] ?? '' });
}

/** Parents without a name that nothing else was made from go too; one that cannot go is left without a word. */
async function removeOrphanedParents(
  context: RemoveContext,
  parent: StoredImage | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (let next = parent; next !== undefined && next.names.length === 0;) {
    const { view, hierarchy } = await context.images.catalogue(signal);
    const image = view.imageById(next.id);
    if (image === undefined || image.names.length > 0 || hierarchy.childrenOf(image).length > 0) return;
    if (view.containersOf(image.id).length > 0) return;
    next = hierarchy.parentOf(image);
    try {
      await deleteImage(context, image, signal);
    } catch (error) {
      if (error instanceof ImageUnknownError || error instanceof RemoveRefusedError) return;
      throw error;
    }
  }
}

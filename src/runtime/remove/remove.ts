// Removing an image, or only one of its names (images-and-transports §10).
import {
  ImageChangedError,
  ImageInUseError,
  ImageMountedError,
  ImageUnknownError,
  ReadOnlyImageError,
  type StoredContainer,
  type StoredImage,
} from '../../store/index.js';
import { RemoveRefusedError } from '../errors.js';
import type { ImageContext } from '../images/image-context.js';
import type { Catalogue } from '../images/image-list.js';
import { removeContainers } from './remove-containers.js';
import { findNamed, type Found } from '../images/resolve.js';

/** What a removal did. */
export interface Removal {
  /** The image that was named. */
  readonly id: string;
  readonly untagged: readonly string[];
  /** The image's id when it is gone, else empty. */
  readonly deleted: string;
}

/** How often a removal is decided anew because others change the same image. */
const maxAttempts = 20;

/**
 * Removes what `name` means. By a name, an image with several names or with children loses that name only; by id, all names
 * go with `force` only, and so do containers. Throws ImageNotFoundError, {@link RemoveRefusedError}, ReadOnlyImageError.
 */
export async function removeImage(
  context: ImageContext,
  name: string,
  force: boolean,
  signal: AbortSignal,
): Promise<Removal> {
  for (let attempt = 1; ; attempt += 1) {
    const catalogue = await context.images.catalogue(signal);
    const found = findNamed(catalogue.view, name, context.shortNames);
    const decision = decide(catalogue, found, force);
    try {
      if (decision.containers.length > 0) {
        context.store.assertWritable();
        await removeContainers(context.store, context.environment, decision.containers, signal);
      }
      return decision.name === undefined
        ? await remove(context, catalogue, found.image, signal)
        : await untag(context, found.image, decision.name, signal);
    } catch (error) {
      if (!hasChanged(error) || attempt >= maxAttempts) throw error;
    }
  }
}

/** What is to be done: first these containers go, then this name of the image or, if there is none, the image. */
interface Decision {
  readonly containers: readonly StoredContainer[];
  readonly name: string | undefined;
}

/** The rules, in their order; what is refused is so before anything is removed. */
function decide({ view, hierarchy }: Catalogue, found: Found, force: boolean): Decision {
  const { image } = found;
  const { id, names } = image;
  if (image.readOnly) throw new ReadOnlyImageError(id, image.root);
  const containers = view.containersOf(id);
  if (containers.length > 0 && names.length <= 1 && !force) throw inUse(id, containers.length);
  const byId = found.names.length === 0;
  const isParent = hierarchy.childrenOf(image).length > 0;
  if (isParent && byId) {
    throw new RemoveRefusedError(
      `unable to delete "${id}" (cannot be forced) - image has dependent child images`,
    );
  }
  // The name is the one that a read-only store has for the same image.
  const isOther = !byId && !found.names.some((name) => names.includes(name));
  if (isOther || (!byId && (names.length > 1 || isParent))) {
    return { containers: names.length > 1 ? [] : containers, name: meantName(found) };
  }
  if (names.length > 1 && !force) {
    throw new RemoveRefusedError(
      `unable to delete ${id} (must force) - image is referred to in multiple tags`,
    );
  }
  return { containers, name: undefined };
}

function inUse(id: string, containers: number): RemoveRefusedError {
  return new RemoveRefusedError(
    `could not remove image ${id} as it is being used by ${containers} containers`,
  );
}

/** The name that is to go (§2.4). */
function meantName({ image, names }: Found): string {
  const [name, another] = names.filter((name) => image.names.includes(name));
  if (name === undefined) throw new RemoveRefusedError('unable to match user input to any specific repotag');
  if (another !== undefined)
    throw new RemoveRefusedError('user input matched multiple repotags for the image');
  return name;
}

/** Somebody else did something to the image since it was decided what is to be done. */
function hasChanged(error: unknown): boolean {
  return (
    error instanceof ImageChangedError ||
    error instanceof ImageUnknownError ||
    error instanceof ImageInUseError
  );
}

async function untag(
  { store, events }: ImageContext,
  { id, names }: StoredImage,
  name: string,
  signal: AbortSignal,
): Promise<Removal> {
  await store.removeName(id, name, names, signal);
  await events.write({ status: 'untag', id, name: names[0] ?? '' });
  return { id, untagged: [name], deleted: '' };
}

async function remove(
  context: ImageContext,
  { hierarchy }: Catalogue,
  image: StoredImage,
  signal: AbortSignal,
): Promise<Removal> {
  await deleteImage(context, image, signal);
  await removeOrphanedParents(context, hierarchy.parentOf(image), signal);
  return { id: image.id, untagged: image.names, deleted: image.id };
}

/** Deletes an image that is still as it was seen. Throws what {@link hasChanged} knows, and ImageMountedError. */
export async function deleteImage(
  { store, events }: ImageContext,
  { id, names }: StoredImage,
  signal: AbortSignal,
): Promise<void> {
  await store.deleteImage(id, names, signal);
  await events.write({ status: 'remove', id, name: names[0] ?? '' });
}

/** Parents without a name that nothing else was made from go too; one that cannot go is left without a word. */
async function removeOrphanedParents(
  context: ImageContext,
  parent: StoredImage | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (let next = parent; next !== undefined && next.names.length === 0;) {
    const { view, hierarchy } = await context.images.catalogue(signal);
    const image = view.imageById(next.id);
    if (image === undefined || image.names.length > 0 || hierarchy.childrenOf(image).length > 0) return;
    next = hierarchy.parentOf(image);
    try {
      await deleteImage(context, image, signal);
    } catch (error) {
      if (isLeftAlone(error)) return;
      throw error;
    }
  }
}

/** Why a parent stays. */
function isLeftAlone(error: unknown): boolean {
  return hasChanged(error) || error instanceof ImageMountedError || error instanceof ReadOnlyImageError;
}

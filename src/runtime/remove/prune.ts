// Removing the images nobody needs (images-and-transports §9).
import {
  ImageChangedError,
  ImageInUseError,
  ImageMountedError,
  ImageUnknownError,
  type StoredImage,
} from '../../store/index.js';
import { messageOf, PruneFilterError } from '../errors.js';
import type { ImageContext } from '../images/image-context.js';
import { filterTime } from '../images/filter-time.js';
import { labelFilter } from '../images/image-filter.js';
import { madeAt, summaryOf, type Catalogue, type ImageSummary } from '../images/image-list.js';
import { deleteImage } from './remove.js';

export interface PruneRequest {
  /** Also images with names. */
  readonly all: boolean;
  /** Each `key=value`; an image must match all of them. */
  readonly filters: readonly string[];
}

/**
 * Removes images without names, or all, that no container uses and no other image was made from, again until there are none.
 * Resolves to the first tag of each, or its id. What was given a name or a container meanwhile stays. Throws {@link PruneFilterError}.
 */
export async function pruneImages(
  context: ImageContext,
  { all, filters }: PruneRequest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const matchers = filters.map(parseFilter);
  const isWanted = (catalogue: Catalogue, image: StoredImage): boolean =>
    !image.readOnly &&
    (image.names.length === 0 || (all && catalogue.view.containersOf(image.id).length === 0)) &&
    catalogue.hierarchy.childrenOf(image).length === 0 &&
    matchers.every((matches) => matches(image, summaryOf(catalogue, image)));
  const pruned: string[] = [];
  const kept = new Set<string>();
  for (let before = -1; pruned.length > before;) {
    before = pruned.length;
    const catalogue = await context.images.catalogue(signal);
    for (const image of catalogue.view.images) {
      if (kept.has(image.id) || !isWanted(catalogue, image)) continue;
      if (await prune(context, image, signal)) pruned.push(firstTag(image) ?? image.id);
      else kept.add(image.id);
    }
  }
  return pruned;
}

/**
 * Removes every image that no container uses, in the order of the store, parents as well as their children. Resolves to their ids;
 * the first that cannot be removed ends it.
 */
export async function deleteUnusedImages(
  context: ImageContext,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { store } = context;
  const deleted: string[] = [];
  for (const { id } of (await store.view(signal)).images) {
    const view = await store.view(signal);
    const image = view.imageById(id);
    if (image === undefined || image.readOnly || view.containersOf(id).length > 0) continue;
    try {
      await deleteImage(context, image, signal);
      deleted.push(id);
    } catch (error) {
      // It was in use, or gone, a moment later.
      if (!(error instanceof ImageUnknownError || error instanceof ImageInUseError)) throw error;
    }
  }
  return deleted;
}

type Matcher = (image: StoredImage, summary: ImageSummary) => boolean;

function parseFilter(filter: string): Matcher {
  const equals = filter.indexOf('=');
  if (equals < 0)
    throw new PruneFilterError(`filter input must be in the form of filter=value: ${filter} is invalid`);
  const key = filter.slice(0, equals);
  const value = filter.slice(equals + 1);
  switch (key) {
    case 'label':
    case 'label!': {
      const matches = labelFilter(value);
      const wanted = key === 'label';
      return (_image, summary) => matches(summary) === wanted;
    }
    case 'until': {
      const limit = parseTime(value);
      return (image) => madeAt(image) < limit;
    }
    default:
      throw new PruneFilterError(`invalid filter ${filter}: images are pruned by label and until only`);
  }
}

function parseTime(value: string): bigint {
  try {
    return filterTime(value, Date.now());
  } catch (error) {
    throw new PruneFilterError(`invalid filter: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether the image is gone by this. */
async function prune(context: ImageContext, image: StoredImage, signal: AbortSignal): Promise<boolean> {
  try {
    await deleteImage(context, image, signal);
  } catch (error) {
    if (error instanceof ImageUnknownError || error instanceof ImageChangedError) return false;
    if (!(error instanceof ImageInUseError || error instanceof ImageMountedError)) throw error;
    context.warn(`not pruned: ${error.message}`);
    return false;
  }
  await context.events.write({ status: 'prune', id: image.id, name: image.names[0] ?? '' });
  return true;
}

/** Not a name by digest. */
function firstTag({ names }: StoredImage): string | undefined {
  return names.find((name) => !name.includes('@'));
}

// How an image came to be, step by step (images-and-transports §8.3).
import type { Store, StoredImage, StoreView } from '../../store/index.js';
import { readConfig } from './image-facts.js';
import { secondTime } from '../time.js';

export interface HistoryStep {
  /** The image that ends with this step, or `<missing>`. */
  readonly id: string;
  /** RFC 3339, seconds. */
  readonly created: string;
  readonly createdBy: string;
  readonly tags: readonly string[];
  /** Unpacked bytes of the step's layer, 0 when it made none. */
  readonly size: number;
  readonly comment: string;
}

/** The steps of `image`, newest first; none when its config cannot be read. */
export async function imageHistory(
  store: Store,
  view: StoreView,
  image: StoredImage,
): Promise<readonly HistoryStep[]> {
  const config = await readConfig(store, image);
  const byTopLayer = imagesByTopLayer(view);
  let layer = image.layer;
  const steps: HistoryStep[] = [];
  for (const entry of (config?.history ?? []).toReversed()) {
    let owner = byTopLayer.get(layer ?? '');
    if (steps.length === 0) owner = image;
    byTopLayer.delete(layer ?? '');
    const made = !entry.emptyLayer;
    const record = layer === undefined ? undefined : view.layer(layer);
    steps.push({
      id: owner?.id ?? '<missing>',
      created: secondTime(entry.created),
      createdBy: entry.createdBy,
      tags: owner?.names ?? [],
      size: made ? Math.max(record?.diffSize ?? 0, 0) : 0,
      comment: entry.comment,
    });
    // The id is looked up before the step down: an image shows at the empty entry that follows its layer too.
    if (made && record?.parent !== undefined) layer = record.parent;
  }
  return steps;
}

function imagesByTopLayer(view: StoreView): Map<string, StoredImage> {
  const images = new Map<string, StoredImage>();
  for (const image of view.images) {
    const layer = image.layer ?? '';
    if (!images.has(layer)) images.set(layer, image);
  }
  return images;
}

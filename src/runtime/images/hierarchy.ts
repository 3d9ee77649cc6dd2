// Which image was made from which (images-and-transports §9).
import type { StoredImage, StoreView } from '../../store/index.js';
import type { ImageFactsCache } from './image-facts.js';
import { inSlices } from '../../sys/slices.js';

/** Parents and children among the images of one view. */
export class ImageHierarchy {
  readonly #parents = new Map<string, StoredImage>();
  readonly #children = new Map<string, StoredImage[]>();

  private constructor() {}

  /** The family tree of a view whose facts are loaded. */
  static async of(view: StoreView, facts: ImageFactsCache): Promise<ImageHierarchy> {
    const hierarchy = new ImageHierarchy();
    const byStep = new Map<string, StoredImage>();
    await inSlices(view.images, (image) => {
      const { isKnown, historyHash } = facts.get(image);
      if (!isKnown) return;
      const step = stepKey(image.layer, historyHash);
      // The first image in store order that fits is the parent.
      if (!byStep.has(step)) byStep.set(step, image);
    });
    await inSlices(view.images, (image) => {
      const parent = findParent(view, facts, byStep, image);
      if (parent !== undefined) hierarchy.#add(parent, image);
    });
    return hierarchy;
  }

  parentOf(image: StoredImage): StoredImage | undefined {
    return this.#parents.get(image.id);
  }

  childrenOf(image: StoredImage): readonly StoredImage[] {
    return this.#children.get(image.id) ?? [];
  }

  #add(parent: StoredImage, child: StoredImage): void {
    this.#parents.set(child.id, parent);
    const siblings = this.#children.get(parent.id);
    if (siblings === undefined) this.#children.set(parent.id, [child]);
    else siblings.push(child);
  }
}

function stepKey(layer: string | undefined, historyHash: string): string {
  return `${layer ?? ''} ${historyHash}`;
}

/**
 * The image with one history entry fewer, on the same top layer (the newest entry made no layer) or on the layer
 * below. That the parent's diffIDs are a prefix follows from the layers, whose ids hash their whole chain.
 */
function findParent(
  view: StoreView,
  facts: ImageFactsCache,
  byStep: ReadonlyMap<string, StoredImage>,
  image: StoredImage,
): StoredImage | undefined {
  const { historyLength, parentHistoryHash } = facts.get(image);
  if (historyLength === 0) return undefined;
  const sameLayer = byStep.get(stepKey(image.layer, parentHistoryHash));
  if (sameLayer !== undefined && sameLayer.id !== image.id) return sameLayer;
  if (image.layer === undefined) return undefined;
  const below = view.layer(image.layer)?.parent;
  const parent = byStep.get(stepKey(below, parentHistoryHash));
  return parent?.id === image.id ? undefined : parent;
}

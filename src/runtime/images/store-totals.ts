// How much there is in the store.
import type { StoreView } from '../../store/index.js';

export interface StoreTotals {
  readonly images: number;
  readonly layers: number;
  readonly containers: number;
  /** Of all layers, unpacked. */
  readonly layerBytes: number;
}

export function storeTotals({ images, layers, containers }: StoreView): StoreTotals {
  let layerBytes = 0;
  for (const { diffSize } of layers) layerBytes += Math.max(diffSize ?? 0, 0);
  return { images: images.length, layers: layers.length, containers: containers.length, layerBytes };
}

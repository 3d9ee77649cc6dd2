// All layers with what stands on them and the images they are the top of (images-and-transports §8.4).
import type { StoredImage, StoreView } from '../../store/index.js';

/** Fields as clients know them, empty lists being null as Go has them. `Size`: unpacked bytes, -1 where nobody knows. */
export interface LayerInfo {
  readonly ID: string;
  readonly ParentID: string;
  /** In the order of the store. */
  readonly ChildID: readonly string[] | null;
  /** All names of all images with this top layer. */
  readonly RepoTags: readonly string[] | null;
  readonly Size: number;
}

/** An image with its layers, base first. */
export interface ImageLayers {
  readonly ID: string;
  readonly Tags: readonly string[] | null;
  readonly Layers: readonly LayerInfo[] | null;
}

/** By id of the layer; images without layers have that of the empty id. */
export type LayerMap = ReadonlyMap<string, LayerInfo>;

const maps = new WeakMap<StoreView, LayerMap>();

/** What hangs in the air, since another program has damaged the store, is left out. */
export function layerMap(view: StoreView): LayerMap {
  let map = maps.get(view);
  if (map === undefined) {
    map = makeLayerMap(view);
    maps.set(view, map);
  }
  return map;
}

function makeLayerMap(view: StoreView): LayerMap {
  const children = new Map<string, string[]>();
  for (const { id, parent } of view.layers) if (parent !== undefined) append(children, parent, [id]);
  const names = new Map<string, string[]>();
  for (const image of view.images) append(names, image.layer ?? '', image.names);
  const map = new Map<string, LayerInfo>();
  const add = (ID: string, ParentID: string, Size: number): void => {
    map.set(ID, { ID, ParentID, ChildID: children.get(ID) ?? null, RepoTags: names.get(ID) ?? null, Size });
  };
  add('', '', 0);
  for (const { id, parent, diffSize } of view.layers) add(id, parent ?? '', diffSize);
  return map;
}

function append(lists: Map<string, string[]>, key: string, values: readonly string[]): void {
  if (values.length === 0) return;
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [...values]);
  else list.push(...values);
}

/** The layers of one image. */
export function imageLayers(view: StoreView, image: StoredImage): ImageLayers {
  const map = layerMap(view);
  const layers = view.chain(image.layer).flatMap(({ id }) => map.get(id) ?? []);
  return {
    ID: image.id,
    Tags: image.names.length === 0 ? null : image.names,
    Layers: layers.length === 0 ? null : layers.toReversed(),
  };
}

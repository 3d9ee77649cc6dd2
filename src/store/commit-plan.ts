// What is to be done to add an image: which layers are missing, and what the record files will say.
import type { Digest } from '../oci/digest.js';
import type { Plan } from './change.js';
import type { State } from './draft.js';
import { ImageConflictError, LayerMissingError } from './errors.js';
import { mergedImageRecord, newImageRecord, type NewImage, type StoredImage } from './image-record.js';
import { chainIds, incompleteRecord, newLayerRecord, type Compression } from './layer-record.js';
import { assignNames } from './names.js';
import { dress, footingOf, type DressedLayer, type Footing } from './overlay.js';
import type { Place } from './place.js';
import type { Records, StoredRecord } from './record-file.js';
import type { StagedLayer } from './staging.js';
import type { StoreView } from './view.js';

/** A layer of an image to be added. */
export interface CommitLayer {
  readonly diffId: Digest;
  readonly diffSize: number;
  /** Of the blob as it was received. */
  readonly blobDigest: Digest;
  readonly blobSize: number;
  readonly compression: Compression;
  /** Sorted distinct owners of its entries. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Absent for a layer that the store has. */
  readonly staged?: StagedLayer | undefined;
}

export interface ImageCommit {
  /** Base first; empty for an image without layers. */
  readonly layers: readonly CommitLayer[];
  readonly image: NewImage;
}

/** The own place, and how another one is found by its directory. */
export interface Places {
  readonly own: Place;
  readonly placeOf: (root: string) => Place;
}

export interface CommitPlan extends Plan {
  /** The layers to be added, base first, ready to be moved into place. */
  readonly dressed: readonly DressedLayer[];
  /** The image exists and is added to. */
  readonly merges: boolean;
}

/**
 * Plans a commit; layers dressed for an earlier plan are used again if they still stand on the same footing. Throws
 * {@link LayerMissingError}, {@link ImageConflictError}.
 */
export async function planCommit(
  places: Places,
  { layers, image }: ImageCommit,
  state: State,
  earlier?: CommitPlan,
): Promise<CommitPlan> {
  const { own } = places;
  const ids = chainIds(layers.map(({ diffId }) => diffId));
  const top = ids.at(-1);
  const existing = state.own.images.find(({ value }) => value.id === image.id);
  if (existing !== undefined && existing.value.layer !== top) throw new ImageConflictError(image.id);
  const dressed = await dressMissing(places, layers, ids, state.view, earlier?.dressed ?? []);
  const created = new Date().toISOString();
  const added = dressed.map(({ id }) => {
    const index = ids.indexOf(id);
    const layer = layers[index] as CommitLayer;
    return newLayerRecord({ ...layer, id, parent: ids[index - 1] }, created, own.decodeLayer);
  });
  const announced = added.map((record) => incompleteRecord(record, own.decodeLayer));
  return {
    dressed,
    merges: existing !== undefined,
    note: { layers: dressed.map(({ id }) => id), images: [image.id] },
    records: {
      ...(added.length > 0 && {
        announced: [...state.own.layers, ...announced],
        layers: [...state.own.layers, ...added],
      }),
      images: imagesWith(own, state.own.images, image, top, existing),
    },
  };
}

function imagesWith(
  own: Place,
  images: Records<StoredImage>,
  image: NewImage,
  top: string | undefined,
  existing: StoredRecord<StoredImage> | undefined,
): Records<StoredImage> {
  const record =
    existing === undefined
      ? newImageRecord(image, top, own.decodeImage)
      : mergedImageRecord(existing, image, own.decodeImage);
  const records =
    existing === undefined
      ? [...images, record]
      : images.map((other) => (other === existing ? record : other));
  return assignNames(records, image.id, [...image.names, ...record.value.names], own.decodeImage);
}

async function dressMissing(
  { placeOf }: Places,
  layers: readonly CommitLayer[],
  ids: readonly string[],
  view: StoreView,
  earlier: readonly DressedLayer[],
): Promise<DressedLayer[]> {
  const dressed: DressedLayer[] = [];
  let footing: Footing | undefined;
  for (const [index, layer] of layers.entries()) {
    const id = ids[index] as string;
    const present = view.layer(id);
    if (present !== undefined) {
      const next = ids[index + 1];
      if (next === undefined || view.layer(next) !== undefined) continue;
      footing = await footingOf(placeOf(present.root), ids.slice(0, index + 1).toReversed());
      continue;
    }
    if (layer.staged === undefined) throw new LayerMissingError(layer.diffId, index);
    const before = earlier.find((other) => other.id === id);
    const fits = before !== undefined && sameFooting(before.parent, footing);
    const result = fits ? before : await dress(layer.staged, id, footing, before?.link);
    dressed.push(result);
    footing = result.footing;
  }
  return dressed;
}

function sameFooting(a: Footing | undefined, b: Footing | undefined): boolean {
  return a?.lower === b?.lower && a?.mode === b?.mode && a?.uid === b?.uid && a?.gid === b?.gid;
}

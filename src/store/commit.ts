// Adding an image with its layers: everything that can be is made before the locks are taken.
import type { Digest } from '../oci/digest.js';
import { installImageData, removeImageData, writeImageData } from './big-data.js';
import type { Catalog } from './catalog.js';
import type { Draft } from './draft.js';
import { ImageConflictError, LayerMissingError } from './errors.js';
import { mergedImageRecord, newImageRecord, type NewImage, type StoredImage } from './image-record.js';
import type { Journal } from './journal.js';
import { chainIds, incompleteRecord, newLayerRecord, type Compression } from './layer-record.js';
import { assignNames } from './names.js';
import { dress, footingOf, install, type DressedLayer, type Footing } from './overlay.js';
import type { Place } from './place.js';
import { removeIncompleteLayers, removeLayers } from './remove-layers.js';
import { stagingRoots, type StagedLayer } from './staging.js';
import { TempDir } from './temp-dir.js';
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

/** What a commit works with. */
export interface CommitContext {
  readonly catalog: Catalog;
  readonly own: Place;
  readonly placeOf: (root: string) => Place;
  readonly journal: Journal;
}

/**
 * Adds the layers that are missing and the image, or adds names and data to the image that exists. Nothing of it is
 * visible before all of it is. Staged layers are used up or discarded when it succeeds; when it fails they may be
 * committed again unless they had been moved, and the caller discards them. Throws {@link LayerMissingError},
 * {@link ImageConflictError}.
 */
export async function commitImage(
  context: CommitContext,
  commit: ImageCommit,
  signal?: AbortSignal,
): Promise<StoredImage> {
  const { catalog, own } = context;
  const ids = chainIds(commit.layers.map(({ diffId }) => diffId));
  const temporary = await TempDir.create(stagingRoots(own).layers);
  const dataDirectory = temporary.addition();
  const graveyard = await TempDir.create(stagingRoots(own).driver);
  try {
    await writeImageData(dataDirectory, commit.image.bigData);
    const early = await dressMissing(context, commit, ids, await catalog.view(signal), new Map());
    const entry = await context.journal.add(early.map(({ id }) => id));
    try {
      return await catalog.update(
        { layers: 'write', images: 'write' },
        async (draft) => {
          await removeIncompleteLayers(own, draft, graveyard);
          // Somebody may have added or removed layers since: what is dressed already is only checked.
          const known = new Map(early.map((layer) => [layer.id, layer]));
          const missing = await dressMissing(context, commit, ids, draft.view, known);
          checkTopLayer(draft.view, commit.image.id, ids.at(-1));
          try {
            await addLayers(own, draft, commit, ids, missing);
            return await addImage(own, draft, commit.image, ids.at(-1), dataDirectory);
          } catch (error) {
            await removeLayers(own, draft, new Set(missing.map(({ id }) => id)), graveyard);
            throw error;
          }
        },
        signal,
      );
    } finally {
      await entry.remove();
    }
  } finally {
    await Promise.all([temporary.remove(), graveyard.remove()]);
  }
}

/** Prepares every layer that `view` lacks. Those in `known` are prepared again only if they stand on another footing now. */
async function dressMissing(
  context: CommitContext,
  { layers }: ImageCommit,
  ids: readonly string[],
  view: StoreView,
  known: ReadonlyMap<string, DressedLayer>,
): Promise<DressedLayer[]> {
  const dressed: DressedLayer[] = [];
  let footing: Footing | undefined;
  for (const [index, layer] of layers.entries()) {
    const id = ids[index] as string;
    const present = view.layer(id);
    if (present !== undefined) {
      const next = ids[index + 1];
      if (next === undefined || view.layer(next) !== undefined) continue;
      footing = await footingOf(context.placeOf(present.root), ids.slice(0, index + 1).toReversed());
      continue;
    }
    if (layer.staged === undefined) throw new LayerMissingError(layer.diffId, index);
    const before = known.get(id);
    const result =
      before && sameFooting(before.parent, footing)
        ? before
        : await dress(layer.staged, id, footing, before?.link);
    dressed.push(result);
    footing = result.footing;
  }
  return dressed;
}

function sameFooting(a: Footing | undefined, b: Footing | undefined): boolean {
  return a?.lower === b?.lower && a?.mode === b?.mode && a?.uid === b?.uid && a?.gid === b?.gid;
}

function checkTopLayer(view: StoreView, id: string, top: string | undefined): void {
  const image = view.imageById(id);
  if (image !== undefined && !image.readOnly && image.layer !== top) throw new ImageConflictError(id);
}

/** One save that announces all layers, so that whoever finds us dead knows what to remove; their files; one save that counts. */
async function addLayers(
  own: Place,
  draft: Draft,
  { layers }: ImageCommit,
  ids: readonly string[],
  missing: readonly DressedLayer[],
): Promise<void> {
  if (missing.length === 0) return;
  const created = new Date().toISOString();
  const before = draft.own.layers;
  const added = missing.map(({ id }) => {
    const index = ids.indexOf(id);
    const layer = layers[index] as CommitLayer;
    return newLayerRecord({ ...layer, id, parent: ids[index - 1] }, created, own.decodeLayer);
  });
  await draft.saveLayers([...before, ...added.map((record) => incompleteRecord(record, own.decodeLayer))]);
  for (const layer of missing) await install(own, layer);
  await draft.saveLayers([...before, ...added]);
}

async function addImage(
  own: Place,
  draft: Draft,
  image: NewImage,
  top: string | undefined,
  dataDirectory: string,
): Promise<StoredImage> {
  const existing = draft.own.images.find(({ value }) => value.id === image.id);
  const record =
    existing === undefined
      ? newImageRecord(image, top, own.decodeImage)
      : mergedImageRecord(existing, image, own.decodeImage);
  const records =
    existing === undefined
      ? [...draft.own.images, record]
      : draft.own.images.map((other) => (other === existing ? record : other));
  await installImageData(own, image.id, dataDirectory, image.bigData);
  try {
    const names = [...image.names, ...record.value.names];
    await draft.saveImages(assignNames(records, image.id, names, own.decodeImage));
  } catch (error) {
    if (existing === undefined) await removeImageData(own, image.id);
    throw error;
  }
  return draft.view.imageById(image.id) as StoredImage;
}

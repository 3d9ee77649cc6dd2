// Giving a name to an image of an additional store: the own store gets a record of it, the layers stay where they are.
import { DigestError, parseDigest } from '../oci/digest.js';
import { readImageData } from './big-data.js';
import type { CommitLayer, ImageCommit } from './commit-plan.js';
import { ReadOnlyImageError } from './errors.js';
import type { StoredImage } from './image-record.js';
import { chainIds, type StoredLayer } from './layer-record.js';
import type { Place } from './place.js';
import type { StoreView } from './view.js';

/**
 * The commit that makes a foreign image, with its data and names and one name more, the store's own. Throws
 * {@link ReadOnlyImageError} if its layers cannot be named by their content.
 */
export async function adoption(
  view: StoreView,
  place: Place,
  image: StoredImage,
  name: string,
): Promise<ImageCommit> {
  const chain = view.chain(image.layer).toReversed();
  const layers = chain.map((layer) => presentLayer(image, layer));
  if (chainIds(layers.map(({ diffId }) => diffId)).at(-1) !== image.layer)
    throw new ReadOnlyImageError(image.id, image.root);
  const bigData = image.bigDataNames.map(async (key) => ({
    key,
    bytes: await readImageData(place, image, key),
  }));
  const { id, created, digest, metadata } = image;
  return {
    layers,
    image: {
      id,
      created,
      digest,
      metadata,
      names: [...image.names, name],
      bigData: await Promise.all(bigData),
    },
  };
}

function presentLayer(image: StoredImage, layer: StoredLayer): CommitLayer {
  const {
    diffDigest = '',
    diffSize,
    compressedDiffDigest,
    compressedSize: blobSize,
    compression,
    uids,
    gids,
  } = layer;
  try {
    const diffId = parseDigest(diffDigest);
    const blobDigest = parseDigest(compressedDiffDigest ?? diffDigest);
    return { diffId, diffSize, blobDigest, blobSize, compression, uids, gids };
  } catch (error) {
    if (error instanceof DigestError) throw new ReadOnlyImageError(image.id, image.root);
    throw error;
  }
}

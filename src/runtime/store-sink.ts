// The local store as the place where an image goes.
import type { BlobLocation } from '../oci/blob.js';
import { digestHex } from '../oci/digest.js';
import {
  imageData,
  LayerMissingError,
  layerIdOf,
  type CommitLayer,
  type NewImage,
  type StagedLayer,
  type Store,
} from '../store/index.js';
import { CopyError, messageOf } from './errors.js';
import type { ImagePlan, ImageSink, LayerPlan } from './image-sink.js';
import type { LayerPool } from './layer-pool.js';
import { instant } from './time.js';

type LayerSummary = Awaited<ReturnType<LayerPool['unpack']>>;

interface UnpackedLayer {
  readonly staged: StagedLayer;
  readonly summary: LayerSummary;
}

/** Unpacks layers beside the store, outside its locks, and moves them in with the image's record. */
export class StoreSink implements ImageSink {
  readonly #store: Store;
  readonly #pool: LayerPool;
  readonly #names: readonly string[];
  readonly #unpacked = new Map<LayerPlan, UnpackedLayer>();

  /** The image gets `names`, in full, in front of those it has. */
  constructor(store: Store, pool: LayerPool, names: readonly string[]) {
    this.#store = store;
    this.#pool = pool;
    this.#names = names;
  }

  async missing(layers: readonly LayerPlan[], signal: AbortSignal): Promise<readonly LayerPlan[]> {
    const view = await this.#store.view(signal);
    let parent: string | undefined;
    return layers.filter((layer) => {
      parent = layerIdOf(parent, layer.diffId);
      return view.layer(parent) === undefined && !this.#unpacked.has(layer);
    });
  }

  async putLayer(
    layer: LayerPlan,
    blob: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const staged = await this.#store.stageLayer(signal);
    try {
      const { digest, size } = layer.blob;
      const task = {
        blob,
        directory: staged.directory,
        tarSplitPath: staged.tarSplitPath,
        expected: { digest, size, diffId: layer.diffId },
      };
      const summary = await this.#pool.unpack(task, signal, onBytes);
      this.#unpacked.set(layer, { staged, summary });
    } catch (error) {
      await staged.discard();
      if (signal.aborted) throw error;
      throw new CopyError(`layer ${layer.blob.digest}: ${messageOf(error)}`, { cause: error });
    }
  }

  async commit(image: ImagePlan, signal: AbortSignal): Promise<boolean> {
    const layers = image.layers.map((layer) => commitLayer(layer, this.#unpacked.get(layer)));
    try {
      await this.#store.commitImage({ layers, image: imageRecord(image, this.#names) }, signal);
    } catch (error) {
      if (error instanceof LayerMissingError) return false;
      throw error;
    }
    this.#unpacked.clear();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#unpacked.values()].map(({ staged }) => staged.discard()));
    this.#unpacked.clear();
  }
}

/** A layer that was not brought is one the store has: what its record would say is not looked at. */
function commitLayer({ diffId, blob }: LayerPlan, unpacked: UnpackedLayer | undefined): CommitLayer {
  if (unpacked === undefined) {
    const { digest: blobDigest, size: blobSize } = blob;
    return { diffId, diffSize: 0, blobDigest, blobSize, compression: 'none', uids: [], gids: [] };
  }
  const { staged, summary } = unpacked;
  const { digest: blobDigest, size: blobSize, diffSize, compression, uids, gids } = summary;
  return { diffId, diffSize, blobDigest, blobSize, compression, uids, gids, staged };
}

/** What the store keeps of an image beside its layers (containers-storage-format §9). */
function imageRecord(image: ImagePlan, names: readonly string[]): NewImage {
  const { manifest, index, configDigest, configBytes, config } = image;
  return {
    id: digestHex(configDigest),
    // Podman records the digest of what was asked for: the index when there is one.
    digest: (index ?? manifest).digest,
    names,
    created:
      config.created !== undefined && instant(config.created) !== undefined ? config.created : undefined,
    metadata: JSON.stringify({ 'signatures-sizes': { [manifest.digest]: [] } }),
    bigData: imageData({ config: { digest: configDigest, bytes: configBytes }, manifest, index }),
  };
}

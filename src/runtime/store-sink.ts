// The local store as the place where an image goes.
import type { BlobLocation } from '../oci/blob.js';
import { digestHex } from '../oci/digest.js';
import {
  imageData,
  LayerMissingError,
  layerIdOf,
  type CommitLayer,
  type NewImage,
  type Store,
} from '../store/index.js';
import { CopyError, messageOf } from './errors.js';
import type { ImagePlan, ImageSink, LayerPlan } from './image-sink.js';
import type { LayerPool, LayerTask } from './layer-pool.js';
import type { LayerShare, SharedLayers, UnpackedLayer, UnpackLayer } from './shared-layers.js';
import { instant } from './time.js';

/** What the sinks of one daemon have in common. */
export interface StoreSinkContext {
  readonly store: Store;
  readonly pool: LayerPool;
  readonly layers: SharedLayers;
}

/** Unpacks layers beside the store, outside its locks, and moves them in with the image's record. */
export class StoreSink implements ImageSink {
  readonly #context: StoreSinkContext;
  readonly #names: readonly string[];
  /** Where each layer belongs in the store. */
  readonly #ids = new Map<LayerPlan, string>();
  readonly #brought = new Map<LayerPlan, LayerShare>();

  /** The image gets `names`, in full, in front of those it has. */
  constructor(context: StoreSinkContext, names: readonly string[]) {
    this.#context = context;
    this.#names = names;
  }

  async missing(layers: readonly LayerPlan[], signal: AbortSignal): Promise<readonly LayerPlan[]> {
    const view = await this.#context.store.view(signal);
    let id: string | undefined;
    return layers.filter((layer) => {
      id = layerIdOf(id, layer.diffId);
      this.#ids.set(layer, id);
      return view.layer(id) === undefined && this.#usable(layer) === undefined;
    });
  }

  async putLayer(
    layer: LayerPlan,
    blob: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { digest, size } = layer.blob;
    const expected = { digest, size, diffId: layer.diffId };
    const unpack: UnpackLayer = (report, aborted) => this.#unpack(blob, expected, report, aborted);
    try {
      await this.#brought.get(layer)?.release();
      this.#brought.delete(layer);
      const share = await this.#context.layers.take(
        `${this.#ids.get(layer)} ${digest}`,
        unpack,
        onBytes,
        signal,
      );
      this.#brought.set(layer, share);
    } catch (error) {
      signal.throwIfAborted();
      throw new CopyError(`layer ${digest}: ${messageOf(error)}`, { cause: error });
    }
  }

  async commit(image: ImagePlan, signal: AbortSignal): Promise<boolean> {
    const layers = image.layers.map((layer) => commitLayer(layer, this.#usable(layer)));
    try {
      await this.#context.store.commitImage({ layers, image: imageRecord(image, this.#names) }, signal);
    } catch (error) {
      if (error instanceof LayerMissingError) return false;
      throw error;
    }
    for (const share of this.#brought.values()) share.spend();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#brought.values()].map((share) => share.release()));
    this.#brought.clear();
  }

  /** What we brought, unless another pull has put it into the store: what the store has then counts. */
  #usable(layer: LayerPlan): UnpackedLayer | undefined {
    const share = this.#brought.get(layer);
    return share === undefined || share.spent ? undefined : share.layer;
  }

  async #unpack(
    blob: BlobLocation,
    expected: LayerTask['expected'],
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<UnpackedLayer> {
    const { store, pool } = this.#context;
    const staged = await store.stageLayer(signal);
    try {
      const { directory, tarSplitPath } = staged;
      const summary = await pool.unpack({ blob, directory, tarSplitPath, expected }, signal, onBytes);
      return { staged, summary };
    } catch (error) {
      await staged.discard();
      throw error;
    }
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

// The local store as the place where images go.
import type { LayerSummary } from '../../archive/unpack-layer.js';
import type { BlobLocation } from '../../oci/blob.js';
import { digestHex } from '../../oci/digest.js';
import { manifestMediaTypes } from '../../oci/media-types.js';
import {
  imageData,
  LayerMissingError,
  layerIdOf,
  type CommitLayer,
  type NewImage,
  type Store,
} from '../../store/index.js';
import { CopyError, messageOf } from '../errors.js';
import type {
  ImageDestination,
  ImageSink,
  LayerPlan,
  LayerRequest,
  SinkNeeds,
  StoredBlob,
  WrittenImage,
} from '../copy/image-sink.js';
import { placeOf, type KnownBlob } from '../copy/known-blob.js';
import type { KnownBlobs } from '../copy/known-blobs.js';
import type { LayerPool, LayerTask } from '../layers/layer-pool.js';
import type { LayerShare, SharedLayers, UnpackedLayer, UnpackLayer } from '../copy/shared-layers.js';
import { instant } from '../time.js';

/** What the sinks of one daemon have in common. */
export interface StoreSinkContext {
  readonly store: Store;
  readonly pool: LayerPool;
  readonly layers: SharedLayers;
  readonly known: KnownBlobs;
}

/** Each image is there as soon as it is committed. */
export function storeDestination(context: StoreSinkContext): ImageDestination {
  return {
    image: (names) => new StoreSink(context, names),
    finish: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Unpacks layers beside the store, outside its locks, and moves them in with the image's record. */
class StoreSink implements ImageSink {
  /** The manifest is kept as it was, and the layers are unpacked whatever they are. */
  readonly needs: SinkNeeds = { manifestTypes: manifestMediaTypes, layers: 'any' };
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

  async present(
    requests: readonly LayerRequest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<LayerPlan, StoredBlob>> {
    const view = await this.#context.store.view(signal);
    const present = new Map<LayerPlan, StoredBlob>();
    let id: string | undefined;
    for (const { layer } of requests) {
      id = layerIdOf(id, layer.diffId);
      this.#ids.set(layer, id);
      if (view.layer(id) !== undefined || this.#usable(layer) !== undefined) present.set(layer, layer.blob);
    }
    return present;
  }

  async putLayer(
    { layer }: LayerRequest,
    content: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    const { digest, size } = layer.content;
    const expected = { digest, size, diffId: layer.diffId };
    const unpack: UnpackLayer = (report, aborted) => this.#unpack(content, expected, report, aborted);
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
      return layer.blob;
    } catch (error) {
      signal.throwIfAborted();
      throw new CopyError(`layer ${digest}: ${messageOf(error)}`, { cause: error });
    }
  }

  async commit(image: WrittenImage, signal: AbortSignal): Promise<boolean> {
    const layers = image.plan.layers.map((layer) => commitLayer(layer, this.#usable(layer)));
    const names = image.instance ? [] : this.#names;
    try {
      await this.#context.store.commitImage({ layers, image: imageRecord(image, names) }, signal);
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
    const { store, pool, known } = this.#context;
    const staged = await store.stageLayer(signal);
    try {
      const { directory, tarSplitPath } = staged;
      const summary = await pool.unpack({ blob, directory, tarSplitPath, expected }, signal, onBytes);
      await known.note([knownBlob(blob, summary)]);
      return { staged, summary };
    } catch (error) {
      await staged.discard();
      throw error;
    }
  }
}

/** What a later push of this layer may use. */
function knownBlob(blob: BlobLocation, { digest, size, diffId, compression }: LayerSummary): KnownBlob {
  const place = blob.kind === 'http' ? placeOf(blob.url) : undefined;
  return {
    digest,
    form: compression === 'none' ? undefined : { diffId, size, compression },
    places: place === undefined ? [] : [place],
  };
}

/** A layer that was not brought is one the store has: what its record would say is not looked at. */
function commitLayer({ diffId, content }: LayerPlan, unpacked: UnpackedLayer | undefined): CommitLayer {
  if (unpacked === undefined) {
    const { digest: blobDigest, size: blobSize } = content;
    return { diffId, diffSize: 0, blobDigest, blobSize, compression: 'none', uids: [], gids: [] };
  }
  const { staged, summary } = unpacked;
  const { digest: blobDigest, size: blobSize, diffSize, compression, uids, gids } = summary;
  return { diffId, diffSize, blobDigest, blobSize, compression, uids, gids, staged };
}

/** What the store keeps of an image beside its layers (containers-storage-format §9). */
function imageRecord(image: WrittenImage, names: readonly string[]): NewImage {
  const { manifest, plan, configBytes, signatures } = image;
  const { index, config } = plan;
  const sizes = signatures.map((signature) => signature.length);
  return {
    id: digestHex(image.config.digest),
    // Podman records the digest of what was asked for: the index when there is one.
    digest: (index ?? manifest).digest,
    names,
    created:
      config.created !== undefined && instant(config.created) !== undefined ? config.created : undefined,
    metadata: JSON.stringify({
      ...(sizes.length > 0 && { 'signature-sizes': sizes }),
      'signatures-sizes': { [manifest.digest]: sizes },
    }),
    bigData: imageData({
      config: { digest: image.config.digest, bytes: configBytes },
      manifest,
      index,
      signatures: Buffer.concat(signatures),
    }),
  };
}

// One image on its way into an archive or a directory.
import type { Shelf } from '../../archive/shelf.js';
import type { BlobLocation } from '../../oci/blob.js';
import type {
  ImageSink,
  LayerPlan,
  LayerRequest,
  SinkNeeds,
  StoredBlob,
  WrittenImage,
} from '../copy/image-sink.js';
import type { Signature, SourceManifest } from '../copy/image-source.js';
import type { LayerShelf } from './layer-shelf.js';

/** What a format writes beside the layers. */
export interface ImageDocuments {
  /** May leave files behind when it throws: they are taken back. */
  write(image: WrittenImage, signal: AbortSignal): Promise<void>;
  writeIndex?(index: SourceManifest, signatures: readonly Signature[], signal: AbortSignal): Promise<void>;
}

/** The sinks of one destination are used one after the other. */
export class ShelfSink implements ImageSink {
  readonly needs: SinkNeeds;
  /** Only where the format has indexes. */
  readonly commitIndex?: NonNullable<ImageSink['commitIndex']>;
  readonly #shelf: Shelf;
  readonly #layers: LayerShelf;
  readonly #documents: ImageDocuments;
  /** Where the shelf was when there was nothing to take back. */
  #mark: number | undefined;

  constructor(needs: SinkNeeds, shelf: Shelf, layers: LayerShelf, documents: ImageDocuments) {
    this.needs = needs;
    this.#shelf = shelf;
    this.#layers = layers;
    this.#documents = documents;
    if (documents.writeIndex !== undefined) this.commitIndex = this.#commitIndex.bind(this);
  }

  async present(requests: readonly LayerRequest[]): Promise<ReadonlyMap<LayerPlan, StoredBlob>> {
    await this.#begin();
    return await this.#layers.present(requests);
  }

  async putLayer(
    request: LayerRequest,
    content: BlobLocation,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<StoredBlob> {
    return await this.#layers.put(request, content, onBytes, signal);
  }

  async commit(image: WrittenImage, signal: AbortSignal): Promise<boolean> {
    await this.#begin();
    await this.#documents.write(image, signal);
    this.#layers.commit();
    this.#mark = undefined;
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mark === undefined) return;
    this.#layers.rollBack();
    await this.#shelf.rollBack(this.#mark);
  }

  async #commitIndex(
    index: SourceManifest,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#begin();
    await this.#documents.writeIndex?.(index, signatures, signal);
    this.#layers.commit();
    this.#mark = undefined;
  }

  async #begin(): Promise<void> {
    if (this.#mark !== undefined) return;
    this.#layers.begin();
    this.#mark = await this.#shelf.mark();
  }
}

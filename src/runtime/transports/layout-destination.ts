// An OCI layout, in a directory or an archive, as the place where images go (images-and-transports §4.4).
import {
  blobPath,
  formatLayoutIndex,
  indexFile,
  layoutFile,
  layoutText,
  type AddedEntry,
} from '../../archive/image-layout.js';
import { LayoutDirectory } from '../../archive/layout-directory.js';
import type { Shelf } from '../../archive/shelf.js';
import { demandNewFile, TarFile } from '../../archive/tar-file.js';
import type { Descriptor } from '../../oci/descriptor.js';
import type { Digest } from '../../oci/digest.js';
import { ociIndex, ociManifest } from '../../oci/media-types.js';
import type { ImageDestination, SinkNeeds, StoredBlob, WrittenImage } from '../copy/image-sink.js';
import type { SourceManifest } from '../copy/image-source.js';
import { LayerShelf, type LayerMover } from './layer-shelf.js';
import { ShelfSink, type ImageDocuments } from './shelf-sink.js';

const FILE_MODE = 0o644;

const needs: SinkNeeds = {
  manifestTypes: [ociManifest, ociIndex],
  layers: 'compressed',
  refusesSignatures: 'Pushing signatures for OCI images is not supported',
};

/** Images are added to the layout in the directory `path`, if there is one. Throws DestinationError and ArchiveError. */
export async function createOciLayout(
  path: string,
  pool: LayerMover,
  signal: AbortSignal,
): Promise<ImageDestination> {
  const directory = await LayoutDirectory.open(path, signal);
  const existing = async ({ digest, size }: Descriptor): Promise<StoredBlob | undefined> => {
    const compression = await directory.existing(blobPath(digest), size);
    return compression === undefined ? undefined : { digest, size, compression };
  };
  const layers = new LayerShelf({ shelf: directory.shelf, pool, nameOf: blobPath, existing });
  const documents = new LayoutDocuments(directory.shelf);
  return {
    image: (names) => new ShelfSink(needs, directory.shelf, layers, documents.of(names)),
    finish: (aborted) => directory.finish((index) => formatLayoutIndex(index, documents.entries), aborted),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** A new archive; an old one at `path` is replaced when it is finished. Throws DestinationError for what is no file. */
export async function createOciArchive(
  path: string,
  pool: LayerMover,
  signal: AbortSignal,
): Promise<ImageDestination> {
  await demandNewFile(path, undefined);
  const tar = await TarFile.create(path, FILE_MODE);
  const dispose = (): Promise<void> => tar[Symbol.asyncDispose]();
  try {
    await tar.directory('blobs/', signal);
    await tar.directory('blobs/sha256/', signal);
  } catch (error) {
    await dispose();
    throw error;
  }
  const layers = new LayerShelf({ shelf: tar, pool, nameOf: blobPath });
  const documents = new LayoutDocuments(tar);
  return {
    image: (names) => new ShelfSink(needs, tar, layers, documents.of(names)),
    finish: async (aborted) => {
      // Not sorted by name, as others are: a blob is written before its digest is known.
      await tar.put(indexFile, formatLayoutIndex(undefined, documents.entries), aborted);
      await tar.put(layoutFile, Buffer.from(layoutText), aborted);
      await tar.finish();
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Configs, manifests and indexes, which are blobs too, and the entries of index.json. */
class LayoutDocuments {
  entries: readonly AddedEntry[] = [];
  readonly #shelf: Shelf;
  readonly #written = new Set<Digest>();

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  of(names: readonly string[]): ImageDocuments {
    return {
      write: async (image, signal) => {
        await this.#writeImage(image, signal);
        if (!image.instance) this.#add(image.manifest, names);
      },
      writeIndex: async (index, _signatures, signal) => {
        await this.#put(index.digest, index.bytes, signal);
        this.#written.add(index.digest);
        this.#add(index, names);
      },
    };
  }

  async #writeImage({ config, configBytes, manifest }: WrittenImage, signal: AbortSignal): Promise<void> {
    await this.#put(config.digest, configBytes, signal);
    await this.#put(manifest.digest, manifest.bytes, signal);
    // Not before: what is written of an image is taken back when not all of it can be.
    this.#written.add(config.digest).add(manifest.digest);
  }

  async #put(digest: Digest, bytes: Buffer, signal: AbortSignal): Promise<void> {
    if (!this.#written.has(digest)) await this.#shelf.put(blobPath(digest), bytes, signal);
  }

  #add({ mediaType, digest, bytes }: SourceManifest, names: readonly string[]): void {
    const descriptor = { mediaType, digest, size: bytes.length };
    const refNames = names.length === 0 ? [undefined] : names;
    this.entries = [...this.entries, ...refNames.map((refName) => ({ descriptor, refName }))];
  }
}

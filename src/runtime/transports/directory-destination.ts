// A `dir:` directory as the place where an image goes (images-and-transports §4.5).
import { readdir } from 'node:fs/promises';
import { DestinationError } from '../../archive/archive-errors.js';
import {
  blobFile,
  manifestFile,
  signatureFile,
  versionFile,
  versionText,
} from '../../archive/image-directory.js';
import { DirectoryFiles } from '../../archive/image-files.js';
import { stageName, StagedDirectory } from '../../archive/staged-directory.js';
import type { Digest } from '../../oci/digest.js';
import { manifestMediaTypes } from '../../oci/media-types.js';
import type { ImageDestination, SinkNeeds, WrittenImage } from '../copy/image-sink.js';
import type { Signature, SourceManifest } from '../copy/image-source.js';
import { LayerShelf, type LayerMover } from './layer-shelf.js';
import { ShelfSink } from './shelf-sink.js';

/** Everything is kept as it is. */
const needs: SinkNeeds = { manifestTypes: manifestMediaTypes, layers: 'any' };

/** One image, or one index with its images; an older image in the directory is there until the new one is whole. */
export async function createDirectory(
  path: string,
  pool: LayerMover,
  signal: AbortSignal,
): Promise<ImageDestination> {
  await demandImageDirectory(path, signal);
  const directory = await StagedDirectory.create(path);
  try {
    await directory.put(versionFile, Buffer.from(versionText), signal);
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
  const layers = new LayerShelf({ shelf: directory, pool, nameOf: blobFile });
  const documents = new DirectoryDocuments(directory);
  return {
    image: () => new ShelfSink(needs, directory, layers, documents),
    finish: async () => {
      await directory.empty(manifestFile(undefined));
      await directory.publish({ keepOld: false });
      directory.settle();
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function demandImageDirectory(path: string, signal: AbortSignal): Promise<void> {
  let names;
  try {
    names = (await readdir(path)).filter((name) => name !== stageName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (names.length === 0) return;
  if (names.includes(versionFile)) {
    const files = await DirectoryFiles.open(path);
    const version = await files.read(versionFile, versionText.length, signal);
    if (version.toString() === versionText) return;
  }
  throw new DestinationError("not a containers image directory, don't want to overwrite important data");
}

class DirectoryDocuments {
  readonly #directory: StagedDirectory;
  #complete = false;

  constructor(directory: StagedDirectory) {
    this.#directory = directory;
  }

  async write(image: WrittenImage, signal: AbortSignal): Promise<void> {
    const { config, configBytes, manifest, signatures, instance } = image;
    if (!this.#directory.has(blobFile(config.digest))) {
      await this.#directory.put(blobFile(config.digest), configBytes, signal);
    }
    await this.#writeManifest(manifest, signatures, instance ? manifest.digest : undefined, signal);
  }

  async writeIndex(
    index: SourceManifest,
    signatures: readonly Signature[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#writeManifest(index, signatures, undefined, signal);
  }

  async #writeManifest(
    { bytes }: SourceManifest,
    signatures: readonly Signature[],
    instance: Digest | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (instance === undefined && this.#complete) throw new DestinationError('a directory holds one image');
    for (const [position, signature] of signatures.entries()) {
      await this.#directory.put(signatureFile(instance, position + 1), signature, signal);
    }
    await this.#directory.put(manifestFile(instance), bytes, signal);
    if (instance === undefined) this.#complete = true;
  }
}

// A new docker-archive as the place where images go (images-and-transports §4.3).
import {
  configFile,
  formatItems,
  formatRepositories,
  layerFile,
  legacyLayers,
  taggedName,
  withItem,
  type WrittenItem,
} from '../../archive/docker-documents.js';
import type { Shelf } from '../../archive/shelf.js';
import { demandNewFile, TarFile } from '../../archive/tar-file.js';
import { TarStream, type WriteBytes } from '../../archive/tar-stream.js';
import { dockerManifest } from '../../oci/media-types.js';
import type { ImageDestination, SinkNeeds, WrittenImage } from '../copy/image-sink.js';
import { LayerShelf, type LayerMover } from './layer-shelf.js';
import { ShelfSink } from './shelf-sink.js';

const FILE_MODE = 0o444;

const needs: SinkNeeds = {
  manifestTypes: [dockerManifest],
  layers: 'plain',
  refusesSignatures: 'Storing signatures for docker tar files is not supported',
};

/** Several images, one after the other, may be written. Throws DestinationError where there is something already. */
export async function createDockerArchive(path: string, pool: LayerMover): Promise<ImageDestination> {
  await demandNewFile(path, "docker-archive doesn't support modifying existing images");
  return destinationIn(await TarFile.create(path, FILE_MODE), pool);
}

/** The same to whoever takes the bytes as they are made. All layers must be of known size, as those of a store are. */
export function streamDockerArchive(
  write: WriteBytes,
  pool: LayerMover,
  signal: AbortSignal,
): ImageDestination {
  return destinationIn(new TarStream(write, FILE_MODE, signal), pool);
}

/** A tar that is being written. */
interface Tar extends Shelf, AsyncDisposable {
  link(name: string, linkName: string, signal: AbortSignal): Promise<void>;
  finish(): Promise<void>;
}

function destinationIn(tar: Tar, pool: LayerMover): ImageDestination {
  const layers = new LayerShelf({ shelf: tar, pool, nameOf: layerFile, plain: true });
  const documents = new DockerDocuments(tar);
  return {
    image: (names) => {
      // Those that cannot be written are refused before anything is.
      for (const name of names) taggedName(name);
      return new ShelfSink(needs, tar, layers, {
        write: (image, signal) => documents.write(image, names, signal),
      });
    },
    finish: async (signal) => {
      await documents.finish(signal);
      await tar.finish();
    },
    [Symbol.asyncDispose]: () => tar[Symbol.asyncDispose](),
  };
}

/** All but the layers. */
class DockerDocuments {
  readonly #tar: Tar;
  readonly #written = new Set<string>();
  #items: readonly WrittenItem[] = [];

  constructor(tar: Tar) {
    this.#tar = tar;
  }

  async write(image: WrittenImage, names: readonly string[], signal: AbortSignal): Promise<void> {
    const { config, configBytes, plan } = image;
    const diffIds = plan.layers.map(({ diffId }) => diffId);
    const files = new Set<string>();
    const once = async (name: string, write: () => Promise<void>): Promise<void> => {
      if (this.#written.has(name) || files.has(name)) return;
      files.add(name);
      await write();
    };
    const put = (name: string, text: Uint8Array | string): Promise<void> =>
      once(name, () => this.#tar.put(name, Buffer.from(text), signal));
    await put(configFile(config.digest), configBytes);
    let topId: string | undefined;
    for (const { id, diffId, json } of legacyLayers(configBytes, diffIds)) {
      const link = `${id}/layer.tar`;
      await once(link, () => this.#tar.link(link, `../${layerFile(diffId)}`, signal));
      await put(`${id}/VERSION`, '1.0');
      await put(`${id}/json`, json);
      topId = id;
    }
    // Throws where another image has this config, before anything is taken down.
    this.#items = withItem(this.#items, { configDigest: config.digest, diffIds, names, topId });
    for (const name of files) this.#written.add(name);
  }

  async finish(signal: AbortSignal): Promise<void> {
    await this.#tar.put('manifest.json', formatItems(this.#items), signal);
    await this.#tar.put('repositories', formatRepositories(this.#items), signal);
  }
}

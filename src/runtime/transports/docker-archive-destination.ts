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
import { demandNewFile, TarFile } from '../../archive/tar-file.js';
import { dockerManifest } from '../../oci/media-types.js';
import type { ImageDestination, SinkNeeds, WrittenImage } from '../image-sink.js';
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
  const tar = await TarFile.create(path, FILE_MODE);
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
  readonly #tar: TarFile;
  readonly #written = new Set<string>();
  #items: readonly WrittenItem[] = [];

  constructor(tar: TarFile) {
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

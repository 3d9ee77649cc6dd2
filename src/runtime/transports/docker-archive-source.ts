// A docker-archive as the place where images come from (images-and-transports §4.2).
import { ArchiveError } from '../../archive/archive-errors.js';
import { DockerArchive, type DockerImage, type DockerLayer } from '../../archive/docker-archive.js';
import type { DockerItem } from '../../archive/docker-items.js';
import type { BlobLocation } from '../../oci/blob.js';
import { formatManifest } from '../../oci/convert.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { dockerConfig, dockerLayer, dockerLayerGzip, dockerManifest } from '../../oci/media-types.js';
import type { Digest } from '../../oci/digest.js';
import type { ImageArchive } from '../copy/image-archive.js';
import type { ImageOrigin, ImageSource, Signature, SourceManifest } from '../copy/image-source.js';
import type { LayerMover } from './layer-shelf.js';
import { madeManifest } from '../copy/target-form.js';

/** Opens the archive at `path`. Throws ArchiveError, LayerError, or an error of the system. */
export async function openDockerArchive(
  path: string,
  pool: LayerMover,
  signal: AbortSignal,
): Promise<ImageArchive> {
  const archive = await DockerArchive.open(path, signal);
  return {
    transport: 'docker-archive',
    path,
    images: archive.items.map((item, index) => ({
      names: item.repoTags,
      open: () => new DockerArchiveSource(archive, item, index, pool),
    })),
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

/** An image as others present it: its layers unzipped, and called gzip all the same. */
interface PresentedImage {
  readonly manifest: SourceManifest;
  readonly config: Buffer;
  readonly configDigest: Digest;
  readonly contents: readonly Descriptor[];
  readonly locations: ReadonlyMap<Digest, BlobLocation>;
}

class DockerArchiveSource implements ImageSource {
  readonly origin: ImageOrigin;
  readonly #archive: DockerArchive;
  readonly #item: DockerItem;
  readonly #pool: LayerMover;
  #presented: PresentedImage | undefined;

  constructor(archive: DockerArchive, item: DockerItem, index: number, pool: LayerMover) {
    const { path } = archive;
    this.#archive = archive;
    this.#item = item;
    this.#pool = pool;
    this.origin = { transport: 'docker-archive', name: `${path}:${item.repoTags[0] ?? `@${index}`}`, path };
  }

  async manifest(digest: Digest | undefined, signal: AbortSignal): Promise<SourceManifest> {
    const { manifest } = await this.#image(signal);
    if (digest === undefined || digest === manifest.digest) return manifest;
    throw new ArchiveError('Manifest lists are not supported by docker-archive');
  }

  async blobBytes({ digest }: Descriptor, signal: AbortSignal): Promise<Buffer> {
    const { config, configDigest } = await this.#image(signal);
    if (digest === configDigest) return config;
    throw new ArchiveError(`Unknown blob ${digest}`);
  }

  async contents(_manifest: unknown, signal: AbortSignal): Promise<readonly Descriptor[]> {
    return (await this.#image(signal)).contents;
  }

  async locate({ digest }: Descriptor, signal: AbortSignal): Promise<BlobLocation> {
    const location = (await this.#image(signal)).locations.get(digest);
    if (location !== undefined) return location;
    throw new ArchiveError(`Unknown blob ${digest}`);
  }

  async signatures(): Promise<readonly Signature[]> {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #image(signal: AbortSignal): Promise<PresentedImage> {
    return (this.#presented ??= await this.#present(await this.#archive.image(this.#item, signal), signal));
  }

  async #present(image: DockerImage, signal: AbortSignal): Promise<PresentedImage> {
    const { configBytes, configDigest } = image;
    // One diffID is one content, whatever files hold it.
    const layers = [...new Map(image.layers.map((layer) => [layer.diffId, layer])).values()];
    const locations = new Map(layers.map((layer) => [layer.diffId, locationOf(layer)]));
    const measured = layers.map(async (layer) => [layer.diffId, await this.#sizeOf(layer, signal)] as const);
    const sizes = new Map(await Promise.all(measured));
    const contents = image.layers.map(({ diffId }): Descriptor => {
      return { mediaType: dockerLayer, digest: diffId, size: sizes.get(diffId) as number };
    });
    const bytes = formatManifest({
      mediaType: dockerManifest,
      config: { mediaType: dockerConfig, digest: configDigest, size: configBytes.length },
      layers: contents.map((content) => ({ ...content, mediaType: dockerLayerGzip })),
      annotations: {},
    });
    const manifest = madeManifest(bytes, dockerManifest);
    return { manifest, config: configBytes, configDigest, contents, locations };
  }

  /** Bytes of the layer's tar. The manifest, and so its digest, has them: a compressed layer is unzipped to learn them. */
  async #sizeOf({ diffId, blob, compression }: DockerLayer, signal: AbortSignal): Promise<number> {
    if (compression === 'none') return blob.length;
    const task = { blob, expected: { diffId }, recode: 'plain', target: { kind: 'nowhere' } } as const;
    return (await this.#pool.transfer(task, signal)).size;
  }
}

function locationOf({ blob, compression }: DockerLayer): BlobLocation {
  return compression === 'none' ? blob : { kind: 'unzipped', blob };
}

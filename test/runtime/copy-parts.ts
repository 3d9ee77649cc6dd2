// An image in memory, and a sink that remembers what it got: what a copy is made of, without any transport.
import { digestOf, type Digest } from '../../src/oci/digest.js';
import { formatManifest } from '../../src/oci/convert.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import {
  dockerConfig,
  dockerLayerGzip,
  dockerManifest,
  ociConfig,
  ociIndex,
  ociLayerGzip,
  ociManifest,
} from '../../src/oci/media-types.js';
import type { Compression } from '../../src/oci/media-types.js';
import type { ImageSource, Signature, SourceManifest } from '../../src/runtime/copy/image-source.js';
import {
  ManifestRefusedError,
  type ImageSink,
  type LayerPlan,
  type LayerRequest,
  type SinkNeeds,
  type StoredBlob,
  type WrittenImage,
} from '../../src/runtime/copy/image-sink.js';

/** An image with these layers, whose contents are just their names. */
export interface SampleOptions {
  readonly type?: string;
  readonly layers?: readonly string[];
  /** Media type of each layer. */
  readonly layerType?: string;
  /** Where else the layers are. */
  readonly urls?: readonly string[];
  readonly architecture?: string;
  readonly signatures?: readonly Signature[];
  /** The source has the tars of the layers instead of the blobs. */
  readonly tars?: boolean;
}

interface Sample {
  readonly manifest: SourceManifest;
  readonly config: Buffer;
}

/** The documents of an image. */
export function sample(options: SampleOptions = {}): Sample {
  const { type = dockerManifest, layers = ['base', 'top'], architecture = 'amd64' } = options;
  const docker = type === dockerManifest;
  const { layerType = docker ? dockerLayerGzip : ociLayerGzip } = options;
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      docker_version: '20.10',
      config: { Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: layers.map(diffIdOf) },
    }),
  );
  const bytes = formatManifest({
    mediaType: type,
    config: {
      mediaType: docker ? dockerConfig : ociConfig,
      digest: digestOf(config),
      size: config.length,
    },
    layers: layers.map((name) => layerOf(name, layerType, options.urls ?? [])),
    annotations: {},
  });
  return { manifest: { bytes, mediaType: type, digest: digestOf(bytes) }, config };
}

function layerOf(name: string, mediaType: string, urls: readonly string[]): Descriptor {
  return { mediaType, digest: digestOf(Buffer.from(name)), size: name.length, urls };
}

export function diffIdOf(layer: string): Digest {
  return digestOf(Buffer.from(`tar of ${layer}`));
}

/** A source of one image, or of an index of several. */
export function sampleSource(
  options: SampleOptions = {},
  others: readonly SampleOptions[] = [],
): ImageSource {
  const images = [options, ...others].map((each) => sample(each));
  const top = others.length === 0 ? images[0]!.manifest : indexOf(images, [options, ...others]);
  const manifests = new Map(
    [top, ...images.map(({ manifest }) => manifest)].map((each) => [each.digest, each]),
  );
  const configs = new Map(images.map(({ config }) => [digestOf(config), config]));
  return {
    origin: { transport: 'docker', name: '//example.com/a:1' },
    manifest: async (digest) => manifests.get(digest ?? top.digest)!,
    blobBytes: async ({ digest }) => configs.get(digest)!,
    ...(options.tars === true && {
      contents: async () =>
        (options.layers ?? ['base', 'top']).map((name): Descriptor => ({
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: diffIdOf(name),
          size: 1000,
        })),
    }),
    locate: async ({ digest }) => ({ kind: 'file', path: digest, offset: 0, length: 1 }),
    signatures: async () => options.signatures ?? [],
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function indexOf(images: readonly Sample[], options: readonly SampleOptions[]): SourceManifest {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: images.map(({ manifest }, position) => ({
        mediaType: manifest.mediaType,
        digest: manifest.digest,
        size: manifest.bytes.length,
        platform: { os: 'linux', architecture: options[position]?.architecture ?? 'amd64' },
      })),
    }),
  );
  return { bytes, mediaType: ociIndex, digest: digestOf(bytes) };
}

/** What a test's sink is like. */
export interface RememberingOptions {
  readonly needs?: Partial<SinkNeeds>;
  /** Blobs it has from the start. */
  readonly has?: readonly Digest[];
  /** Types of manifests that it takes only in words. */
  readonly refuses?: readonly string[];
  /** So many commits find that a layer has gone. */
  readonly losing?: number;
}

/** Zips by adding a word in front. */
export class RememberingSink implements ImageSink {
  readonly needs: SinkNeeds;
  readonly put: LayerRequest[] = [];
  readonly committed: WrittenImage[] = [];
  readonly indexes: SourceManifest[] = [];
  readonly #options: RememberingOptions;
  readonly #brought = new Map<LayerPlan, StoredBlob>();
  #losses = 0;

  constructor(options: RememberingOptions = {}) {
    this.#options = options;
    this.needs = {
      manifestTypes: [ociManifest, dockerManifest, ociIndex],
      layers: 'any',
      ...options.needs,
    };
  }

  async present(requests: readonly LayerRequest[]): Promise<ReadonlyMap<LayerPlan, StoredBlob>> {
    const has = (digest: Digest): boolean => this.#options.has?.includes(digest) ?? false;
    return new Map(
      requests.flatMap(({ layer, reusable }): [LayerPlan, StoredBlob][] => {
        const brought = this.#brought.get(layer);
        if (brought !== undefined) return [[layer, brought]];
        return reusable && has(layer.blob.digest) ? [[layer, layer.blob]] : [];
      }),
    );
  }

  async putLayer(request: LayerRequest): Promise<StoredBlob> {
    this.put.push(request);
    const { content } = request.layer;
    const zipped = digestOf(Buffer.from(`${request.recode} ${content.digest}`));
    const compression = { plain: 'none', gzip: 'gzip', zstd: 'zstd' }[request.recode as 'plain'] as
      | Compression
      | undefined;
    const stored: StoredBlob =
      compression === undefined
        ? { digest: content.digest, size: content.size }
        : { digest: zipped, size: 77, compression };
    this.#brought.set(request.layer, stored);
    return stored;
  }

  async commit(image: WrittenImage): Promise<boolean> {
    const { mediaType } = image.manifest;
    if (this.#options.refuses?.includes(mediaType) === true) {
      throw new ManifestRefusedError(`no ${mediaType}`);
    }
    this.#losses += 1;
    if (this.#losses <= (this.#options.losing ?? 0)) return false;
    this.committed.push(image);
    return true;
  }

  async commitIndex(index: SourceManifest): Promise<void> {
    this.indexes.push(index);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

// Builds small images, OCI or Docker, from lists of files: what the quickstart shows and the tests pull.
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Header } from 'tar-stream';
import type { Digest } from '../../src/oci/digest.js';
import { digestOf } from './registry/content.js';
import type { EmbeddedRegistry } from './registry.js';

/** One tar entry. A plain file unless `type` says otherwise; mode 0644, root's, from 2024-01-01 unless given. */
export interface SampleEntry extends Partial<Omit<Header, 'name' | 'size'>> {
  readonly name: string;
  readonly content?: Buffer | string;
}

/** The `config` object of an image's configuration, in the names of the OCI specification. */
export interface SampleRunConfig {
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly StopSignal?: string;
}

export interface SampleHistory {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

export interface SampleOptions {
  /** Base first: the entries of each layer, or a tar as it is. */
  readonly layers: readonly (readonly SampleEntry[] | Buffer)[];
  /** `oci` if absent; `docker` is schema 2. */
  readonly format?: 'oci' | 'docker';
  /** `gzip` if absent. */
  readonly compression?: 'gzip' | 'none' | 'zstd';
  /** The machine's own if absent, in the names of Go. */
  readonly architecture?: string;
  readonly variant?: string;
  readonly os?: string;
  /** RFC 3339; 2024-01-01 if absent. */
  readonly created?: string;
  readonly author?: string;
  readonly config?: SampleRunConfig;
  /** One entry for each layer if absent. */
  readonly history?: readonly SampleHistory[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface SampleBlob {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly bytes: Buffer;
}

export interface SampleLayer extends SampleBlob {
  readonly diffId: Digest;
  /** Bytes of the uncompressed tar. */
  readonly diffSize: number;
}

export interface SampleImage extends SampleBlob {
  readonly config: SampleBlob;
  readonly layers: readonly SampleLayer[];
  readonly platform: { readonly architecture: string; readonly os: string; readonly variant?: string };
}

const mediaTypes = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
    none: 'application/vnd.oci.image.layer.v1.tar',
    zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    none: 'application/vnd.docker.image.rootfs.diff.tar',
    zstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  },
} as const;

const epoch = new Date('2024-01-01T00:00:00Z');

/** A tar of `entries`, in their order. */
export async function buildTar(entries: readonly SampleEntry[]): Promise<Buffer> {
  const archive = pack();
  const bytes = collect(archive);
  for (const { content, ...header } of entries) {
    const directory = header.type === 'directory';
    const defaults = { mode: directory ? 0o755 : 0o644, uid: 0, gid: 0, mtime: epoch };
    archive.entry({ ...defaults, ...header }, content ?? '');
  }
  archive.finalize();
  return bytes;
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** An image of its parts; the same options give the same digests. */
export async function buildImage(options: SampleOptions): Promise<SampleImage> {
  const types = mediaTypes[options.format ?? 'oci'];
  const compression = options.compression ?? 'gzip';
  const created = options.created ?? '2024-01-01T00:00:00Z';
  const platform = {
    architecture: options.architecture ?? goArchitecture(),
    os: options.os ?? 'linux',
    ...(options.variant === undefined ? {} : { variant: options.variant }),
  };
  const layers: SampleLayer[] = [];
  for (const source of options.layers) {
    const tar = Buffer.isBuffer(source) ? source : await buildTar(source);
    const bytes = compress(tar, compression);
    layers.push({ ...blob(types[compression], bytes), diffId: digestOf(tar), diffSize: tar.length });
  }
  const history =
    options.history ?? layers.map((_, index) => ({ created, created_by: `sample layer ${index + 1}` }));
  const config = jsonBlob(types.config, {
    created,
    ...(options.author === undefined ? {} : { author: options.author }),
    ...platform,
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history,
  });
  const manifest = jsonBlob(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: layers.map(descriptor),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  });
  return { ...manifest, config, layers, platform };
}

function compress(tar: Buffer, compression: 'gzip' | 'none' | 'zstd'): Buffer {
  if (compression === 'none') return tar;
  if (compression === 'gzip') return gzipSync(tar);
  // Node has zstd from version 22 on only.
  return execFileSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: Number.POSITIVE_INFINITY });
}

/** An index (for `docker` a manifest list) of images for several platforms. */
export function buildIndex(images: readonly SampleImage[], format: 'oci' | 'docker' = 'oci'): SampleBlob {
  const mediaType = mediaTypes[format].index;
  const manifests = images.map((image) => ({ ...descriptor(image), platform: image.platform }));
  return jsonBlob(mediaType, { schemaVersion: 2, mediaType, manifests });
}

/** Puts an image with all its blobs behind `repository:tag`; without a tag it is known by digest only. */
export function putImage(
  registry: EmbeddedRegistry,
  repository: string,
  tag: string,
  image: SampleImage,
): Digest {
  for (const part of [image.config, ...image.layers]) registry.putBlob(part.bytes, repository);
  return registry.putManifest(repository, tag, image.bytes, image.mediaType);
}

/** Puts an index and every image it names. */
export function putIndex(
  registry: EmbeddedRegistry,
  repository: string,
  tag: string,
  index: SampleBlob,
  images: readonly SampleImage[],
): Digest {
  for (const image of images) putImage(registry, repository, '', image);
  return registry.putManifest(repository, tag, index.bytes, index.mediaType);
}

/** The machine's architecture in the names of Go. */
export function goArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  return names[process.arch] ?? process.arch;
}

function blob(mediaType: string, bytes: Buffer): SampleBlob {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, bytes };
}

function jsonBlob(mediaType: string, value: unknown): SampleBlob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function descriptor({ mediaType, digest, size }: SampleBlob): {
  mediaType: string;
  digest: Digest;
  size: number;
} {
  return { mediaType, digest, size };
}

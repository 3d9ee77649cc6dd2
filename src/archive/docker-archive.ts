// A docker-archive as it is read: manifest.json says which members are images (images-and-transports §4.2).
import type { FileBlob, PackedBlob } from '../oci/blob.js';
import { parseConfig } from '../oci/config.js';
import { digestOf, type Digest } from '../oci/digest.js';
import { maxManifestBytes } from '../oci/manifest.js';
import { ArchiveError, shown } from './archive-errors.js';
import { ArchiveFile } from './archive-file.js';
import type { Compression } from './compression.js';
import { maxDockerManifestBytes, parseDockerItems, type DockerItem } from './docker-items.js';

/** One layer of an image in the archive. */
export interface DockerLayer {
  readonly diffId: Digest;
  /** Where the member's content is, which may be compressed. */
  readonly blob: FileBlob | PackedBlob;
  readonly compression: Compression;
}

/** One image of the archive; nothing but the archive's structure was checked. */
export interface DockerImage {
  readonly configDigest: Digest;
  readonly configBytes: Buffer;
  /** Base first. */
  readonly layers: readonly DockerLayer[];
}

/** Open until it is disposed of. */
export class DockerArchive implements AsyncDisposable {
  readonly items: readonly DockerItem[];
  readonly #file: ArchiveFile;

  private constructor(file: ArchiveFile, items: readonly DockerItem[]) {
    this.#file = file;
    this.items = items;
  }

  /** Throws MissingMemberError without manifest.json, {@link ArchiveError}, a LayerError, or an error of the system. */
  static async open(path: string, signal: AbortSignal): Promise<DockerArchive> {
    const file = await ArchiveFile.open(path, signal);
    try {
      const bytes = await file.read('manifest.json', maxDockerManifestBytes, signal);
      return new DockerArchive(file, await parseDockerItems(bytes, signal));
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  get path(): string {
    return this.#file.path;
  }

  /** Reads the config of one of the items and finds its layers. Throws {@link ArchiveError} and ConfigError. */
  async image(item: DockerItem, signal: AbortSignal): Promise<DockerImage> {
    const configBytes = await this.#file.read(item.config, maxManifestBytes, signal);
    const { diffIds } = parseConfig(configBytes).rootfs;
    if (diffIds.length !== item.layers.length) {
      throw new ArchiveError(
        `Inconsistent layer count: ${item.layers.length} in manifest, ${diffIds.length} in config`,
      );
    }
    const layers: DockerLayer[] = [];
    const files = new Map<string, Digest>();
    for (const [position, path] of item.layers.entries()) {
      const diffId = diffIds[position] as Digest;
      const layer = await this.#layer(path, diffId);
      // By its path, as others do: two links to one file are found out by their digests.
      if ((files.get(path) ?? diffId) !== diffId) {
        throw new ArchiveError(`Layer tarfile ${shown(path)} used for two different DiffID values`);
      }
      files.set(path, diffId);
      layers.push(layer);
    }
    return { configDigest: digestOf(configBytes), configBytes, layers };
  }

  async #layer(path: string, diffId: Digest): Promise<DockerLayer> {
    if (!this.#file.has(path)) throw new ArchiveError('Some layer tarfiles are missing in the tarball');
    const member = this.#file.member(path);
    return { diffId, blob: this.#file.place(member), compression: await this.#file.compression(member) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

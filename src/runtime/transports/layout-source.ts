// An OCI layout, in a directory or an archive, as the place where images come from (images-and-transports §4.4).
import { MissingMemberError } from '../../archive/archive-errors.js';
import { ArchiveFile } from '../../archive/archive-file.js';
import { DirectoryFiles, type ImageFiles } from '../../archive/image-files.js';
import { blobPath, readLayout, type LayoutEntry } from '../../archive/image-layout.js';
import type { BlobLocation } from '../../oci/blob.js';
import type { Descriptor } from '../../oci/descriptor.js';
import type { Digest } from '../../oci/digest.js';
import { manifestMediaType, maxManifestBytes, parseManifest } from '../../oci/manifest.js';
import { isIndexType } from '../../oci/media-types.js';
import type { ImageArchive } from '../copy/image-archive.js';
import type { ImageOrigin, ImageSource, Signature, SourceManifest } from '../copy/image-source.js';
import { checkedBytes, unknownBlob } from './files-source.js';

/** Opens the layout in the directory `path`. Throws ArchiveError, ManifestError, or an error of the system. */
export async function openOciLayout(path: string, signal: AbortSignal): Promise<ImageArchive> {
  return await layoutArchive('oci', await DirectoryFiles.open(path), signal);
}

/** Opens the archive `path` of a layout. Throws ArchiveError, ManifestError, LayerError, or an error of the system. */
export async function openOciArchive(path: string, signal: AbortSignal): Promise<ImageArchive> {
  const file = await ArchiveFile.open(path, signal);
  try {
    const archive = await layoutArchive('oci-archive', file, signal);
    return { ...archive, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

async function layoutArchive(
  transport: 'oci' | 'oci-archive',
  files: ImageFiles,
  signal: AbortSignal,
): Promise<ImageArchive> {
  const entries = await readLayout(files, maxManifestBytes, signal);
  const { path } = files;
  return {
    transport,
    path,
    images: entries.map((entry, index) => ({
      names: entry.name === undefined ? [] : [entry.name],
      refName: entry.refName,
      open: () => {
        const origin = { transport, name: `${path}:${entry.refName ?? `@${index}`}`, path };
        return new LayoutSource(files, entry, origin);
      },
    })),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

class LayoutSource implements ImageSource {
  readonly origin: ImageOrigin;
  readonly #files: ImageFiles;
  readonly #top: Descriptor;
  /** Images of the indexes that were read. */
  readonly #instances = new Map<Digest, Descriptor>();

  constructor(files: ImageFiles, { descriptor }: LayoutEntry, origin: ImageOrigin) {
    this.#files = files;
    this.#top = descriptor;
    this.origin = origin;
  }

  async manifest(digest: Digest | undefined, signal: AbortSignal): Promise<SourceManifest> {
    const descriptor = digest === undefined ? this.#top : this.#instances.get(digest);
    const wanted = descriptor ?? { digest: digest as Digest };
    const bytes = await checkedBytes(this.#files, blobPath(wanted.digest), wanted, signal);
    const mediaType = manifestMediaType(bytes, descriptor?.mediaType);
    if (isIndexType(mediaType)) this.#remember(bytes, mediaType);
    return { bytes, digest: wanted.digest, mediaType };
  }

  async blobBytes(descriptor: Descriptor, signal: AbortSignal): Promise<Buffer> {
    return await checkedBytes(this.#files, blobPath(descriptor.digest), descriptor, signal);
  }

  async locate({ digest, urls = [] }: Descriptor): Promise<BlobLocation> {
    try {
      return await this.#files.locate(blobPath(digest));
    } catch (error) {
      if (!(error instanceof MissingMemberError)) throw error;
      const places = urls.filter((url) => /^https?:\/\//.test(url));
      const url = places.pop();
      if (url === undefined) throw unknownBlob(digest, error);
      return { kind: 'http', url, external: places, headers: {}, insecure: false };
    }
  }

  async signatures(): Promise<readonly Signature[]> {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #remember(bytes: Buffer, mediaType: string): void {
    const index = parseManifest(bytes, mediaType);
    if (index.kind !== 'index') return;
    for (const descriptor of index.manifests) this.#instances.set(descriptor.digest, descriptor);
  }
}

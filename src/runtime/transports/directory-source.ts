// A `dir:` directory as the place where an image comes from (images-and-transports §4.5).
import { MissingMemberError } from '../../archive/archive-errors.js';
import { blobFile, manifestFile, signatureFile } from '../../archive/image-directory.js';
import { DirectoryFiles } from '../../archive/image-files.js';
import type { BlobLocation } from '../../oci/blob.js';
import type { Descriptor } from '../../oci/descriptor.js';
import { digestOf, type Digest } from '../../oci/digest.js';
import { manifestMediaType, maxManifestBytes } from '../../oci/manifest.js';
import type { ImageOrigin, ImageSource, Signature, SourceManifest } from '../copy/image-source.js';
import { checkedBytes } from './files-source.js';

const maxSignatureBytes = 4 * 1024 ** 2;
const maxSignatures = 128;

/** Throws ArchiveError, or an error of the system; what is in the directory is read later. */
export async function openDirectory(path: string): Promise<ImageSource> {
  return new DirectorySource(await DirectoryFiles.open(path));
}

class DirectorySource implements ImageSource {
  readonly origin: ImageOrigin;
  readonly #files: DirectoryFiles;
  #top: SourceManifest | undefined;

  constructor(files: DirectoryFiles) {
    this.#files = files;
    this.origin = { transport: 'dir', name: files.path, path: files.path };
  }

  async manifest(digest: Digest | undefined, signal: AbortSignal): Promise<SourceManifest> {
    const top = await this.#topManifest(signal);
    if (digest === undefined || digest === top.digest) return top;
    const bytes = await checkedBytes(this.#files, manifestFile(digest), { digest }, signal);
    return { bytes, digest, mediaType: manifestMediaType(bytes) };
  }

  async blobBytes(descriptor: Descriptor, signal: AbortSignal): Promise<Buffer> {
    return await checkedBytes(this.#files, blobFile(descriptor.digest), descriptor, signal);
  }

  async locate({ digest }: Descriptor): Promise<BlobLocation> {
    return await this.#files.locate(blobFile(digest));
  }

  async signatures(manifest: Digest, signal: AbortSignal): Promise<readonly Signature[]> {
    const top = await this.#topManifest(signal);
    const instance = manifest === top.digest ? undefined : manifest;
    const signatures: Signature[] = [];
    try {
      while (signatures.length < maxSignatures) {
        const name = signatureFile(instance, signatures.length + 1);
        signatures.push(await this.#files.read(name, maxSignatureBytes, signal));
      }
    } catch (error) {
      if (!(error instanceof MissingMemberError)) throw error;
    }
    return signatures;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #topManifest(signal: AbortSignal): Promise<SourceManifest> {
    if (this.#top !== undefined) return this.#top;
    const bytes = await this.#files.read(manifestFile(undefined), maxManifestBytes, signal);
    return (this.#top = { bytes, mediaType: manifestMediaType(bytes), digest: digestOf(bytes) });
  }
}

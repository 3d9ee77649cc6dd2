// What the embedded registry holds: blobs by digest, and for each repository its manifests, tags and blobs.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { sha256Digest } from '../../../src/oci/digest.js';
import type { Digest } from '../../../src/oci/digest.js';

/** A blob's bytes: in memory, or a whole file that is read anew for every request. */
export type BlobContent = Buffer | { readonly path: string; readonly size: number };

export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** One upload session: where its bytes gather until the closing PUT names their digest. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  size: number;
  readonly chunks: Buffer[];
  /** Set when uploads are kept as files. */
  readonly path: string | undefined;
}

interface Repository {
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
  readonly blobs: Set<Digest>;
}

/** The sha256 digest of `bytes`. */
export function digestOf(bytes: Buffer | string): Digest {
  return sha256Digest(createHash('sha256').update(bytes).digest('hex'));
}

export class RegistryContent {
  readonly #blobs = new Map<Digest, BlobContent>();
  /** Blobs put without a repository: every repository has them. */
  readonly #shared = new Set<Digest>();
  readonly #repositories = new Map<string, Repository>();
  readonly #uploads = new Map<string, Upload>();
  readonly #directory: string | undefined;

  /** `directory`: where uploaded blobs are kept as files; without one they are kept in memory. */
  constructor(directory?: string) {
    this.#directory = directory;
  }

  repositoryNames(): string[] {
    return [...this.#repositories.keys()].toSorted();
  }

  repository(name: string): Repository | undefined {
    return this.#repositories.get(name);
  }

  #createRepository(name: string): Repository {
    let found = this.#repositories.get(name);
    if (found === undefined) {
      found = { manifests: new Map(), tags: new Map(), blobs: new Set() };
      this.#repositories.set(name, found);
    }
    return found;
  }

  putManifest(repository: string, tag: string | undefined, bytes: Buffer, mediaType: string): Digest {
    const digest = digestOf(bytes);
    const into = this.#createRepository(repository);
    into.manifests.set(digest, { bytes, mediaType, digest });
    if (tag !== undefined) into.tags.set(tag, digest);
    return digest;
  }

  manifest(repository: string, reference: string): StoredManifest | undefined {
    const from = this.#repositories.get(repository);
    const digest = reference.includes(':') ? (reference as Digest) : from?.tags.get(reference);
    return digest === undefined ? undefined : from?.manifests.get(digest);
  }

  /** Takes a manifest, with the tags that name it, or one tag away; false if there is none. */
  deleteManifest(repository: string, reference: string): boolean {
    const from = this.#repositories.get(repository);
    if (from === undefined) return false;
    if (!reference.includes(':')) return from.tags.delete(reference);
    for (const [tag, digest] of from.tags) if (digest === reference) from.tags.delete(tag);
    return from.manifests.delete(reference as Digest);
  }

  /** Without `repository` the blob is part of every repository. */
  putBlob(digest: Digest, content: BlobContent, repository?: string): void {
    this.#blobs.set(digest, content);
    if (repository === undefined) this.#shared.add(digest);
    else this.#createRepository(repository).blobs.add(digest);
  }

  blob(repository: string, digest: string): BlobContent | undefined {
    const known = digest as Digest;
    const visible = this.#shared.has(known) || this.#repositories.get(repository)?.blobs.has(known) === true;
    return visible ? this.#blobs.get(known) : undefined;
  }

  deleteBlob(repository: string, digest: string): boolean {
    const from = this.#repositories.get(repository);
    return from?.blobs.delete(digest as Digest) === true || this.#shared.delete(digest as Digest);
  }

  startUpload(repository: string): Upload {
    const id = randomUUID();
    const path = this.#directory === undefined ? undefined : join(this.#directory, id);
    const upload: Upload = { id, repository, size: 0, chunks: [], path };
    this.#uploads.set(id, upload);
    return upload;
  }

  upload(repository: string, id: string): Upload | undefined {
    const upload = this.#uploads.get(id);
    return upload?.repository === repository ? upload : undefined;
  }

  get openUploads(): number {
    return this.#uploads.size;
  }

  async appendToUpload(upload: Upload, body: AsyncIterable<Buffer>): Promise<void> {
    if (upload.path === undefined) {
      for await (const chunk of body) {
        upload.chunks.push(chunk);
        upload.size += chunk.length;
      }
      return;
    }
    await using file = await open(upload.path, 'a');
    for await (const chunk of body) {
      await file.writeFile(chunk);
      upload.size += chunk.length;
    }
  }

  async dropUpload(upload: Upload): Promise<void> {
    this.#uploads.delete(upload.id);
    if (upload.path !== undefined) await rm(upload.path, { force: true });
  }

  /** Makes a finished upload a blob; false, and the upload is gone, if its bytes do not have `digest`. */
  async finishUpload(upload: Upload, digest: string): Promise<boolean> {
    const content: BlobContent =
      upload.path === undefined ? Buffer.concat(upload.chunks) : { path: upload.path, size: upload.size };
    const hash = createHash('sha256');
    for await (const chunk of readBlob(content)) hash.update(chunk as Buffer);
    const actual = sha256Digest(hash.digest('hex'));
    if (actual !== digest) {
      await this.dropUpload(upload);
      return false;
    }
    this.#uploads.delete(upload.id);
    this.putBlob(actual, content, upload.repository);
    return true;
  }
}

export function blobSize(content: BlobContent): number {
  return Buffer.isBuffer(content) ? content.length : content.size;
}

/** The bytes `first` to `last`, both included. */
export function readBlob(content: BlobContent, first = 0, last = blobSize(content) - 1): Readable {
  if (blobSize(content) === 0) return Readable.from([]);
  if (Buffer.isBuffer(content)) return Readable.from([content.subarray(first, last + 1)]);
  return createReadStream(content.path, { start: first, end: last, highWaterMark: 256 * 1024 });
}

/** Digest and size of a file, to be put as a blob without holding it in memory. */
export async function fileBlob(path: string): Promise<{ digest: Digest; content: BlobContent }> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }))
    hash.update(chunk as Buffer);
  return { digest: sha256Digest(hash.digest('hex')), content: { path, size } };
}

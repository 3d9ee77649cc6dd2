// Writes the bytes of a blob, wherever they go, in the thread that has them.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { BlobTarget, FileTarget } from '../oci/blob.js';
import type { Digest } from '../oci/digest.js';
import { BlobUpload } from '../registry/blob-upload.js';

/** `finish` or `abandon` ends it, and both may follow one another. */
export interface BlobWriter {
  /** Takes the next bytes; they may change when it has settled. */
  write(chunk: Buffer): Promise<void> | void;
  /** All was written, and has this digest. */
  finish(digest: Digest): Promise<void>;
  abandon(): Promise<void>;
}

/** Throws RegistryError and the errors of opening. */
export async function openBlobWriter(target: BlobTarget, signal: AbortSignal): Promise<BlobWriter> {
  switch (target.kind) {
    case 'upload':
      return await BlobUpload.start(target, signal);
    case 'file':
      return new FileWriter(target);
    default:
      return {
        write: () => undefined,
        finish: async () => undefined,
        abandon: async () => undefined,
      };
  }
}

class FileWriter implements BlobWriter {
  #fd: number | undefined;
  #position: number;

  constructor({ path, offset }: FileTarget) {
    this.#fd = openSync(path, 'r+');
    this.#position = offset;
  }

  write(chunk: Buffer): void {
    if (this.#fd === undefined) throw new Error('the file is closed');
    for (let from = 0; from < chunk.length;) {
      const written = writeSync(this.#fd, chunk, from, chunk.length - from, this.#position);
      from += written;
      this.#position += written;
    }
  }

  async finish(): Promise<void> {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  async abandon(): Promise<void> {
    await this.finish();
  }
}

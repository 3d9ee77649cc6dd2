// Writes the bytes of a blob, wherever they go, in the thread that has them.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { BlobTarget, FileTarget } from '../../oci/blob.js';
import type { Digest } from '../../oci/digest.js';
import { BlobUpload } from '../../registry/blob-upload.js';
import { startWriteback } from '../../sys/start-writeback.js';

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
    case 'pipe':
      return new PipeWriter(target.path);
    default:
      return {
        write: () => undefined,
        finish: async () => undefined,
        abandon: async () => undefined,
      };
  }
}

/** Waits while nobody reads; fails when nobody will. */
class PipeWriter implements BlobWriter {
  readonly #socket: Socket;

  constructor(path: string) {
    // To open it waits for nobody: its reader may have given up by now.
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: false, writable: true });
    // It is told to who writes.
    this.#socket.on('error', () => undefined);
  }

  async write(chunk: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }

  async finish(): Promise<void> {
    this.#socket.destroy();
  }

  async abandon(): Promise<void> {
    this.#socket.destroy();
  }
}

/** So many bytes are begun to be written to the disk at a time: whoever waits for all of it in the end waits less. */
const WRITEBACK_BYTES = 8 * 1024 * 1024;

class FileWriter implements BlobWriter {
  #fd: number | undefined;
  #position: number;
  /** Up to where that was begun. */
  #begun: number;

  constructor({ path, offset }: FileTarget) {
    this.#fd = openSync(path, 'r+');
    this.#position = offset;
    this.#begun = offset;
  }

  write(chunk: Buffer): void {
    if (this.#fd === undefined) throw new Error('the file is closed');
    for (let from = 0; from < chunk.length;) {
      const written = writeSync(this.#fd, chunk, from, chunk.length - from, this.#position);
      from += written;
      this.#position += written;
    }
    if (this.#position - this.#begun < WRITEBACK_BYTES) return;
    startWriteback(this.#fd, this.#begun, this.#position - this.#begun);
    this.#begun = this.#position;
  }

  async finish(): Promise<void> {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  async abandon(): Promise<void> {
    await this.finish();
  }
}

// A file that a caller gets.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { FileUnavailableError, systemReason } from '../errors.js';

/** Read in pieces of this size. Bytes. */
const chunkSize = 256 * 1024;

/** A file that a caller named, kept as long as it is used. */
export interface BorrowedFile extends AsyncDisposable {
  readonly path: string;
  /** What was made of it, if it was sent to become a directory; nothing is there otherwise. */
  readonly directory?: string;
  /** Whether it is one of the exchange rather than of the host. */
  readonly exchanged: boolean;
  /** Removes it, one of the exchange once nobody uses it any more. */
  remove(): Promise<void>;
}

/** Exactly as many bytes as there were when it was opened. */
export class OutgoingFile implements AsyncDisposable {
  /** Bytes. */
  readonly size: number;
  readonly #name: string;
  readonly #source: FileHandle;
  readonly #file: BorrowedFile;
  readonly #remove: boolean;
  #sent = false;
  #open = true;

  private constructor(name: string, source: FileHandle, size: number, file: BorrowedFile, remove: boolean) {
    this.#name = name;
    this.#source = source;
    this.size = size;
    this.#file = file;
    this.#remove = remove;
  }

  /** Throws {@link FileUnavailableError}. A pipe is not waited for, and a link not followed. */
  static async open(name: string, file: BorrowedFile, remove: boolean): Promise<OutgoingFile> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    let source: FileHandle;
    try {
      source = await open(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      throw new FileUnavailableError(`open ${name}: ${systemReason(error)}`, { cause: error });
    }
    const status = await source.stat();
    if (status.isFile()) return new OutgoingFile(name, source, status.size, file, remove);
    await source.close();
    throw new FileUnavailableError(`open ${name}: not a regular file`);
  }

  /** Throws {@link FileUnavailableError} if it has become shorter. */
  async *bytes(): AsyncGenerator<Uint8Array, void, void> {
    for (let position = 0; position < this.size;) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(chunkSize, this.size - position));
      const { bytesRead } = await this.#source.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) throw new FileUnavailableError(`read ${this.#name}: it has become shorter`);
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
    this.#sent = true;
  }

  /** What is of no use to anybody else is removed even if its caller did not take it all. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#source.close();
    try {
      if (this.#remove && (this.#sent || this.#file.exchanged)) await this.#file.remove();
    } finally {
      await this.#file[Symbol.asyncDispose]();
    }
  }
}

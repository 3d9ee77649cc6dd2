// A file that a caller sends, written as it comes.
import type { FileHandle } from 'node:fs/promises';
import type { ExchangedFile } from './exchanged-file.js';

/** Room on the disk that an upload was promised and has not used yet. */
export interface Promised extends Disposable {
  /** Bytes. */
  left: number;
}

/** Until it is complete, disposing removes it. */
export class Upload implements AsyncDisposable {
  readonly handle: string;
  readonly #file: ExchangedFile;
  readonly #promised: Promised;
  #target: FileHandle | undefined;

  constructor(file: ExchangedFile, handle: string, target: FileHandle, promised: Promised) {
    this.#file = file;
    this.#promised = promised;
    this.handle = handle;
    this.#target = target;
    file.hold();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#target?.writeFile(bytes);
    this.#promised.left -= bytes.length;
  }

  /** Lets the caller use it. */
  async complete(): Promise<void> {
    await this.#close();
  }

  /** Removes what has come so far, unless it was complete. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#target === undefined) return;
    const removed = this.#file.remove();
    await this.#close();
    await removed;
  }

  async #close(): Promise<void> {
    const target = this.#target;
    this.#target = undefined;
    this.#promised[Symbol.dispose]();
    await target?.close();
    await this.#file.release();
  }
}

// A file that a caller sends, written as it comes.
import type { FileHandle } from 'node:fs/promises';
import type { ExchangedFile } from './exchanged-file.js';

/** Room on the disk that an upload was promised and has not used yet. */
export interface Promised extends Disposable {
  /** Bytes. */
  left: number;
  /** There if nobody knows how much will come: gets room for the next bytes. Throws FileUnavailableError. */
  readonly grow?: () => Promise<void>;
}

/** What a caller sends, while it does. Until it is complete, disposing undoes it. */
export interface Incoming extends AsyncDisposable {
  /** By this the caller names it afterwards. */
  readonly handle: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Lets the caller use it. */
  complete(): Promise<void>;
}

export class Upload implements Incoming {
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
    if (this.#promised.left < bytes.length) await this.#promised.grow?.();
    await this.#target?.writeFile(bytes);
    this.#promised.left -= bytes.length;
  }

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

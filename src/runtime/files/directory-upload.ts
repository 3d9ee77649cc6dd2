// A tar that a caller sends and that is unpacked while it comes: no file of it is made.
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PipeBlob } from '../../oci/blob.js';
import { openPipe } from '../../sys/pipe.js';
import type { ExchangedFile } from './exchanged-file.js';
import type { Incoming } from './upload.js';

/** Unpacks what comes through the pipe, to its end. */
export type Unpack = (blob: PipeBlob, directory: string, signal: AbortSignal) => Promise<unknown>;

/** The directory is beside the place of the file. */
export class DirectoryUpload implements Incoming {
  readonly handle: string;
  readonly #file: ExchangedFile;
  readonly #abort = new AbortController();
  readonly #input: Socket;
  /** Settles when the thread that unpacks has let go of the pipe. */
  readonly #unpacked: Promise<unknown>;
  #complete = false;

  constructor(file: ExchangedFile, handle: string, unpack: Unpack) {
    this.#file = file;
    this.handle = handle;
    file.hold();
    const { read, write } = openPipe();
    this.#input = new Socket({ fd: write, readable: false, writable: true });
    // It is told by the thread that reads, or nobody wants to know.
    this.#input.on('error', () => undefined);
    // That opens the pipe by this name, so the descriptor stays until it has ended.
    const blob: PipeBlob = { kind: 'pipe', path: `/proc/self/fd/${read}` };
    this.#unpacked = unpack(blob, file.workPath, this.#abort.signal).finally(() => closeSync(read));
    this.#unpacked.catch(() => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#input.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    written.catch(() => undefined);
    // Behind the end of a tar there may be anything: it is not looked at.
    await Promise.race([written, this.#unpacked]);
  }

  async complete(): Promise<void> {
    this.#input.end();
    await this.#unpacked;
    this.#complete = true;
    await this.#file.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#complete) return;
    this.#complete = true;
    this.#abort.abort(new Error('the upload was given up'));
    this.#input.destroy();
    await this.#unpacked.catch(() => undefined);
    await this.#file.release();
    await this.#file.remove();
  }
}

// Writes the content of files: small pieces at once, large ones on a thread of the pool while the next are read and hashed.
import { write } from 'node:fs';
import { closeDescriptor, writeAt } from '../sys/files.js';
import type { ChunkPool } from './chunk-pool.js';
import { demand } from './errors.js';

/** From this size on a piece is worth the way to another thread. */
const LARGE_BYTES = 64 * 1024;
/** How much may be under way before the reader has to wait; as much is held in memory. */
const MOST_BYTES = 2 * 1024 * 1024;
/** What may still be under way when it goes on: waiting for all would let the disk wait for the reader then. */
const ENOUGH_BYTES = MOST_BYTES / 2;

interface OpenFile {
  readonly fd: number;
  readonly path: string;
  /** What is to be done when all content is written, before the file is closed. */
  readonly finish: (fd: number) => void;
  position: number;
  inFlight: number;
  /** All content was handed over. */
  complete: boolean;
}

/**
 * Takes files one after the other. Buffers are held in their pool until they are written. A file is finished and
 * closed when its last piece is written, which may be after the next file has begun; what fails then is thrown by the next
 * call. A descriptor is never closed while a thread writes to it: its number may be another file's at once.
 */
export class ContentWriter {
  readonly #chunks: ChunkPool;
  #current: OpenFile | undefined;
  #inFlightBytes = 0;
  #failure: unknown;
  #waiting: { readonly bytes: number; readonly wake: () => void }[] = [];

  /** `chunks` is where the buffers come from. */
  constructor(chunks: ChunkPool) {
    this.#chunks = chunks;
  }

  /** Whether anything is still being written. */
  get busy(): boolean {
    return this.#inFlightBytes > 0;
  }

  /** Whether so much is that {@link room} should be waited for. */
  get full(): boolean {
    return this.#inFlightBytes > MOST_BYTES;
  }

  /** Takes over an empty file. */
  begin(fd: number, path: string, finish: (fd: number) => void): void {
    this.#current = { fd, path, finish, position: 0, inFlight: 0, complete: false };
    this.#throwFailure();
  }

  /** Content of the file that was begun last; none if there is none. */
  write(bytes: Buffer, start: number, end: number): void {
    this.#throwFailure();
    const file = this.#current;
    if (file === undefined) return;
    const { position } = file;
    const length = end - start;
    file.position += length;
    if (length < LARGE_BYTES) {
      demand(writeAt(file.fd, bytes, start, end, position), 'write', file.path);
      return;
    }
    file.inFlight++;
    this.#inFlightBytes += length;
    this.#chunks.hold(bytes);
    write(file.fd, bytes, start, length, position, (error, written) => {
      this.#inFlightBytes -= length;
      file.inFlight--;
      this.#attempt(() => {
        // Positive numbers in libuv's errors are negative here.
        if (error !== null) demand(error.errno ?? -1, 'write', file.path);
        demand(writeAt(file.fd, bytes, start + written, end, position + written), 'write', file.path);
      });
      this.#chunks.release(bytes);
      if (file.complete && file.inFlight === 0) this.#attempt(() => this.#finish(file));
      this.#wake();
    });
  }

  /** The file that was begun last has all its content. */
  end(): void {
    const file = this.#current;
    this.#current = undefined;
    if (file === undefined) return;
    file.complete = true;
    if (file.inFlight === 0) this.#finish(file);
  }

  /** When there is room for more content. Throws what failed meanwhile. */
  async room(): Promise<void> {
    await this.#atMost(ENOUGH_BYTES);
    this.#throwFailure();
  }

  /** When nothing is being written any more. Throws what failed meanwhile. */
  async settled(): Promise<void> {
    await this.#atMost(0);
    this.#throwFailure();
  }

  /** Waits for what is being written and closes what is open. Never throws. */
  async abandon(): Promise<void> {
    this.#failure ??= new Error('abandoned');
    await this.#atMost(0);
    if (this.#current !== undefined) closeDescriptor(this.#current.fd);
    this.#current = undefined;
  }

  async #atMost(bytes: number): Promise<void> {
    if (this.#inFlightBytes <= bytes) return;
    await new Promise<void>((wake) => {
      this.#waiting.push({ bytes, wake });
    });
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const still = this.#waiting.filter(({ bytes }) => this.#inFlightBytes > bytes);
    const done = this.#waiting.filter(({ bytes }) => this.#inFlightBytes <= bytes);
    this.#waiting = still;
    for (const { wake } of done) wake();
  }

  #finish(file: OpenFile): void {
    try {
      if (this.#failure === undefined) file.finish(file.fd);
    } finally {
      closeDescriptor(file.fd);
    }
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

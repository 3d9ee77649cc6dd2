// The bytes of a remote blob as one stream that survives broken connections; runs in any thread.
import { Readable } from 'node:stream';
import type { HttpBlob } from '../oci/blob.js';
import type { BlobResponse } from './blob-request.js';
import { BlobRequester } from './blob-request.js';
import { RegistryError } from './errors.js';
import { pause } from './retry.js';
import { bodyLength, header } from './transport/response-head.js';

// A connection that keeps breaking is given up unless it made some progress each time.
const progressBetweenResumes = 1024 * 1024;
const timeBetweenResumes = 60_000;
const highWaterMark = 1024 * 1024;

/**
 * Opens a blob. Resolves when the server has begun to answer, throws {@link RegistryError} if it does not.
 * The stream's pieces are up to 256 KiB and the consumer's to keep. Neither digest nor size is checked,
 * but the stream fails when it ends before the length the server has promised.
 */
export async function openBlob(blob: HttpBlob, signal: AbortSignal): Promise<Readable> {
  const requester = new BlobRequester(blob);
  const response = await requester.get(0, signal);
  return new BlobStream(requester, response, signal);
}

class BlobStream extends Readable {
  readonly #requester: BlobRequester;
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #onAbort: () => void;
  #response: BlobResponse;
  #started = false;
  /** Bytes handed on; where a resumed body must begin. */
  #offset = 0;
  /** Bytes of the current body that were handed on before. */
  #skip = 0;
  readonly #total: number | undefined;
  #resumed: { readonly offset: number; readonly time: number } | undefined;

  constructor(requester: BlobRequester, response: BlobResponse, signal: AbortSignal) {
    super({ highWaterMark });
    this.#requester = requester;
    this.#response = response;
    this.#signal = signal;
    const length = bodyLength(response.head);
    this.#total = length.kind === 'known' ? length.length : undefined;
    this.#onAbort = () => this.destroy(signal.reason as Error);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  override _read(): void {
    if (this.#started) this.#response.connection.resume();
    else {
      this.#started = true;
      this.#follow();
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#stop.abort(error ?? undefined);
    if (!this.#response.connection.reusable) this.#response.connection.destroy();
    callback(error);
  }

  #follow(): void {
    this.#response.connection.body({
      data: (piece) => this.#accept(piece),
      end: () => this.push(null),
      error: (error) => {
        if (!this.destroyed) void this.#resumeOrFail(error);
      },
    });
  }

  #accept(piece: Buffer): boolean {
    let rest = piece;
    if (this.#skip > 0) {
      rest = piece.subarray(this.#skip);
      this.#skip -= piece.length - rest.length;
      if (rest.length === 0) return true;
    }
    this.#offset += rest.length;
    return this.push(rest);
  }

  async #resumeOrFail(error: Error): Promise<void> {
    try {
      await this.#resume(error);
    } catch (failure) {
      this.destroy(failure as Error);
    }
  }

  async #resume(error: Error): Promise<void> {
    const last = this.#resumed;
    const now = performance.now();
    const worthwhile =
      last === undefined ||
      this.#offset - last.offset >= progressBetweenResumes ||
      now - last.time >= timeBetweenResumes;
    if (error.name === 'HttpProtocolError' || !worthwhile) throw this.#broken(error);
    this.#resumed = { offset: this.#offset, time: now };
    const signal = this.#stop.signal;
    await pause(this.#requester.timeouts.retry, signal);
    this.#response = await this.#again(error, signal);
    if (this.destroyed) this.#response.connection.destroy();
    else this.#follow();
  }

  /** The registry is asked again, not what it had redirected to: such URLs expire. */
  async #again(error: Error, signal: AbortSignal): Promise<BlobResponse> {
    let response: BlobResponse | undefined;
    try {
      response = await this.#requester.get(this.#offset, signal);
      if (response.head.status === 206 && this.#continues(response)) return response;
    } catch (failure) {
      if (!(failure instanceof RegistryError) || failure.status !== 416) throw failure;
    }
    // 200: the whole blob once more. What was read is skipped; the digest of all tells if it differed.
    if (response?.head.status !== 200) {
      response?.connection.destroy();
      response = await this.#requester.get(0, signal);
    }
    const length = bodyLength(response.head);
    if (this.#total !== undefined && length.kind === 'known' && length.length !== this.#total) {
      response.connection.destroy();
      throw this.#broken(error);
    }
    this.#skip = this.#offset;
    return response;
  }

  /** Content-Range `bytes first-last/total` must begin where we are and reach to the end. */
  #continues(response: BlobResponse): boolean {
    const range = /^bytes ([0-9]+)-([0-9]+)\/([0-9]+|\*)$/i.exec(
      header(response.head, 'content-range') ?? '',
    );
    if (range === null || Number(range[1]) !== this.#offset) return false;
    const end = Number(range[2]) + 1;
    return (
      (range[3] === '*' || end === Number(range[3])) && (this.#total === undefined || end === this.#total)
    );
  }

  #broken(error: Error): RegistryError {
    const { origin, pathname } = this.#requester.place;
    const of = this.#total === undefined ? '' : ` of ${this.#total}`;
    const where = `Error reading blob ${origin}${pathname} after ${this.#offset}${of} bytes: `;
    return this.#requester.failure('REGISTRY_TRUNCATED', where, error);
  }
}

// The bytes of a remote blob as one stream that survives broken connections; runs in any thread.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { HttpBlob } from '../oci/blob.js';
import { BlobRequester } from './blob-request.js';
import { RegistryError } from './errors.js';
import { pause } from './retry.js';
import { discard } from './transport/http-exchange.js';
import { HttpTimeoutError, TooSlowError } from './transport/timeout.js';

// A connection that keeps breaking is given up unless it made some progress each time.
const progressBetweenResumes = 1024 * 1024;
const timeBetweenResumes = 60_000;
const highWaterMark = 1024 * 1024;
// What has to come in so many times that of a silence, however it trickles and however often it is resumed.
const leastInWindow = 64 * 1024;
const silencesInWindow = 5;

/**
 * Opens a blob. Resolves when the server has begun to answer, throws {@link RegistryError} if it does not.
 * Neither digest nor size is checked, but the stream fails when it ends before the length that the server
 * has promised. Its pieces are the consumer's to keep.
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
  #response: IncomingMessage;
  #followed = false;
  /** Bytes handed on; where a resumed body must begin. */
  #offset = 0;
  /** Bytes of the current body that were handed on before. */
  #skip = 0;
  readonly #total: number | undefined;
  #resumed: { readonly offset: number; readonly time: number } | undefined;
  readonly #pace: NodeJS.Timeout;
  /** Where we were when the pace was looked at; undefined: the consumer was the slow one since. */
  #paced: number | undefined;

  constructor(requester: BlobRequester, response: IncomingMessage, signal: AbortSignal) {
    super({ highWaterMark });
    this.#requester = requester;
    this.#response = response;
    this.#signal = signal;
    this.#total = lengthOf(response);
    this.#pace = setInterval(() => this.#checkPace(), silencesInWindow * requester.timeouts.idle);
    this.#onAbort = () => this.destroy(signal.reason as Error);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    // A signal that was aborted meanwhile will not tell again.
    if (signal.aborted) this.#onAbort();
  }

  override _read(): void {
    if (!this.#followed) this.#follow();
    else if (this.#response.isPaused()) this.#go();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    clearInterval(this.#pace);
    this.#stop.abort(error ?? undefined);
    if (!this.#response.complete) this.#response.destroy();
    callback(error);
  }

  #follow(): void {
    const response = this.#response;
    const { socket } = response;
    if (!this.#followed) this.#paced = 0;
    this.#followed = true;
    response.on('data', (piece: Buffer) => this.#accept(piece));
    response.once('end', () => this.push(null));
    response.once('error', (error) => void this.#resumeOrFail(error));
    // The socket may outlive the response, in the hands of the agent.
    socket.on('timeout', this.#onTimeout);
    response.once('close', () => socket.off('timeout', this.#onTimeout));
    this.#go();
  }

  #go(): void {
    this.#response.socket.setTimeout(this.#requester.timeouts.idle);
    this.#response.resume();
  }

  /** Silence counts only while somebody listens. */
  readonly #onTimeout = (): void => {
    if (this.#response.isPaused()) return;
    this.#response.destroy(new HttpTimeoutError('reading the body', this.#requester.timeouts.idle));
  };

  #accept(piece: Buffer): void {
    const rest = this.#skip === 0 ? piece : piece.subarray(this.#skip);
    this.#skip -= piece.length - rest.length;
    this.#offset += rest.length;
    if (rest.length > 0 && !this.push(rest)) {
      this.#response.pause();
      this.#paced = undefined;
    }
  }

  #checkPace(): void {
    const before = this.#paced;
    this.#paced = this.#followed && !this.#response.isPaused() ? this.#offset : undefined;
    if (before === undefined || this.#offset - before >= leastInWindow) return;
    const window = silencesInWindow * this.#requester.timeouts.idle;
    this.destroy(this.#broken(new TooSlowError(this.#offset - before, window)));
  }

  async #resumeOrFail(error: Error): Promise<void> {
    if (this.destroyed) return;
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
    if (!worthwhile) throw this.#broken(error);
    this.#resumed = { offset: this.#offset, time: now };
    await pause(this.#requester.timeouts.retry, this.#stop.signal);
    this.#response = await this.#again(error, this.#stop.signal);
    if (this.destroyed) this.#response.destroy();
    else this.#follow();
  }

  /** The registry is asked again, not what it had redirected to: such URLs expire. */
  async #again(error: Error, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      const response = await this.#requester.get(this.#offset, signal);
      if (response.statusCode === 206 && this.#continues(response)) return response;
      if (response.statusCode === 200) return this.#fromTheStart(response, error);
      discard(response);
    } catch (failure) {
      if (!(failure instanceof RegistryError) || failure.status !== 416) throw failure;
    }
    return this.#fromTheStart(await this.#requester.get(0, signal), error);
  }

  /** What was read before is skipped; the digest of all will tell if it was something else. */
  #fromTheStart(response: IncomingMessage, error: Error): IncomingMessage {
    const length = lengthOf(response);
    if (this.#total !== undefined && length !== undefined && length !== this.#total) {
      response.destroy();
      throw this.#broken(error);
    }
    this.#skip = this.#offset;
    return response;
  }

  /** Content-Range `bytes first-last/total` must begin where we are and reach to the end. */
  #continues({ headers }: IncomingMessage): boolean {
    const range = /^bytes ([0-9]+)-([0-9]+)\/([0-9]+|\*)$/i.exec(headers['content-range'] ?? '');
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

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

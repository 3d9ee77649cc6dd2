// A blob on its way into a repository, by POST, one streamed PATCH and PUT; runs in any thread, from plain data.
import type { UploadTarget } from '../oci/blob.js';
import type { Digest } from '../oci/digest.js';
import { digestAlgorithm } from '../oci/digest.js';
import { defaultTimeouts } from './blob-request.js';
import { RegistryError, innermostCode, type RegistryErrorCode } from './errors.js';
import { isTransient, withRetries } from './retry.js';
import { discard } from './transport/http-exchange.js';
import type { StreamedRequest } from './transport/streamed-request.js';
import { UploadRequester, isSuccess } from './upload-request.js';

/** A blob that is no longer than this goes with the last request, so that small layers cost two and not three; in bytes. */
const heldAtMost = 1024 * 1024;
/** Milliseconds to tell the registry that an upload was given up. */
const farewell = 2000;

const layer = 'Error uploading layer chunked';

/**
 * One upload session. Failures are RegistryError; `REGISTRY_UPLOAD_BROKEN` says that it may work when a new upload is
 * started and all of the blob is written again. After any failure the caller calls {@link abandon}.
 */
export class BlobUpload {
  readonly #requester: UploadRequester;
  readonly #signal: AbortSignal;
  /** Where the next request goes; absent when the upload is over. */
  #location: URL | undefined;
  #patch: StreamedRequest | undefined;
  /** What was written, as long as there is no PATCH. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  private constructor(requester: UploadRequester, location: URL, signal: AbortSignal) {
    this.#requester = requester;
    this.#location = location;
    this.#signal = signal;
  }

  /** Asks the registry for an upload, again when it is busy. `signal` ends all of it. */
  static async start(target: UploadTarget, signal: AbortSignal): Promise<BlobUpload> {
    const requester = new UploadRequester(target);
    const { place, timeouts } = requester;
    const what = `Error initiating layer upload to ${place.pathname} in ${place.host}`;
    const post = async (): Promise<URL> => {
      const response = await requester.send('POST', place, what, {}, signal);
      discard(response);
      return requester.location(response, place, what);
    };
    return new BlobUpload(requester, await withRetries(post, { delay: timeouts.retry }, signal), signal);
  }

  /** Resolves when the connection has taken `chunk`, which is then the caller's again. */
  async write(chunk: Buffer): Promise<void> {
    if (chunk.length === 0) return;
    if (this.#patch === undefined && this.#heldBytes + chunk.length <= heldAtMost) {
      this.#held.push(Buffer.from(chunk));
      this.#heldBytes += chunk.length;
      return;
    }
    const held = this.#held;
    this.#held = [];
    this.#patch ??= this.#requester.stream(this.#open(), this.#signal);
    for (const each of held) await this.#send(this.#patch, each);
    await this.#send(this.#patch, chunk);
  }

  /** Resolves when the registry has the blob and has confirmed its digest. */
  async finish(digest: Digest): Promise<void> {
    if (this.#patch !== undefined) await this.#endPatch(this.#patch);
    const last = this.#held.length === 0 ? undefined : Buffer.concat(this.#held);
    await this.#commit(last, digest);
    this.#location = undefined;
  }

  /** Gives the upload up; tells the registry, but does not insist. Nothing happens after {@link finish}. */
  async abandon(): Promise<void> {
    const location = this.#location;
    this.#location = undefined;
    this.#patch?.destroy();
    if (location === undefined) return;
    try {
      const signal = AbortSignal.timeout(farewell);
      discard(await this.#requester.send('DELETE', location, 'Error deleting upload', {}, signal));
    } catch {
      // Registries forget what is not finished.
    }
  }

  #open(): URL {
    if (this.#location === undefined) throw new RangeError('the upload is over');
    return this.#location;
  }

  async #send(patch: StreamedRequest, chunk: Buffer): Promise<void> {
    let wanted: boolean;
    try {
      wanted = await patch.write(chunk);
    } catch (cause) {
      throw this.#unanswered('REGISTRY_UPLOAD_BROKEN', cause);
    }
    if (!wanted) await this.#endPatch(patch, 'the registry answered before it had all of the layer');
  }

  /** `early`: an answer that is no failure is one. */
  async #endPatch(patch: StreamedRequest, early?: string): Promise<void> {
    const at = this.#open();
    const requester = this.#requester;
    let response;
    try {
      response = await patch.end(requester.patience);
    } catch (cause) {
      // Who needs that long does not need it again.
      const given = innermostCode(cause) === 'HTTP_TIMEOUT';
      throw this.#unanswered(given ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_UPLOAD_BROKEN', cause);
    }
    if (!isSuccess(response)) {
      const error = await requester.refusal(response, layer);
      patch.destroy();
      const expired = error.status === 401 && requester.renewable;
      throw expired || isTransient(error) ? broken(error) : error;
    }
    if (early !== undefined) {
      patch.destroy();
      throw requester.failure('REGISTRY_PROTOCOL', `${layer}: ${early}`, {});
    }
    discard(response);
    this.#patch = undefined;
    this.#location = requester.location(response, at, layer);
  }

  #unanswered(code: RegistryErrorCode, cause: unknown): RegistryError {
    this.#signal.throwIfAborted();
    return this.#requester.unanswered(code, 'PATCH', this.#open(), layer, cause);
  }

  async #commit(last: Buffer | undefined, digest: Digest): Promise<void> {
    const requester = this.#requester;
    const url = withDigest(this.#open(), digest);
    const what = `Error uploading layer to ${url.origin}${url.pathname}`;
    const sent = { ...(last !== undefined && { body: last }), patience: requester.patience };
    let tries = 0;
    const put = async (): Promise<void> => {
      tries += 1;
      const response = await requester.send('PUT', url, what, sent, this.#signal);
      discard(response);
      const [stored] = [response.headers['docker-content-digest'] ?? []].flat();
      if (stored?.startsWith(`${digestAlgorithm(digest)}:`) !== true || stored === digest) return;
      const message = `${what}: the registry has stored ${stored}, not ${digest}`;
      throw requester.failure('REGISTRY_MISMATCH', message, {});
    };
    try {
      await withRetries(put, { delay: requester.timeouts.retry }, this.#signal);
    } catch (error) {
      // One may have been heard although its answer was lost; then the upload is over, and unknown.
      const over = isNotFound(error);
      if ((over || isUnanswered(error)) && (await this.#isThere(digest))) return;
      throw over && tries > 1 ? broken(error) : error;
    }
  }

  async #isThere(digest: Digest): Promise<boolean> {
    const url = new URL(`../${digest}`, this.#requester.place);
    try {
      discard(await this.#requester.send('HEAD', url, 'Error looking for a layer', {}, this.#signal));
      return true;
    } catch {
      this.#signal.throwIfAborted();
      return false;
    }
  }
}

/**
 * Runs `send` with a new upload until it succeeds, three times at most. `send` begins with the first byte each time, and ends
 * with {@link BlobUpload.finish}; its failures end the upload.
 */
export function withUpload<T>(
  target: UploadTarget,
  send: (upload: BlobUpload) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const attempt = async (): Promise<T> => {
    const upload = await BlobUpload.start(target, signal);
    try {
      return await send(upload);
    } finally {
      await upload.abandon();
    }
  };
  const delay = (target.timeouts ?? defaultTimeouts).retry;
  return withRetries(attempt, { delay, tries: triesToUpload }, signal);
}

/** How many uploads in all there are for a blob whose upload failed with `error`; everything else was tried again where it failed. */
export function triesToUpload(error: unknown): number {
  return error instanceof RegistryError && error.code === 'REGISTRY_UPLOAD_BROKEN' ? 3 : 1;
}

/** The query a registry gave a location is its own, to the byte. */
function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

function isUnanswered(error: unknown): boolean {
  return isTransient(error) || (error instanceof RegistryError && error.code === 'REGISTRY_UNAVAILABLE');
}

function isNotFound(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.code === 'REGISTRY_NOT_FOUND';
}

/** The same failure as one that a new upload may not have. */
function broken({
  message,
  host,
  status,
  reason,
  registryCode,
  retryAfter,
  cause,
}: RegistryError): RegistryError {
  const details = { op: 'upload', host, status, reason, registryCode, retryAfter, cause };
  return new RegistryError('REGISTRY_UPLOAD_BROKEN', message, details);
}

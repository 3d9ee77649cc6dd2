// The push side of the distribution protocol: which blobs a repository has, where it takes others, manifests.
import { STATUS_CODES } from 'node:http';
import type { UploadTarget } from '../oci/blob.js';
import { digestAlgorithm, type Digest } from '../oci/digest.js';
import { repositoryName } from '../oci/reference.js';
import { withUpload } from './blob-upload.js';
import type { ControlAnswer } from './control.js';
import { RegistryError } from './errors.js';
import type { Access, SessionRequest } from './host-session.js';
import { refusal, wrapped } from './refusal.js';
import type { PullSource } from './registries-config.js';
import type { RegistrySessions } from './sessions.js';
import { discard } from './transport/http-exchange.js';
import { RedirectError, uploadLocation } from './transport/redirect.js';
import { UploadRequester } from './upload-request.js';

/** A manifest to be written. */
export interface WritableManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

/** Bytes of an answer that nobody reads. */
const maxAnswerBytes = 1024 * 1024;

/** One repository that is written to. Failures are {@link RegistryError}; it ends with the client it came from. */
export class RepositoryWriter {
  readonly #sessions: RegistrySessions;
  readonly #target: PullSource;

  constructor(sessions: RegistrySessions, target: PullSource) {
    this.#sessions = sessions;
    this.#target = target;
  }

  /** Whether the repository, or another one of this registry, has a blob. */
  async hasBlob(digest: Digest, signal: AbortSignal, repository?: string): Promise<boolean> {
    const { domain, path: own } = this.#target.reference;
    const path = repository ?? own;
    const source = { ...this.#target, reference: { domain, path } };
    const actions = repository === undefined ? 'pull,push' : 'pull';
    const access = await this.#sessions.access(source, actions, signal);
    const head = requestOf('HEAD', (status) => status === 200 || status === 404);
    try {
      const answer = await this.#ask('blob', `${path}/blobs/${digest}`, access, head, signal);
      return answer.status === 200;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.op !== 'blob') throw error;
      const { code, op, host, status, registryCode } = error;
      if (status === undefined || status === 401) {
        throw wrapped(error, `Error checking whether a blob ${digest} exists in ${domain}/${path}`, path);
      }
      const answer = `${status} (${STATUS_CODES[status] ?? ''})`;
      const message = `failed to read from destination repository ${path}: ${answer}`;
      throw new RegistryError(code, message, { op, host, status, registryCode, repository: path });
    }
  }

  /**
   * Whether the registry has made a blob of its repository `from` one of this repository. Whatever prevents that is no
   * failure: the blob can be uploaded.
   */
  async mountBlob(digest: Digest, from: string, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#mount(digest, from, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RegistryError || error instanceof RedirectError) return false;
      throw error;
    }
  }

  /** Where blobs are uploaded to, ready for `BlobUpload` in any thread. */
  async uploadTarget(signal: AbortSignal): Promise<UploadTarget> {
    const access = await this.#sessions.access(this.#target, 'pull,push', signal);
    const path = `${this.#target.reference.path}/blobs/uploads/`;
    return { kind: 'upload', ...(await this.#sessions.place(this.#target, path, access, signal)) };
  }

  /** Uploads a small blob, a configuration. */
  async putBlob(digest: Digest, bytes: Buffer, signal: AbortSignal): Promise<void> {
    await withUpload(
      await this.uploadTarget(signal),
      async (upload) => {
        await upload.write(bytes);
        await upload.finish(digest);
      },
      signal,
    );
  }

  /** Writes a manifest under a tag, or under its digest. {@link isManifestRefused} tells what another type may change. */
  async putManifest(reference: string, manifest: WritableManifest, signal: AbortSignal): Promise<void> {
    const { bytes: body, mediaType, digest } = manifest;
    const { reference: repository } = this.#target;
    const access = await this.#sessions.access(this.#target, 'pull,push', signal);
    const headers = { 'content-type': mediaType };
    const put = requestOf('PUT', (status) => status >= 200 && status < 300, { headers, body });
    try {
      const path = `${repository.path}/manifests/${reference}`;
      const answer = await this.#ask('manifest', path, access, put, signal);
      const [stored] = answer.header('docker-content-digest');
      if (stored?.startsWith(`${digestAlgorithm(digest)}:`) !== true || stored === digest) return;
      const { host } = answer.url;
      const message = `the registry has stored ${stored}, not ${digest}`;
      throw new RegistryError('REGISTRY_MISMATCH', message, { op: 'manifest', host });
    } catch (error) {
      if (!(error instanceof RegistryError) || error.op !== 'manifest') throw error;
      const what = `Error uploading manifest ${reference} to ${repositoryName(repository)}`;
      throw wrapped(error, what, repository.path);
    }
  }

  async #mount(digest: Digest, from: string, signal: AbortSignal): Promise<boolean> {
    const { scopes, credentials } = await this.#sessions.access(this.#target, 'pull,push', signal);
    const access = { scopes: [...scopes, `repository:${from}:pull`], credentials };
    const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    const path = `${this.#target.reference.path}/blobs/uploads/?${query}`;
    const post = requestOf('POST', (status) => status === 201 || status === 202);
    const answer = await this.#ask('mount', path, access, post, signal);
    if (answer.status === 201) return true;
    // An upload was begun instead, which nobody needs.
    const requester = new UploadRequester(await this.uploadTarget(signal));
    const upload = uploadLocation(answer.url, answer.header('location')[0]);
    discard(await requester.send('DELETE', upload, 'Error deleting upload', {}, signal));
    return false;
  }

  #ask(
    op: string,
    path: string,
    access: Access,
    request: SessionRequest,
    signal: AbortSignal,
  ): Promise<ControlAnswer> {
    const session = this.#sessions.of(this.#target);
    const refuse = (answer: ControlAnswer): RegistryError => refusal(op, answer, session.host);
    return session.request(op, path, access, request, refuse, signal);
  }
}

/** Whether another type of manifest may be taken where this one was not. */
export function isManifestRefused(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.op !== 'manifest') return false;
  const { registryCode, status, message } = error;
  if (registryCode === 'MANIFEST_INVALID' || registryCode === 'TAG_INVALID') return true;
  return status === 415 || (registryCode === 'UNSUPPORTED' && message.includes('Invalid JSON syntax'));
}

function requestOf(
  method: SessionRequest['method'],
  accepts: SessionRequest['accepts'],
  more: Partial<SessionRequest> = {},
): SessionRequest {
  return { method, headers: {}, limit: maxAnswerBytes, accepts, ...more };
}

// A small OCI registry inside the process: the quickstart's and the tests' peer, pushed to and pulled from like a real one.
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../../src/oci/digest.js';
import { answer, errorAnswer } from './registry/answer.js';
import type { Answer } from './registry/answer.js';
import { RegistryGate } from './registry/auth.js';
import type { RegistryAuth } from './registry/auth.js';
import { RegistryContent, digestOf, fileBlob, readBlob } from './registry/content.js';
import type { StoredManifest } from './registry/content.js';
import { received, spoil } from './registry/fault.js';
import type { Fault } from './registry/fault.js';
import { handle, matchRoute, scopeOf } from './registry/routes.js';

export type { RegistryAuth } from './registry/auth.js';
export type { Fault } from './registry/fault.js';

/** One line of the request log. */
export interface RequestRecord {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** 0 until it is answered, and when the connection ended without an answer. */
  status: number;
  /** Bytes of the answer's body handed to the connection so far. */
  bytes: number;
}

/** Asked for every request; what it returns goes wrong. */
export type FaultHook = (request: RequestRecord) => Fault | undefined;

export interface RegistryOptions {
  readonly auth?: RegistryAuth;
  /** PEM texts; the registry then speaks https only. */
  readonly tls?: {
    readonly key: string;
    readonly cert: string;
    readonly ca?: string;
    readonly requestCert?: boolean;
  };
  readonly fault?: FaultHook;
  /** Where pushed blobs are kept as files; in memory if absent. */
  readonly directory?: string;
  /** 0, a free one, if absent. */
  readonly port?: number;
}

export interface EmbeddedRegistry {
  /** `127.0.0.1:PORT`, as it stands in front of an image's name. */
  readonly host: string;
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** May be replaced at any time. */
  fault: FaultHook | undefined;
  /** A blob of every repository, or of `repository` alone. */
  putBlob(bytes: Buffer, repository?: string): Digest;
  /** A blob that is streamed from a file; the file must stay as it is. */
  putBlobFile(path: string, repository?: string): Promise<Digest>;
  /** `reference` is a tag, or empty for a manifest known by its digest only. */
  putManifest(repository: string, reference: string, bytes: Buffer | string, mediaType: string): Digest;
  /** The bytes of a blob that the repository has. */
  blob(repository: string, digest: string): Promise<Buffer | undefined>;
  /** The manifest that a tag or digest stands for. */
  manifest(repository: string, reference: string): StoredManifest | undefined;
  /** How many uploads were begun and neither finished nor given up. */
  readonly openUploads: number;
  /** How many connections there are. */
  connections(): Promise<number>;
  /** Bearer tokens given out so far stop working. */
  revokeTokens(): void;
  clearRequests(): void;
  /** Ends every connection, also those in the middle of a blob. */
  close(): Promise<void>;
}

/** Listens on a loopback port and answers until it is closed. */
export async function startRegistry(options: RegistryOptions = {}): Promise<EmbeddedRegistry> {
  const content = new RegistryContent(options.directory);
  const gate = new RegistryGate(options.auth);
  const requests: RequestRecord[] = [];
  const closing = new AbortController();
  let host = '';
  let url = '';

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url: target = '/', headers } = request;
    const record: RequestRecord = { method, url: target, headers, status: 0, bytes: 0 };
    requests.push(record);
    const fault = registry.fault?.(record) ?? {};
    if (fault.delay !== undefined) await sleep(fault.delay, undefined, { signal: closing.signal });
    if (fault.drop === true) {
      request.socket.destroy();
      return;
    }
    const { socket } = request;
    const result = faultAnswer(fault) ?? (await route(request, method, target, fault));
    if (fault.dropAnswer === true) {
      socket.destroy();
      return;
    }
    const answered = { ...result, headers: { ...result.headers, ...fault.answerHeaders } };
    await send(response, answered, fault, record, closing.signal);
  };

  const route = async (
    request: IncomingMessage,
    method: string,
    target: string,
    fault: Fault,
  ): Promise<Answer> => {
    const { pathname, searchParams: query } = new URL(target, url);
    if (pathname === '/token') {
      const form = method === 'POST' ? new URLSearchParams(await text(request)) : undefined;
      const { status, body } = gate.token(request, query, form);
      return answer(status, { 'content-type': 'application/json' }, Buffer.from(body));
    }
    const matched = matchRoute(pathname);
    if (matched === undefined) return answer(404);
    const access = gate.check(request, scopeOf(matched, method), url);
    if (!access.allowed) return errorAnswer('UNAUTHORIZED', { 'www-authenticate': access.challenge });
    const body = received(request, fault, closing.signal);
    return handle(content, matched, {
      request,
      method,
      query,
      body,
      ignoreRange: fault.ignoreRange === true,
    });
  };

  const listener: RequestListener = (request, response) => {
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    const { socket } = request;
    // A client that went away, or a fault that cut it off: nothing is left to tell it.
    respond(request, response).catch(() => socket.destroy());
  };
  const server =
    options.tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ ...options.tls, rejectUnauthorized: options.tls.requestCert === true }, listener);

  const registry: EmbeddedRegistry = {
    get host() {
      return host;
    },
    get url() {
      return url;
    },
    requests,
    fault: options.fault,
    putBlob(bytes, repository) {
      const digest = digestOf(bytes);
      content.putBlob(digest, bytes, repository);
      return digest;
    },
    async putBlobFile(path, repository) {
      const { digest, content: file } = await fileBlob(path);
      content.putBlob(digest, file, repository);
      return digest;
    },
    putManifest: (repository, reference, bytes, mediaType) =>
      content.putManifest(
        repository,
        reference === '' ? undefined : reference,
        Buffer.from(bytes),
        mediaType,
      ),
    async blob(repository, digest) {
      const found = content.blob(repository, digest);
      return found === undefined ? undefined : Buffer.concat(await readBlob(found).toArray());
    },
    manifest: (repository, reference) => content.manifest(repository, reference),
    get openUploads() {
      return content.openUploads;
    },
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    revokeTokens: () => gate.revokeTokens(),
    clearRequests: () => void requests.splice(0),
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `${options.tls === undefined ? 'http' : 'https'}://${host}`;
  return registry;
}

function faultAnswer(fault: Fault): Answer | undefined {
  if (fault.status === undefined) return undefined;
  return answer(fault.status, { ...fault.headers }, Buffer.from(fault.body ?? ''));
}

async function send(
  response: ServerResponse,
  result: Answer,
  fault: Fault,
  record: RequestRecord,
  signal: AbortSignal,
): Promise<void> {
  record.status = result.status;
  response.writeHead(result.status, result.headers);
  const body = Buffer.isBuffer(result.body)
    ? Readable.from(result.body.length === 0 ? [] : [result.body])
    : result.body;
  try {
    if (record.method !== 'HEAD') {
      for await (const chunk of spoil(body, fault, signal)) {
        // Waiting for each write also makes sure that what comes before a cut has left.
        await write(response, chunk);
        record.bytes += chunk.length;
      }
    }
    response.end();
  } finally {
    body.destroy();
  }
}

async function write(response: ServerResponse, chunk: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    response.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

async function text(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString();
}

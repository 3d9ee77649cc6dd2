// The distribution protocol as the embedded registry speaks it: one function for each resource.
import type { IncomingMessage } from 'node:http';
import { parseDigest } from '../../../src/oci/digest.js';
import { answer, errorAnswer, jsonAnswer } from './answer.js';
import type { Answer } from './answer.js';
import { blobSize, digestOf, readBlob } from './content.js';
import type { RegistryContent, Upload } from './content.js';

/** One request, taken apart. */
export interface Call {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly query: URLSearchParams;
  /** Of the request. */
  readonly body: AsyncIterable<Buffer>;
  readonly ignoreRange: boolean;
}

interface Route {
  readonly kind: 'manifests' | 'blobs' | 'uploads' | 'tags' | 'catalog' | 'ping';
  /** Empty for the ping and the catalogue. */
  readonly repository: string;
  /** Tag, digest or upload id; empty where there is none. */
  readonly item: string;
}

const patterns: readonly [kind: Route['kind'], pattern: RegExp][] = [
  ['ping', /^\/v2\/?()()$/],
  ['catalog', /^\/v2\/_catalog()()$/],
  ['tags', /^\/v2\/(.+)\/tags\/list()$/],
  ['manifests', /^\/v2\/(.+)\/manifests\/([^/]+)$/],
  ['uploads', /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/],
  ['blobs', /^\/v2\/(.+)\/blobs\/([^/]+)$/],
];

export function matchRoute(path: string): Route | undefined {
  for (const [kind, pattern] of patterns) {
    const match = pattern.exec(path);
    if (match !== null) return { kind, repository: match[1] ?? '', item: decodeURIComponent(match[2] ?? '') };
  }
  return undefined;
}

/** The token scope a request needs; empty where knowing the registry is enough. */
export function scopeOf(route: Route, method: string): string {
  if (route.kind === 'ping') return '';
  if (route.kind === 'catalog') return 'registry:catalog:*';
  const action = method === 'DELETE' && route.kind !== 'uploads' ? 'delete' : 'push';
  return `repository:${route.repository}:${method === 'GET' || method === 'HEAD' ? 'pull' : action}`;
}

export async function handle(content: RegistryContent, route: Route, call: Call): Promise<Answer> {
  switch (route.kind) {
    case 'ping':
      return jsonAnswer(200, {});
    case 'catalog':
      return page(content.repositoryNames(), call, (repositories) => ({ repositories }));
    case 'tags': {
      const repository = content.repository(route.repository);
      if (repository === undefined) return errorAnswer('NAME_UNKNOWN');
      return page([...repository.tags.keys()].toSorted(), call, (tags) => ({ name: route.repository, tags }));
    }
    case 'manifests':
      return manifests(content, route, call);
    case 'blobs':
      return blobs(content, route, call);
    default:
      return uploads(content, route, call);
  }
}

/** `n` and `last` cut a sorted list into pages; a Link header leads to the next one. */
function page(all: readonly string[], call: Call, body: (names: readonly string[]) => unknown): Answer {
  const last = call.query.get('last');
  const rest = last === null ? all : all.filter((name) => name > last);
  const limit = Number(call.query.get('n') ?? rest.length);
  const names = rest.slice(0, limit);
  const end = names.at(-1);
  if (names.length === rest.length || end === undefined) return jsonAnswer(200, body(names));
  const path = (call.request.url ?? '').replace(/\?.*/, '');
  return jsonAnswer(200, body(names), {
    link: `<${path}?n=${limit}&last=${encodeURIComponent(end)}>; rel="next"`,
  });
}

async function manifests(content: RegistryContent, route: Route, call: Call): Promise<Answer> {
  const { repository, item } = route;
  if (call.method === 'PUT') {
    const bytes = await whole(call.body);
    const digest = digestOf(bytes);
    if (item.includes(':') && item !== digest) return errorAnswer('DIGEST_INVALID');
    if (!isJsonObject(bytes)) return errorAnswer('MANIFEST_INVALID');
    const mediaType = call.request.headers['content-type'] ?? 'application/octet-stream';
    content.putManifest(repository, item.includes(':') ? undefined : item, bytes, mediaType);
    return answer(201, {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': 0,
    });
  }
  if (call.method === 'DELETE') {
    return content.deleteManifest(repository, item) ? answer(202) : errorAnswer('MANIFEST_UNKNOWN');
  }
  if (call.method !== 'GET' && call.method !== 'HEAD') return errorAnswer('UNSUPPORTED');
  const found = content.manifest(repository, item);
  if (found === undefined) return errorAnswer('MANIFEST_UNKNOWN');
  const headers = {
    'content-type': found.mediaType,
    'content-length': found.bytes.length,
    'docker-content-digest': found.digest,
  };
  return answer(200, headers, found.bytes);
}

function blobs(content: RegistryContent, route: Route, call: Call): Answer {
  if (call.method === 'DELETE') {
    return content.deleteBlob(route.repository, route.item) ? answer(202) : errorAnswer('BLOB_UNKNOWN');
  }
  if (call.method !== 'GET' && call.method !== 'HEAD') return errorAnswer('UNSUPPORTED');
  const found = content.blob(route.repository, route.item);
  if (found === undefined) return errorAnswer('BLOB_UNKNOWN');
  const size = blobSize(found);
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'docker-content-digest': route.item,
  };
  const range = call.ignoreRange ? undefined : /^bytes=(\d+)-(\d*)$/.exec(call.request.headers.range ?? '');
  const body = (first: number, last: number) =>
    call.method === 'HEAD' ? undefined : readBlob(found, first, last);
  if (range === undefined || range === null) {
    return answer(200, { ...headers, 'content-length': size }, body(0, size - 1));
  }
  const first = Number(range[1]);
  const last = range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1);
  if (first >= size || last < first)
    return errorAnswer('RANGE_INVALID', { 'content-range': `bytes */${size}` });
  const partial = { 'content-length': last - first + 1, 'content-range': `bytes ${first}-${last}/${size}` };
  return answer(206, { ...headers, ...partial }, body(first, last));
}

async function uploads(content: RegistryContent, route: Route, call: Call): Promise<Answer> {
  const { repository } = route;
  if (call.method === 'POST' && route.item === '') return startUpload(content, repository, call);
  const upload = content.upload(repository, route.item);
  if (upload === undefined) return errorAnswer('BLOB_UPLOAD_UNKNOWN');
  switch (call.method) {
    case 'GET':
      return uploadState(204, upload);
    case 'PATCH':
      await content.appendToUpload(upload, call.body);
      return uploadState(202, upload);
    case 'PUT':
      await content.appendToUpload(upload, call.body);
      return finishUpload(content, upload, call.query.get('digest') ?? '');
    case 'DELETE':
      await content.dropUpload(upload);
      return answer(204);
    default:
      return errorAnswer('UNSUPPORTED');
  }
}

async function startUpload(content: RegistryContent, repository: string, call: Call): Promise<Answer> {
  const mount = call.query.get('mount');
  if (mount !== null) {
    const source = content.blob(call.query.get('from') ?? '', mount);
    if (source !== undefined) {
      content.putBlob(parseDigest(mount), source, repository);
      return created(repository, mount);
    }
  }
  const upload = content.startUpload(repository);
  const digest = call.query.get('digest');
  if (digest === null) return uploadState(202, upload);
  await content.appendToUpload(upload, call.body);
  return finishUpload(content, upload, digest);
}

async function finishUpload(content: RegistryContent, upload: Upload, digest: string): Promise<Answer> {
  const good = await content.finishUpload(upload, digest);
  return good ? created(upload.repository, digest) : errorAnswer('DIGEST_INVALID');
}

function created(repository: string, digest: string): Answer {
  const location = `/v2/${repository}/blobs/${digest}`;
  return answer(201, { location, 'docker-content-digest': digest, 'content-length': 0 });
}

function uploadState(status: number, upload: Upload): Answer {
  return answer(status, {
    location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    'docker-upload-uuid': upload.id,
    range: `0-${Math.max(upload.size - 1, 0)}`,
    ...(status === 204 ? {} : { 'content-length': 0 }),
  });
}

async function whole(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isJsonObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

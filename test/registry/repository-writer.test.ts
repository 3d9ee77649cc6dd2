import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { digestOf } from '../../src/oci/digest.js';
import { ociManifest } from '../../src/oci/media-types.js';
import { isManifestRefused, passwordCredentials } from '../../src/registry/index.js';
import type { EmbeddedRegistry, Fault, FaultHook, RequestRecord } from '../peers/registry.js';
import { Peers, failure, never, sourceOf } from './support.js';

const bytes = Buffer.from('a configuration');
const digest = digestOf(bytes);
const document = Buffer.from('{"schemaVersion":2}');
const manifest = { bytes: document, mediaType: ociManifest, digest: digestOf(document) };

function writerTo(peers: Peers, { host }: EmbeddedRegistry, credentials?: Parameters<Peers['client']>[0]) {
  return peers.client(credentials).writer(sourceOf(`${host}/app:1`));
}

function when(method: string, fault: Fault): FaultHook {
  return (request) => (request.method === method && !request.url.endsWith('/v2/') ? fault : undefined);
}

function errorBody(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

function asked({ requests }: EmbeddedRegistry, method: string): readonly RequestRecord[] {
  return requests.filter((request) => request.method === method);
}

describe('a repository that is written to', () => {
  it('is asked whether it has a blob', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const writer = writerTo(peers, registry);
    expect(await writer.hasBlob(digest, never)).toBe(false);
    registry.putBlob(bytes, 'app');
    expect(await writer.hasBlob(digest, never)).toBe(true);
    expect(await writer.hasBlob(digest, never, 'other')).toBe(false);
  });

  it('gets a small blob with two requests', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    await writerTo(peers, registry).putBlob(digest, bytes, never);
    expect(await registry.blob('app', digest)).toEqual(bytes);
    expect(asked(registry, 'PATCH')).toEqual([]);
  });

  it('mounts a blob of another repository', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.putBlob(bytes, 'base');
    expect(await writerTo(peers, registry).mountBlob(digest, 'base', never)).toBe(true);
    expect(await registry.blob('app', digest)).toEqual(bytes);
  });

  it('is told that the upload is not wanted which it began instead of mounting', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    expect(await writerTo(peers, registry).mountBlob(digest, 'base', never)).toBe(false);
    expect(asked(registry, 'DELETE')).toHaveLength(1);
    expect(registry.openUploads).toBe(0);
  });

  it.each<Fault>([
    { status: 401 },
    { status: 405, body: errorBody('UNSUPPORTED', 'no') },
    { status: 202 },
    { status: 202, headers: { location: 'file:///' } },
  ])('need not mount: %j', async (fault) => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: when('POST', fault) });
    expect(await writerTo(peers, registry).mountBlob(digest, 'base', never)).toBe(false);
  });

  it('is asked with a token for both repositories of a mount', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer', username: 'u', password: 'p' } });
    registry.putBlob(bytes, 'base');
    const writer = writerTo(peers, registry, { explicitCredentials: passwordCredentials('u', 'p') });
    expect(await writer.mountBlob(digest, 'base', never)).toBe(true);
    const tokens = registry.requests.filter(({ url }) => url.startsWith('/token'));
    expect(tokens.map(({ url }) => new URL(url, registry.url).searchParams.getAll('scope'))).toEqual([
      ['repository:app:pull,push', 'repository:base:pull'],
    ]);
  });

  it('gets a manifest under a tag, and under its digest', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const writer = writerTo(peers, registry);
    await writer.putManifest('1', manifest, never);
    expect(registry.manifest('app', '1')).toMatchObject({ bytes: document, mediaType: ociManifest });
    await writer.putManifest(manifest.digest, manifest, never);
    expect(asked(registry, 'PUT').map(({ url }) => url)).toEqual([
      '/v2/app/manifests/1',
      `/v2/app/manifests/${manifest.digest}`,
    ]);
  });

  it('gets pushes with one token for pulling and pushing', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer', username: 'u', password: 'p' } });
    const writer = writerTo(peers, registry, { explicitCredentials: passwordCredentials('u', 'p') });
    await writer.hasBlob(digest, never);
    await writer.putBlob(digest, bytes, never);
    await writer.putManifest('1', manifest, never);
    const tokens = registry.requests.filter(({ url }) => url.startsWith('/token'));
    expect(tokens.map(({ url }) => new URL(url, registry.url).searchParams.get('scope'))).toEqual([
      'repository:app:pull,push',
    ]);
  });
});

describe('a repository that cannot be written to', () => {
  it.each([
    [401, 'Error checking whether a blob DIGEST exists in HOST/app: unauthorized: authentication required'],
    [403, 'failed to read from destination repository app: 403 (Forbidden)'],
    [500, 'failed to read from destination repository app: 500 (Internal Server Error)'],
  ])('says so when it is asked for a blob: %d', async (status, message) => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: when('HEAD', { status }) });
    const error = await failure(writerTo(peers, registry).hasBlob(digest, never));
    expect(error.message.replace(registry.host, 'HOST').replace(digest, 'DIGEST')).toBe(message);
    expect(asked(registry, 'HEAD')).toHaveLength(status === 500 ? 3 : 1);
  });

  it.each([429, 500, 502, 503, 504])('is asked again after %d', async (status) => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.putBlob(bytes, 'app');
    const left = new Map([
      ['HEAD', 2],
      ['PUT', 2],
      ['POST', 2],
    ]);
    registry.fault = ({ method }) => {
      const count = left.get(method) ?? 0;
      left.set(method, count - 1);
      return count > 0 ? { status, headers: { 'retry-after': '0' } } : undefined;
    };
    const writer = writerTo(peers, registry);
    expect(await writer.hasBlob(digest, never)).toBe(true);
    await writer.putManifest('1', manifest, never);
    expect(await writer.mountBlob(digest, 'app', never)).toBe(true);
    expect(asked(registry, 'HEAD')).toHaveLength(3);
    expect(asked(registry, 'PUT')).toHaveLength(3);
    expect(asked(registry, 'POST')).toHaveLength(3);
  });

  it.each(['HEAD', 'PUT'])('is not waited for longer than the limit: %s', async (method) => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: when(method, { delay: 60_000 }) });
    const writer = peers
      .client({ timeouts: { connect: 100, head: 50, idle: 50, retry: 5 } })
      .writer(sourceOf(`${registry.host}/app:1`));
    const asking =
      method === 'HEAD' ? writer.hasBlob(digest, never) : writer.putManifest('1', manifest, never);
    expect((await failure(asking)).message).toMatch(/timed out after 0.05 s$/);
  });

  it.each([
    [400, 'MANIFEST_INVALID', 'manifest invalid', true],
    [400, 'TAG_INVALID', 'manifest tag did not match URI', true],
    [415, 'WHATEVER', 'unsupported media type', true],
    [405, 'UNSUPPORTED', 'Invalid JSON syntax', true],
    [405, 'UNSUPPORTED', 'The operation is unsupported.', false],
    [403, 'DENIED', 'requested access to the resource is denied', false],
  ])('may take another type of manifest after %d %s %s: %j', async (status, code, message, refused) => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: when('PUT', { status, body: errorBody(code, message) }) });
    const error = await failure(writerTo(peers, registry).putManifest('1', manifest, never));
    const words = code.toLowerCase().replace('_', ' ');
    expect(error.message).toBe(`Error uploading manifest 1 to ${registry.host}/app: ${words}: ${message}`);
    expect(isManifestRefused(error)).toBe(refused);
    expect(asked(registry, 'PUT')).toHaveLength(1);
  });

  it('is not believed when it has stored another manifest', async () => {
    await using peers = new Peers();
    const answerHeaders = { 'docker-content-digest': digest };
    const registry = await peers.registry({ fault: when('PUT', { answerHeaders }) });
    const error = await failure(writerTo(peers, registry).putManifest('1', manifest, never));
    expect(error.message).toBe(
      `Error uploading manifest 1 to ${registry.host}/app: the registry has stored ${digest}, not ${manifest.digest}`,
    );
  });

  it('has its credentials to itself when it sends a manifest elsewhere', async () => {
    await using peers = new Peers();
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.authorization}`);
      request.resume().once('end', () => response.writeHead(201).end());
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    peers.defer(
      () =>
        new Promise((resolve) => {
          other.close(() => resolve());
        }),
    );
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/x`;
    const registry = await peers.registry({
      auth: { scheme: 'basic', username: 'u', password: 'p' },
      fault: when('PUT', { status: 307, headers: { location } }),
    });
    const writer = writerTo(peers, registry, { explicitCredentials: passwordCredentials('u', 'p') });
    await writer.putManifest('1', manifest, never);
    expect(seen).toEqual(['PUT undefined']);
    registry.fault = when('PUT', { status: 302, headers: { location } });
    expect((await failure(writer.putManifest('1', manifest, never))).message).toMatch(
      /received unexpected HTTP status: 302 Found$/,
    );
    expect(seen).toHaveLength(1);
  });
});

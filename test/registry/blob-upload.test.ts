import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { UploadTarget } from '../../src/oci/blob.js';
import { digestOf } from '../../src/oci/digest.js';
import type { BlobUpload } from '../../src/registry/index.js';
import { withUpload } from '../../src/registry/index.js';
import type { EmbeddedRegistry, Fault, RequestRecord } from '../peers/registry.js';
import { pause } from '../../src/registry/retry.js';
import { Peers, failure, never, quick } from './support.js';

const content = randomBytes(3_000_000);
const digest = digestOf(content);
const piece = 256 * 1024;
/** So that a busy machine is not taken for a registry that hangs. */
const patient = { ...quick, head: 10_000, idle: 10_000 };

function targetAt(url: string, more: Partial<UploadTarget> = {}): UploadTarget {
  const headers = { authorization: 'Bearer secret', 'user-agent': 'imaged/test' };
  return {
    kind: 'upload',
    url: `${url}/v2/app/blobs/uploads/`,
    headers,
    insecure: false,
    timeouts: patient,
    ...more,
  };
}

async function sendAll(upload: BlobUpload, bytes = content): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    // What was written is the caller's again.
    const chunk = Buffer.from(bytes.subarray(at, at + piece));
    await upload.write(chunk);
    chunk.fill(0);
  }
  await upload.finish(digestOf(bytes));
}

function push(url: string, bytes = content, more: Partial<UploadTarget> = {}): Promise<void> {
  return withUpload(targetAt(url, more), (upload) => sendAll(upload, bytes), never);
}

/** What was asked, without what registries name their uploads by. */
function asked({ requests }: EmbeddedRegistry): readonly string[] {
  return requests.map(
    ({ method, url, status }) =>
      `${method} ${url.replace(/[0-9a-f-]{36}/, 'ID').replace(/sha256.*/, 'DIGEST')} ${status}`,
  );
}

const uploaded = [
  'POST /v2/app/blobs/uploads/ 202',
  'PATCH /v2/app/blobs/uploads/ID 202',
  'PUT /v2/app/blobs/uploads/ID?digest=DIGEST 201',
];

/** Fails with `fault` at the first requests of this method. */
function firstOf(method: string, ...faults: readonly Fault[]): (request: RequestRecord) => Fault | undefined {
  const left = [...faults];
  return (request) => (request.method === method ? left.shift() : undefined);
}

async function serve(peers: Peers, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  peers.defer(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an upload', () => {
  it('brings a blob in one streamed PATCH', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    await push(registry.url);
    expect((await registry.blob('app', digest))?.equals(content)).toBe(true);
    expect(asked(registry)).toEqual(uploaded);
    expect(registry.requests[1]!.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'transfer-encoding': 'chunked',
    });
    expect(registry.openUploads).toBe(0);
  });

  it.each([0, 1, 1024 * 1024])('brings %d bytes with the last request', async (size) => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const bytes = randomBytes(size);
    await push(registry.url, bytes);
    expect((await registry.blob('app', digestOf(bytes)))?.equals(bytes)).toBe(true);
    expect(asked(registry)).toEqual([uploaded[0], uploaded[2]]);
  });

  it('brings many small pieces', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    await withUpload(
      targetAt(registry.url),
      async (upload) => {
        for (let at = 0; at < 50_000; at += 100) await upload.write(content.subarray(at, at + 100));
        await upload.finish(digestOf(content.subarray(0, 50_000)));
      },
      never,
    );
    const stored = await registry.blob('app', digestOf(content.subarray(0, 50_000)));
    expect(stored?.equals(content.subarray(0, 50_000))).toBe(true);
  });

  it('follows absolute places with queries to other hosts, without credentials', async () => {
    await using peers = new Peers();
    const seen: string[] = [];
    const hash = createHash('sha256');
    const store = await serve(peers, (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      request.on('data', (chunk: Buffer) => hash.update(chunk));
      request.on('end', () => {
        const location = `${store}/part2?state=b%20+b&x`;
        response.writeHead(request.method === 'PATCH' ? 204 : 201, { location }).end();
      });
    });
    const registry = await peers.registry({
      fault: ({ method }) =>
        method === 'POST' ? { status: 202, headers: { location: `${store}/part1?state=a%2Fa` } } : undefined,
    });
    await push(registry.url);
    expect(seen).toEqual([
      'PATCH /part1?state=a%2Fa undefined',
      `PUT /part2?state=b%20+b&x&digest=${encodeURIComponent(digest)} undefined`,
    ]);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret']);
    expect(`sha256:${hash.digest('hex')}`).toBe(digest);
  });

  it('follows a redirect of its PUT with the method and without credentials', async () => {
    await using peers = new Peers();
    const other = await peers.registry();
    const registry = await peers.registry({
      fault: ({ method }) =>
        method === 'PUT' ? { status: 307, headers: { location: `${other.url}/elsewhere?x=1` } } : undefined,
    });
    other.fault = () => ({ status: 201 });
    await push(registry.url);
    expect(other.requests.map(({ method, url, headers }) => [method, url, headers.authorization])).toEqual([
      ['PUT', '/elsewhere?x=1', undefined],
    ]);
  });

  it.each(['PATCH', 'PUT'])(
    'gets a new token when the one it has is no longer taken for a %s',
    async (method) => {
      await using peers = new Peers();
      const registry = await peers.registry({ auth: { scheme: 'bearer' } });
      const renewal = { url: `${registry.url}/token?scope=repository:app:pull,push`, headers: {} };
      let revoked = false;
      registry.fault = (request) => {
        if (request.method === method && request.headers.authorization !== 'Bearer secret' && !revoked) {
          revoked = true;
          registry.revokeTokens();
        }
        return undefined;
      };
      await push(registry.url, content, { renewal, insecure: true });
      expect((await registry.blob('app', digest))?.equals(content)).toBe(true);
      const statuses = registry.requests.filter((each) => each.method === method).map(({ status }) => status);
      expect(statuses.slice(-2)).toEqual([401, method === 'PUT' ? 201 : 202]);
      expect(registry.openUploads).toBe(0);
    },
  );

  it('waits for a server that reads slowly, and holds no more than a piece meanwhile', async () => {
    await using peers = new Peers();
    let paused = true;
    const url = await serve(peers, (request, response) => {
      if (request.method !== 'PATCH') response.writeHead(202, { location: '/v2/app/blobs/uploads/1' }).end();
      else {
        request.pause();
        setTimeout(() => {
          paused = false;
          request.resume();
        }, 200);
        request.on('end', () => response.writeHead(202, { location: '/v2/app/blobs/uploads/1' }).end());
      }
    });
    let early = 0;
    await withUpload(
      targetAt(url),
      async (upload) => {
        for (let sent = 0; sent < 64; sent += 1) {
          await upload.write(Buffer.alloc(1024 * 1024));
          if (paused) early += 1;
        }
        await upload.finish(digest);
      },
      never,
    );
    // What the kernel's buffers take on both sides.
    expect(early).toBeLessThan(32);
  });
});

describe('a registry that misbehaves during an upload', () => {
  it.each([1, 1000, 262_144, 1_500_000, 2_999_999, 3_000_000])(
    'gets all of the blob again when the PATCH breaks after %d bytes',
    async (cutRequestAfter) => {
      await using peers = new Peers();
      const registry = await peers.registry({
        fault: firstOf('PATCH', { cutRequestAfter }, { cutRequestAfter }),
      });
      await push(registry.url);
      expect((await registry.blob('app', digest))?.equals(content)).toBe(true);
      expect(registry.requests.filter(({ method }) => method === 'POST')).toHaveLength(3);
      expect(registry.openUploads).toBe(0);
    },
  );

  it('is left after three broken PATCHes, with nothing left there', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: ({ method }) => (method === 'PATCH' ? { cutRequestAfter: 100_000 } : undefined),
    });
    const error = await failure(push(registry.url));
    expect(error).toMatchObject({ code: 'REGISTRY_UPLOAD_BROKEN', op: 'upload', host: registry.host });
    expect(error.message).toMatch(
      /^Error uploading layer chunked: Patch "http:\/\/127.*\/uploads\/[0-9a-f-]+": /,
    );
    expect(registry.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(3);
    expect(registry.openUploads).toBe(0);
  });

  it.each([
    ['POST', { status: 503 }],
    ['POST', { status: 500 }],
    ['POST', { status: 429, headers: { 'retry-after': '0' } }],
    ['POST', { drop: true }],
    ['POST', { dropAnswer: true }],
    ['PATCH', { status: 503 }],
    ['PATCH', { status: 429 }],
    ['PATCH', { drop: true }],
    ['PATCH', { dropAnswer: true }],
    ['PATCH', { stallRequestAfter: 50_000 }],
    ['PUT', { status: 502 }],
    ['PUT', { status: 429 }],
    ['PUT', { drop: true }],
    ['PUT', { dropAnswer: true }],
  ])('is asked again when it answers a %s with %j', async (method, fault) => {
    await using peers = new Peers();
    // More than the connection's buffers take.
    const large = randomBytes(24_000_000);
    const registry = await peers.registry({ fault: firstOf(method, fault, fault) });
    await push(registry.url, large, { timeouts: { ...patient, idle: 1000 } });
    expect((await registry.blob('app', digestOf(large)))?.equals(large)).toBe(true);
    // Of a POST whose answer is lost nobody knows where it has led.
    expect(registry.openUploads).toBe('dropAnswer' in fault && method === 'POST' ? 2 : 0);
  });

  it('waits as long as it says before it is asked again', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: firstOf('POST', { status: 429, headers: { 'retry-after': '1' } }),
    });
    const start = performance.now();
    await push(registry.url);
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it.each([
    [
      'POST',
      403,
      'Error initiating layer upload to /v2/app/blobs/uploads/ in HOST: denied: no',
      'REGISTRY_DENIED',
    ],
    ['PATCH', 403, 'Error uploading layer chunked: denied: no', 'REGISTRY_DENIED'],
    ['PATCH', 413, 'Error uploading layer chunked: denied: no', 'REGISTRY_PROTOCOL'],
    [
      'PUT',
      400,
      'Error uploading layer to http://HOST/v2/app/blobs/uploads/ID: denied: no',
      'REGISTRY_PROTOCOL',
    ],
  ])(
    'ends the upload with its own words when it answers a %s with %d',
    async (method, status, message, code) => {
      await using peers = new Peers();
      const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'no' }] });
      const registry = await peers.registry({
        fault: (request) => (request.method === method ? { status, body } : undefined),
      });
      const error = await failure(push(registry.url));
      expect(error.message.replaceAll(registry.host, 'HOST').replace(/[0-9a-f-]{36}/, 'ID')).toBe(message);
      expect(error).toMatchObject({ code, status, registryCode: 'DENIED', reason: 'denied: no' });
      expect(registry.requests.filter((request) => request.method === method)).toHaveLength(1);
      expect(registry.openUploads).toBe(0);
    },
  );

  it.each([
    [
      'POST',
      'REGISTRY_UNREACHABLE',
      /^Error initiating layer upload .*: waiting for the response timed out after 0.1 s$/,
    ],
    [
      'PATCH',
      'REGISTRY_UNAVAILABLE',
      /^Error uploading layer chunked: Patch .*: waiting for the response timed out after 0.5 s$/,
    ],
    [
      'PUT',
      'REGISTRY_UNAVAILABLE',
      /^Error uploading layer to .*: waiting for the response timed out after 0.5 s$/,
    ],
  ])('is not waited for longer than the limit when it never answers a %s', async (method, code, message) => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: (request) => (request.method === method ? { delay: 60_000 } : undefined),
    });
    const error = await failure(
      push(registry.url, randomBytes(2_000_000), { timeouts: { ...quick, head: 100 } }),
    );
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code });
  });

  it('may have the blob although it hangs after the last request', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    registry.fault = ({ method }) => {
      if (method !== 'PUT') return undefined;
      registry.putBlob(content, 'app');
      return { delay: 60_000 };
    };
    await push(registry.url, content, { timeouts: { ...quick, head: 500 } });
    expect(asked(registry).at(-1)).toMatch(/^HEAD .*200$/);
  });

  it('is not believed when it has stored something else', async () => {
    await using peers = new Peers();
    const other = `sha256:${'0'.repeat(64)}`;
    const registry = await peers.registry({
      fault: ({ method }) =>
        method === 'PUT' ? { answerHeaders: { 'docker-content-digest': other } } : undefined,
    });
    const error = await failure(push(registry.url));
    expect(error.message).toMatch(`the registry has stored ${other}, not ${digest}`);
    expect(error).toMatchObject({ code: 'REGISTRY_MISMATCH' });
  });

  it.each([
    ['no Location', {}],
    ['a Location that is no URL', { location: 'http://[' }],
    ['a Location of another kind', { location: 'file:///etc/passwd' }],
  ])('is left when it answers with %s', async (_, headers) => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: ({ method }) => (method === 'POST' ? { status: 202, headers } : undefined),
    });
    const error = await failure(push(registry.url));
    expect(error.message).toBe(
      `Error initiating layer upload to /v2/app/blobs/uploads/ in ${registry.host}: the registry's answer has no usable Location`,
    );
  });

  it('cannot redirect a streamed PATCH, nor answer it before it has all of it', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: ({ method }) => (method === 'PATCH' ? { status: 307, headers: { location: '/x' } } : undefined),
    });
    expect(await failure(push(registry.url))).toMatchObject({ code: 'REGISTRY_PROTOCOL', status: 307 });
    registry.fault = ({ method }) =>
      method === 'PATCH' ? { status: 202, headers: { location: '/x' } } : undefined;
    const error = await failure(push(registry.url, randomBytes(24_000_000)));
    expect(error.message).toBe(
      'Error uploading layer chunked: the registry answered before it had all of the layer',
    );
  });

  it('sends redirects in a circle only so often', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: ({ method }) => (method === 'PUT' ? { status: 308, headers: { location: '/x' } } : undefined),
    });
    expect((await failure(push(registry.url))).message).toMatch(/stopped after 10 redirects$/);
  });
});

describe('an upload that is given up', () => {
  it.each(['POST', 'PATCH', 'PUT'])('ends at once with its reason while a %s hangs', async (method) => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const abort = new AbortController();
    registry.fault = (request) => {
      if (request.method !== method) return undefined;
      setTimeout(() => abort.abort(new Error('enough')), 20);
      return { delay: 60_000 };
    };
    const start = performance.now();
    const pushing = withUpload(targetAt(registry.url), sendAll, abort.signal);
    expect((await failure(pushing)).message).toBe('enough');
    expect(performance.now() - start).toBeLessThan(1500);
    expect(registry.openUploads).toBe(0);
  });

  it('leaves no connection with a request on it', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const abort = new AbortController();
    await failure(
      withUpload(
        targetAt(registry.url),
        async (upload) => {
          await upload.write(content);
          while (registry.requests.length < 2) await pause(5, never);
          abort.abort(new Error('enough'));
          await upload.write(content);
        },
        abort.signal,
      ),
    );
    expect(asked(registry)).toEqual([
      'POST /v2/app/blobs/uploads/ 202',
      'PATCH /v2/app/blobs/uploads/ID 0',
      'DELETE /v2/app/blobs/uploads/ID 204',
    ]);
    // The one that is kept for the next request; the other one's end has to be noticed first.
    const deadline = Date.now() + 2000;
    while ((await registry.connections()) > 1 && Date.now() < deadline) await pause(10, never);
    expect(await registry.connections()).toBeLessThanOrEqual(1);
  });

  it('throws what the sender throws', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const sending = withUpload(targetAt(registry.url), () => Promise.reject(new Error('disk')), never);
    expect((await failure(sending)).message).toBe('disk');
    expect(registry.openUploads).toBe(0);
  });
});

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { HttpBlob } from '../../src/oci/blob.js';
import type { RegistryError } from '../../src/registry/index.js';
import { openBlob } from '../../src/registry/index.js';
import type { EmbeddedRegistry, FaultHook } from '../peers/registry.js';
import { Peers, bytesOf, failure, never, quick } from './support.js';

const content = randomBytes(3_000_000);

function blobAt(url: string, more: Partial<HttpBlob> = {}): HttpBlob {
  return {
    kind: 'http',
    url,
    headers: { 'user-agent': 'imaged/test' },
    insecure: false,
    timeouts: quick,
    ...more,
  };
}

/** A registry with one blob, and its URL. */
async function withBlob(
  peers: Peers,
  fault?: FaultHook,
): Promise<{ registry: EmbeddedRegistry; url: string }> {
  const registry = await peers.registry(fault === undefined ? {} : { fault });
  const digest = registry.putBlob(content, 'app');
  return { registry, url: `${registry.url}/v2/app/blobs/${digest}` };
}

/** Listens on a loopback port until the test ends. */
async function listen(peers: Peers, server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  peers.defer(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  );
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(peers: Peers, listener: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: 1 }, listener);
  return `http://${await listen(peers, server)}`;
}

describe('a blob over http', () => {
  it('comes as it is', async () => {
    await using peers = new Peers();
    const { url } = await withBlob(peers);
    expect((await bytesOf(await openBlob(blobAt(url), never))).equals(content)).toBe(true);
  });

  it('continues by range where the connection broke', async () => {
    await using peers = new Peers();
    const cuts = [1_000_000, 1_500_000];
    const { registry, url } = await withBlob(peers, () => {
      const cutAfter = cuts.shift();
      return cutAfter === undefined ? undefined : { cutAfter };
    });
    expect((await bytesOf(await openBlob(blobAt(url), never))).equals(content)).toBe(true);
    expect(registry.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=1000000-',
      'bytes=2500000-',
    ]);
  });

  it('continues when a connection is silent for too long', async () => {
    await using peers = new Peers();
    let first = true;
    const { url } = await withBlob(peers, () => {
      const fault = first ? { stallAfter: 1_200_000 } : undefined;
      first = false;
      return fault;
    });
    const blob = blobAt(url, { timeouts: { ...quick, idle: 60 } });
    expect((await bytesOf(await openBlob(blob, never))).equals(content)).toBe(true);
  });

  it('skips what it has read when the server knows no ranges', async () => {
    await using peers = new Peers();
    let first = true;
    const { registry, url } = await withBlob(peers, () => {
      const fault = first ? { cutAfter: 1_234_567 } : { ignoreRange: true };
      first = false;
      return fault;
    });
    expect((await bytesOf(await openBlob(blobAt(url), never))).equals(content)).toBe(true);
    expect(registry.requests).toHaveLength(2);
  });

  it.each([
    ['that starts elsewhere', 'bytes 7-9/10'],
    ['of another length', 'bytes 5-8/9'],
    ['that ends early', 'bytes 5-8/10'],
    ['that cannot be read', 'pages 5-9/10'],
  ])('starts again when the server answers with a range %s', async (_, range) => {
    await using peers = new Peers();
    const ranges: (string | undefined)[] = [];
    const origin = await serve(peers, (request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length === 1) {
        response.writeHead(200, { 'content-length': 10 });
        response.write('01234', () => response.destroy());
      } else if (request.headers.range === undefined) response.end('0123456789');
      else response.writeHead(206, { 'content-range': range }).end('XXXXX');
    });
    expect((await bytesOf(await openBlob(blobAt(`${origin}/b`), never))).toString()).toBe('0123456789');
    expect(ranges).toEqual([undefined, 'bytes=5-', undefined]);
  });

  it('starts again after 416', async () => {
    await using peers = new Peers();
    let requests = 0;
    const origin = await serve(peers, (request, response) => {
      requests++;
      if (requests === 1) {
        response.writeHead(200, { 'content-length': 10 });
        response.write('01234', () => response.destroy());
      } else if (request.headers.range === undefined) response.end('0123456789');
      else response.writeHead(416).end();
    });
    expect((await bytesOf(await openBlob(blobAt(`${origin}/b`), never))).toString()).toBe('0123456789');
  });

  it('fails when the server keeps breaking off without progress', async () => {
    await using peers = new Peers();
    const { url } = await withBlob(peers, ({ headers }) => ({
      cutAfter: headers.range === undefined ? 100 : 50,
    }));
    const error = await failure(bytesOf(await openBlob(blobAt(url), never)));
    expect(error).toMatchObject({ name: 'RegistryError', code: 'REGISTRY_TRUNCATED', op: 'blob' });
    expect(error.message).toMatch(/^Error reading blob http:\S+ after 150 of 3000000 bytes: \S[^\n]*$/);
  });

  it('waits for a slow reader as long as it takes', async () => {
    await using peers = new Peers();
    const { url } = await withBlob(peers);
    const stream = await openBlob(blobAt(url, { timeouts: { ...quick, idle: 40 } }), never);
    const pieces: Buffer[] = [];
    for await (const piece of stream) {
      pieces.push(piece as Buffer);
      if (pieces.length === 1) {
        await new Promise((resolve) => {
          setTimeout(resolve, 200);
        });
      }
    }
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });
});

describe('a redirect of a blob', () => {
  it('takes credentials along on the same origin and leaves them behind on another', async () => {
    await using peers = new Peers();
    const seen: (string | undefined)[] = [];
    const storage = await serve(peers, (request, response) => {
      seen.push(request.headers.authorization, request.headers.cookie);
      response.end('content');
    });
    const registry = await serve(peers, (request, response) => {
      seen.push(request.headers.authorization);
      const location = request.url === '/a' ? '/b' : `${storage}/signed?x=1`;
      response.writeHead(307, { location }).end();
    });
    const headers = { authorization: 'Bearer secret', cookie: 'a=b' };
    const stream = await openBlob(blobAt(`${registry}/a`, { headers }), never);
    expect((await bytesOf(stream)).toString()).toBe('content');
    expect(seen).toEqual(['Bearer secret', 'Bearer secret', undefined, undefined]);
  });

  it('is asked for again at the registry when the connection breaks', async () => {
    await using peers = new Peers();
    let served = 0;
    const storage = await serve(peers, (_request, response) => {
      served++;
      if (served > 1) response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('56789');
      else response.writeHead(200, { 'content-length': 10 }).write('01234', () => response.destroy());
    });
    let asked = 0;
    const registry = await serve(peers, (_request, response) => {
      asked++;
      response.writeHead(302, { location: `${storage}/${asked}` }).end();
    });
    expect((await bytesOf(await openBlob(blobAt(`${registry}/b`), never))).toString()).toBe('0123456789');
    expect(asked).toBe(2);
  });

  it.each([
    ['round in circles', '/again', 'Error fetching blob: stopped after 10 redirects'],
    ['to no http URL', 'file:///etc/passwd', 'redirect to unsupported scheme file:'],
    ['to nowhere', 'http://', 'redirect without a usable Location'],
  ])('is not followed %s', async (_, location, message) => {
    await using peers = new Peers();
    const origin = await serve(peers, (_request, response) => {
      response.writeHead(302, { location }).end();
    });
    const error = await failure(openBlob(blobAt(`${origin}/b`), never));
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ name: 'RegistryError', op: 'blob' });
  });
});

describe('a blob that is not answered well', () => {
  it('is asked for three times while the registry is unwell', async () => {
    await using peers = new Peers();
    const { registry, url } = await withBlob(peers, () => ({ status: 503 }));
    const error = await failure(openBlob(blobAt(url), never));
    expect(error.message).toBe(
      'Error fetching blob: invalid status code from registry 503 (Service Unavailable)',
    );
    expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', status: 503 });
    expect(registry.requests).toHaveLength(3);
  });

  it('is asked for five times while the registry has too much to do', async () => {
    await using peers = new Peers();
    const { registry, url } = await withBlob(peers, () => ({ status: 429 }));
    const error = await failure(openBlob(blobAt(url), never));
    expect(error.message).toBe('too many requests to registry');
    expect(registry.requests).toHaveLength(5);
  });

  it('comes when the registry has recovered', async () => {
    await using peers = new Peers();
    const faults = [{ status: 500 }, { drop: true }];
    const { url } = await withBlob(peers, () => faults.shift());
    expect((await bytesOf(await openBlob(blobAt(url), never))).equals(content)).toBe(true);
  });

  it.each([
    [404, 'REGISTRY_NOT_FOUND', 'Error fetching blob: invalid status code from registry 404 (Not Found)'],
    [403, 'REGISTRY_DENIED', 'Error fetching blob: invalid status code from registry 403 (Forbidden)'],
    [
      401,
      'REGISTRY_UNAUTHORIZED',
      'Error fetching blob: invalid status code from registry 401 (Unauthorized)',
    ],
  ])('is not asked for again after %i', async (status, code, message) => {
    await using peers = new Peers();
    const { registry, url } = await withBlob(peers, () => ({ status }));
    const error = (await failure(openBlob(blobAt(url), never))) as RegistryError;
    expect({ code: error.code, message: error.message }).toEqual({ code, message });
    expect(registry.requests).toHaveLength(1);
  });

  it('fails in time when nothing answers', async () => {
    await using peers = new Peers();
    const host = await listen(
      peers,
      createTcpServer((socket) => socket.on('error', () => undefined).resume()),
    );
    const timeouts = { connect: 50, head: 50, idle: 50, retry: 1 };
    const plain = await failure(openBlob(blobAt(`http://${host}/b`, { timeouts }), never));
    expect(plain.message).toContain('waiting for the response timed out after 0.05 s');
    const secure = await failure(openBlob(blobAt(`https://${host}/b`, { timeouts }), never));
    expect(secure.message).toContain('connecting timed out after 0.05 s');
  });

  it('says nothing of headers and signatures in its errors', async () => {
    await using peers = new Peers();
    const origin = await serve(peers, (_, response) => response.writeHead(500).end());
    const blob = blobAt(`${origin}/b?X-Signature=secret`, { headers: { authorization: 'Bearer secret' } });
    const error = await failure(openBlob(blob, never));
    expect(inspect(error, { depth: 10 })).not.toContain('secret');
  });
});

describe('an external place of a blob', () => {
  it('is tried first, without credentials, and the registry after it', async () => {
    await using peers = new Peers();
    const seen: (string | undefined)[] = [];
    const elsewhere = await serve(peers, (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(request.url === '/good' ? 200 : 404).end('external');
    });
    const { url } = await withBlob(peers);
    const headers = { authorization: 'Bearer x' };
    const external = [`${elsewhere}/missing`, `${elsewhere}/good`];
    const found = await openBlob(blobAt(url, { headers, external, insecure: true }), never);
    expect((await bytesOf(found)).toString()).toBe('external');
    const fallen = await openBlob(
      blobAt(url, { external: [`${elsewhere}/missing`, 'ftp://x/y'], insecure: true }),
      never,
    );
    expect((await bytesOf(fallen)).equals(content)).toBe(true);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });
});

describe('a cancelled blob', () => {
  it('fails with the reason before there is an answer', async () => {
    await using peers = new Peers();
    const { url } = await withBlob(peers, () => ({ delay: 60_000 }));
    const controller = new AbortController();
    const opening = failure(
      openBlob(blobAt(url, { timeouts: { ...quick, head: 60_000 } }), controller.signal),
    );
    setTimeout(() => controller.abort(new Error('changed my mind')), 20);
    expect((await opening).message).toBe('changed my mind');
  });

  it('fails with the reason in the middle', async () => {
    await using peers = new Peers();
    const { url } = await withBlob(peers, () => ({ stallAfter: 1000 }));
    const controller = new AbortController();
    const stream = await openBlob(blobAt(url, { timeouts: { ...quick, idle: 60_000 } }), controller.signal);
    setTimeout(() => controller.abort(new Error('changed my mind')), 20);
    expect((await failure(bytesOf(stream))).message).toBe('changed my mind');
  });

  it('fails with the reason between two attempts', async () => {
    await using peers = new Peers();
    const { url } = await withBlob(peers, () => ({ status: 500 }));
    const controller = new AbortController();
    const opening = failure(
      openBlob(blobAt(url, { timeouts: { ...quick, retry: 60_000 } }), controller.signal),
    );
    setTimeout(() => controller.abort(new Error('changed my mind')), 30);
    expect((await opening).message).toBe('changed my mind');
  });

  it('closes its connection when the reader leaves', async () => {
    await using peers = new Peers();
    let closed!: () => void;
    const connectionClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const origin = await serve(peers, (request, response) => {
      request.socket.once('close', closed);
      response.writeHead(200, { 'content-length': 1_000_000 }).write('some');
    });
    const stream = await openBlob(blobAt(`${origin}/b`), never);
    stream.once('data', () => stream.destroy());
    await connectionClosed;
    expect(stream.destroyed).toBe(true);
  });
});

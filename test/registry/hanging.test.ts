// Registries that do not answer, or answer so slowly that it would never end.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';

import type { HttpTimeouts } from '../../src/oci/blob.js';
import { openBlob, UnreachableHosts } from '../../src/registry/index.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { Peers, bytesOf, failure, never, quick, sourceOf } from './support.js';

const image = buildImage({ layers: [[{ name: 'hello', content: 'hello' }]] });
const short: HttpTimeouts = { connect: 300, head: 300, idle: 300, retry: 5 };

/** Takes connections and says nothing. */
async function silentServer(peers: Peers): Promise<{ readonly host: string; readonly taken: () => number }> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const server: Server = createServer((socket) => {
    taken += 1;
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
      .resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  peers.defer(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, taken: () => taken };
}

describe('a mirror that hangs', () => {
  it('is left after one try, and not asked at all by the next operation', async () => {
    await using peers = new Peers();
    const silent = await silentServer(peers);
    const primary = await peers.registry();
    putImage(primary, 'app', '1', await image);
    const sources = [sourceOf(`${silent.host}/app:1`, false), sourceOf(`${primary.host}/app:1`)];
    const unreachable = new UnreachableHosts();
    const start = performance.now();
    const first = await peers.client({ timeouts: short, unreachable }).firstManifest(sources, never);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(first.source).toBe(sources[1]);
    expect(silent.taken()).toBe(1);
    const second = await peers.client({ timeouts: short, unreachable }).firstManifest(sources, never);
    expect(second.source).toBe(sources[1]);
    expect(silent.taken()).toBe(1);
  });

  it('is named among the failures when it was not asked', async () => {
    await using peers = new Peers();
    const silent = await silentServer(peers);
    const { host } = await peers.registry();
    const unreachable = new UnreachableHosts();
    unreachable.note(silent.host);
    const sources = [sourceOf(`${silent.host}/app:1`), sourceOf(`${host}/app:1`)];
    const error = await failure(peers.client({ unreachable }).firstManifest(sources, never));
    expect(error.message).toBe(
      `(Mirrors also failed: [${silent.host}/app:1: ${silent.host} could not be reached a moment ago]): ` +
        `${host}/app:1: Error reading manifest 1 in ${host}/app: manifest unknown: manifest unknown`,
    );
  });

  it('is asked all the same when there is no other place', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    putImage(registry, 'app', '1', await image);
    const unreachable = new UnreachableHosts();
    unreachable.note(registry.host);
    const sources = [sourceOf(`${registry.host}/app:1`)];
    await expect(peers.client({ unreachable }).firstManifest(sources, never)).resolves.toBeDefined();
  });

  it('that only lost a connection is tried again', async () => {
    await using peers = new Peers();
    const [mirror, primary] = [await peers.registry(), await peers.registry()];
    putImage(mirror, 'app', '1', await image);
    let drops = 1;
    mirror.fault = ({ url }) => (url.includes('/manifests/') && drops-- > 0 ? { drop: true } : undefined);
    const sources = [mirror, primary].map(({ host }) => sourceOf(`${host}/app:1`));
    const { source } = await peers.client().firstManifest(sources, never);
    expect(source).toBe(sources[0]);
  });
});

describe('a registry that takes a connection and shakes no hands', () => {
  it('is named with what was waited for', async () => {
    await using peers = new Peers();
    const { host } = await silentServer(peers);
    const client = peers.client({ timeouts: { ...short, retry: 1 } });
    const error = await failure(client.manifest(sourceOf(`${host}/app:1`, false), never));
    expect(error.message).toBe(
      `error pinging docker registry ${host}: Get "https://${host}/v2/": the TLS handshake timed out after 0.3 s`,
    );
  });
});

describe('an answer that trickles', () => {
  it('ends when it is a manifest that would take for ever', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    putImage(registry, 'app', '1', await image);
    registry.fault = ({ url }) => (url.includes('/manifests/') ? { bytesPerSecond: 20 } : undefined);
    const error = await failure(
      peers.client({ timeouts: quick }).manifest(sourceOf(`${registry.host}/app:1`), never),
    );
    expect(error.message).toMatch(/no more than \d+ bytes came in 0\.\d s$/);
    expect(registry.requests.filter(({ url }) => url.includes('/manifests/'))).toHaveLength(1);
  });

  it('ends when it is a blob that would take for ever, however often it is resumed', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const bytes = Buffer.alloc(100_000, 'x');
    const digest = registry.putBlob(bytes, 'app');
    registry.fault = ({ url }) => (url.includes('/blobs/') ? { bytesPerSecond: 400 } : undefined);
    const timeouts = { ...quick, idle: 200 };
    const client = peers.client({ timeouts });
    const descriptor = { mediaType: '', digest, size: bytes.length };
    const blob = await client.blob(sourceOf(`${registry.host}/app:1`), descriptor, never);
    const error = await failure(openBlob(blob, never).then(bytesOf));
    expect(error).toMatchObject({ code: 'REGISTRY_TRUNCATED' });
    expect(error.message).toMatch(/no more than \d+ bytes came in 1 s$/);
  });

  it('goes on while it is the reader that is slow', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const bytes = Buffer.alloc(3_000_000, 'x');
    const digest = registry.putBlob(bytes, 'app');
    const client = peers.client({ timeouts: { ...quick, idle: 100 } });
    const descriptor = { mediaType: '', digest, size: bytes.length };
    const blob = await client.blob(sourceOf(`${registry.host}/app:1`), descriptor, never);
    const stream = await openBlob(blob, never);
    let size = 0;
    for await (const piece of stream) {
      size += (piece as Buffer).length;
      if (size < 200_000) await new Promise((resolve) => setTimeout(resolve, 600));
    }
    expect(size).toBe(bytes.length);
  });
});

describe('an answer with too large a head', () => {
  it('is refused', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    putImage(registry, 'app', '1', await image);
    const headers = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`x-header-${index}`, 'x'.repeat(20)]),
    );
    registry.fault = ({ url }) =>
      url.includes('/manifests/') ? { status: 200, headers, body: '{}' } : undefined;
    const client = peers.client();
    const source = sourceOf(`${registry.host}/app:1`);
    expect(await failure(client.manifest(source, never))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('the head of the answer is too large'),
    });
    registry.fault = ({ url }) =>
      url.includes('/blobs/') ? { status: 200, headers, body: '{}' } : undefined;
    const { config } = await image;
    const blob = await client.blob(source, config, never);
    expect(await failure(openBlob(blob, never))).toMatchObject({
      code: 'REGISTRY_PROTOCOL',
      message: expect.stringContaining('the head of the answer is too large'),
    });
  });
});

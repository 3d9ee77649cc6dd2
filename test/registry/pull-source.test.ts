import { describe, expect, it } from '@jest/globals';
import { parseDigest } from '../../src/oci/digest.js';
import { parseNormalized } from '../../src/oci/reference.js';
import { openBlob, passwordCredentials } from '../../src/registry/index.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { Peers, failure, never, quick, sourceOf } from './support.js';

const image = buildImage({ layers: [[{ name: 'hello', content: 'hello' }]] });

describe('the first manifest of several sources', () => {
  it('comes from the first that has it', async () => {
    await using peers = new Peers();
    const [empty, mirror, primary] = [await peers.registry(), await peers.registry(), await peers.registry()];
    const sample = await image;
    putImage(mirror, 'app', '1', sample);
    const sources = [empty, mirror, primary].map(({ host }) => sourceOf(`${host}/app:1`));
    const { source, digest } = await peers.client().firstManifest(sources, never);
    expect(source).toBe(sources[1]);
    expect(digest).toBe(sample.digest);
    expect(primary.requests).toEqual([]);
  });

  it('is missed with the last error as it is when there was one source', async () => {
    await using peers = new Peers();
    const { host } = await peers.registry();
    const error = await failure(peers.client().firstManifest([sourceOf(`${host}/app:1`)], never));
    expect(error.message).toBe(`Error reading manifest 1 in ${host}/app: manifest unknown: manifest unknown`);
  });

  it('is missed with the errors of all, the last one deciding', async () => {
    await using peers = new Peers();
    const mirror = await peers.registry({ auth: { scheme: 'basic', username: 'u', password: 'p' } });
    const primary = await peers.registry();
    const sources = [mirror, primary].map(({ host }) => sourceOf(`${host}/app:1`));
    const error = await failure(peers.client().firstManifest(sources, never));
    expect(error.message).toBe(
      `(Mirrors also failed: [${mirror.host}/app:1: Error reading manifest 1 in ${mirror.host}/app: unauthorized: authentication required]): ` +
        `${primary.host}/app:1: Error reading manifest 1 in ${primary.host}/app: manifest unknown: manifest unknown`,
    );
    expect(error).toMatchObject({ code: 'REGISTRY_NOT_FOUND', reason: 'manifest unknown: manifest unknown' });
  });

  it('shows the credentials that were given to the host the user named, not to its mirror', async () => {
    await using peers = new Peers();
    const auth = { scheme: 'basic', username: 'u', password: 'p' } as const;
    const [mirror, primary] = [await peers.registry({ auth }), await peers.registry({ auth })];
    putImage(primary, 'app', '1', await image);
    const requested = parseNormalized(`${primary.host}/app:1`);
    const sources = [mirror, primary].map(({ host }) => ({
      reference: parseNormalized(`${host}/app:1`),
      requested,
      insecure: true,
    }));
    const client = peers.client({ explicitCredentials: passwordCredentials('u', 'p') });
    const { source } = await client.firstManifest(sources, never);
    expect(source).toBe(sources[1]);
    expect(mirror.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });
});

describe('what a registry sends', () => {
  it('is refused when a manifest has not the digest it was asked by', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    registry.fault = ({ url }) => (url.includes('/manifests/') ? { corruptAt: 5 } : undefined);
    const error = await failure(
      peers.client().manifest(sourceOf(`${registry.host}/app@${sample.digest}`), never),
    );
    expect(error.message).toContain(`Manifest does not match provided manifest digest ${sample.digest}`);
    expect(error).toMatchObject({ code: 'REGISTRY_MISMATCH' });
  });

  it('is refused when a manifest has not the digest that came with it', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    putImage(registry, 'app', '1', await image);
    registry.fault = ({ url }) => (url.includes('/manifests/') ? { corruptAt: 5 } : undefined);
    const error = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`), never));
    expect(error).toMatchObject({ code: 'REGISTRY_MISMATCH' });
  });

  it('is refused when a manifest is larger than 4 MiB', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({
      fault: ({ url }) =>
        url.includes('/manifests/')
          ? { status: 200, body: Buffer.alloc(4 * 1024 * 1024 + 1, ' ') }
          : undefined,
    });
    const error = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`), never));
    expect(error.message).toContain('exceeded maximum allowed size of 4194304 bytes');
  });

  it('is refused when a configuration is not what its descriptor says', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    const client = peers.client();
    const source = sourceOf(`${registry.host}/app:1`);
    const { config } = sample;
    await expect(client.blobBytes(source, { ...config, size: config.size - 1 }, never)).rejects.toThrow(
      'more than the',
    );
    await expect(client.blobBytes(source, { ...config, size: config.size + 1 }, never)).rejects.toThrow(
      'fewer than the',
    );
    await expect(client.blobBytes(source, { ...config, size: 5_000_000 }, never)).rejects.toThrow(
      'exceeded maximum allowed size of 4194304 bytes',
    );
    registry.fault = ({ url }) => (url.includes('/blobs/') ? { corruptAt: 3 } : undefined);
    await expect(client.blobBytes(source, config, never)).rejects.toThrow(
      `Digest did not match, expected ${config.digest}, got sha256:`,
    );
  });

  it('is believed to be a registry only after a good ping', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: () => ({ status: 404 }) });
    const error = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`), never));
    expect(error.message).toBe(
      `error pinging docker registry ${registry.host}: invalid status code from registry 404 (Not Found)`,
    );
    registry.fault = ({ url }) => ({ status: url === '/v1/_ping' ? 200 : 404 });
    const older = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`), never));
    expect(older.message).toBe("can't talk to a V1 docker registry");
  });

  it('is quoted when it is an error, and by status when it is no JSON', async () => {
    await using peers = new Peers();
    const answers: [number, string][] = [
      [403, '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'],
      [400, '{"errors":[{"code":"A_B","message":"c"},{"code":"D"}]}'],
      [502, '<html>'],
      [503, '{"errors":[{"code":"DENIED"}]}'],
      [403, '{"details":"nobody\\u001b knows\\nyou"}'],
      [418, `tea\n${'x'.repeat(100)}`],
      [403, ''],
    ];
    const registry = await peers.registry();
    const messages: string[] = [];
    for (const [status, body] of answers) {
      registry.fault = ({ url }) => (url.includes('/manifests/') ? { status, body } : undefined);
      messages.push(
        (await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`), never))).message,
      );
    }
    const what = `Error reading manifest 1 in ${registry.host}/app`;
    expect(messages).toEqual([
      `${what}: denied: requested access to the resource is denied`,
      `${what}: errors:\na b: c\nd: d\n`,
      `${what}: received unexpected HTTP status: 502 Bad Gateway`,
      `${what}: received unexpected HTTP status: 503 Service Unavailable`,
      `${what}: unknown: nobody knows you`,
      `${what}: StatusCode: 418, tea ${'x'.repeat(46)}...`,
      `${what}: StatusCode: 403`,
    ]);
  });
});

describe('a token', () => {
  it('is asked for with the identity token of an auth file', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({
      auth: { scheme: 'bearer', username: 'u', password: 'p', identityToken: 'id' },
    });
    putImage(registry, 'app', '1', await image);
    const credentials = { find: async () => ({ kind: 'identity-token', token: 'id' }) as const };
    const { digest } = await peers
      .client({ credentials })
      .manifest(sourceOf(`${registry.host}/app:1`), never);
    expect(digest).toBe((await image).digest);
    expect(registry.requests.filter(({ url }) => url === '/token').map(({ method }) => method)).toEqual([
      'POST',
    ]);
  });

  it('is refused for a wrong password, without a word of it', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer', username: 'u', password: 'p' } });
    const client = peers.client({ explicitCredentials: passwordCredentials('u', 'hunter2') });
    const error = await failure(client.manifest(sourceOf(`${registry.host}/app:1`), never));
    expect(error.message).toContain('unable to retrieve auth token: invalid username/password: unauthorized');
    expect(error).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED', status: 401 });
    expect(error.message).not.toContain('hunter2');
  });
});

describe('a client', () => {
  it('stops at once when it is cancelled', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: () => ({ delay: 60_000 }) });
    const client = peers.client({ timeouts: { ...quick, head: 60_000 } });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('changed my mind')), 20);
    const error = await failure(client.manifest(sourceOf(`${registry.host}/app:1`), controller.signal));
    expect(error.message).toBe('changed my mind');
  });

  it('reads a blob through what a proxy forwards', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const digest = registry.putBlob(Buffer.from('content'), 'app');
    const proxies = { http: registry.url };
    const blob = {
      kind: 'http',
      url: `http://registry.example/v2/app/blobs/${digest}`,
      headers: {},
      insecure: true,
    } as const;
    registry.fault = ({ url }) => ({ status: 200, body: `asked for ${url}` });
    const stream = await openBlob({ ...blob, proxies, timeouts: quick }, never);
    expect(String(await stream.toArray())).toBe(
      `asked for http://registry.example/v2/app/blobs/${parseDigest(digest)}`,
    );
  });
});

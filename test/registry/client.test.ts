import { describe, expect, it } from '@jest/globals';
import { parseManifest } from '../../src/oci/manifest.js';
import { openBlob, passwordCredentials } from '../../src/registry/index.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { Peers, bytesOf, failure, never, quick, sourceOf } from './support.js';

const image = buildImage({ layers: [[{ name: 'hello', content: 'hello' }]] });

describe('a client of an open registry', () => {
  it('reads a manifest, its configuration and its layers', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const sample = await image;
    putImage(registry, 'team/app', '1', sample);
    const client = peers.client();
    const source = sourceOf(`${registry.host}/team/app:1`);

    const { bytes, mediaType, digest } = await client.manifest(source, never);
    expect({ mediaType, digest }).toEqual({ mediaType: sample.mediaType, digest: sample.digest });
    const manifest = parseManifest(bytes, mediaType);
    if (manifest.kind !== 'image') throw new Error('not an image');
    expect(await client.blobBytes(source, manifest.config, never)).toEqual(sample.config.bytes);
    const layer = await client.blob(source, manifest.layers[0]!, never);
    expect(await bytesOf(await openBlob(layer, never))).toEqual(sample.layers[0]!.bytes);
  });

  it('says who it is and which manifests it takes, in one Accept line', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    putImage(registry, 'app', '1', await image);
    await peers.client().manifest(sourceOf(`${registry.host}/app:1`), never);
    const { headers } = registry.requests.find(({ url }) => url.includes('/manifests/'))!;
    expect(headers['user-agent']).toBe('imaged/test');
    expect(headers['docker-distribution-api-version']).toBe('registry/2.0');
    expect(headers.accept).toBe(
      'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, ' +
        'application/vnd.docker.distribution.manifest.v1+prettyjws, application/vnd.docker.distribution.manifest.v1+json, ' +
        'application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json',
    );
    expect(headers.authorization).toBeUndefined();
  });
});

describe('a client of a registry with tokens', () => {
  it('gets one token for a repository, however many ask at once', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer' } });
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    const client = peers.client();
    const source = sourceOf(`${registry.host}/app:1`);
    await Promise.all([1, 2, 3, 4].map(() => client.manifest(source, never)));
    await client.blobBytes(source, sample.config, never);
    expect(registry.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1);
    expect(registry.requests.filter(({ url }) => url === '/v2/')).toHaveLength(1);
  });

  it('shows user and password to the realm only', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer', username: 'u', password: 'p:w' } });
    putImage(registry, 'app', '1', await image);
    const client = peers.client({ explicitCredentials: passwordCredentials('u', 'p:w') });
    await client.manifest(sourceOf(`${registry.host}/app:1`), never);
    const token = registry.requests.find(({ url }) => url.startsWith('/token'));
    const query = new URL(token!.url, registry.url).searchParams;
    expect(Object.fromEntries(query)).toEqual({
      account: 'u',
      service: 'embedded',
      scope: 'repository:app:pull',
    });
    const basic = registry.requests.filter(({ headers }) => headers.authorization?.startsWith('Basic '));
    expect(basic).toEqual([token]);
  });

  it('gets another token when the one it has is no longer taken', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer' } });
    putImage(registry, 'app', '1', await image);
    const client = peers.client();
    const source = sourceOf(`${registry.host}/app:1`);
    await client.manifest(source, never);
    registry.revokeTokens();
    await client.manifest(source, never);
    expect(registry.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(2);
  });

  it('renews the token where the blob is read', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ auth: { scheme: 'bearer' } });
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    const blob = await peers.client().blob(sourceOf(`${registry.host}/app:1`), sample.layers[0]!, never);
    registry.revokeTokens();
    expect(await bytesOf(await openBlob(blob, never))).toEqual(sample.layers[0]!.bytes);
  });
});

describe('the error of a pull', () => {
  it('names the repository and the reason for a tag that is not there', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    putImage(registry, 'app', '1', await image);
    const error = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:2`), never));
    expect(error.message).toBe(
      `Error reading manifest 2 in ${registry.host}/app: manifest unknown: manifest unknown`,
    );
    expect(error).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      status: 404,
      registryCode: 'MANIFEST_UNKNOWN',
    });
    expect(error).toMatchObject({ reason: 'manifest unknown: manifest unknown', host: registry.host });
  });

  it('says that nobody listens', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const { host } = registry;
    await registry.close();
    const error = await failure(peers.client().manifest(sourceOf(`${host}/app:1`), never));
    expect(error.message).toBe(
      `error pinging docker registry ${host}: Get "http://${host}/v2/": dial tcp ${host}: connect: connection refused`,
    );
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', op: 'ping' });
  });

  it('does not speak plain http with a registry that was not called insecure', async () => {
    await using peers = new Peers();
    const registry = await peers.registry();
    const error = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`, false), never));
    expect(error.message).toBe(
      `error pinging docker registry ${registry.host}: Get "https://${registry.host}/v2/": http: server gave HTTP response to HTTPS client`,
    );
    expect(registry.requests).toEqual([]);
  });

  it('gives up on a registry that never answers', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ fault: () => ({ delay: 60_000 }) });
    const client = peers.client({ timeouts: { ...quick, head: 50 } });
    const error = await failure(client.manifest(sourceOf(`${registry.host}/app:1`), never));
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', op: 'ping' });
  });
});

// The pull side against a real docker-registry: open to all, with Basic, and with tokens of a realm of ours.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type Credentials, openBlob, passwordCredentials } from '../../src/registry/index.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startTokenServer } from '../peers/token-server.js';
import { Peers, bytesOf, failure, never, sourceOf } from '../registry/support.js';
import { authority, serverCert, serverKey } from '../registry/test-certificates.js';
import { startDockerRegistry } from './support/docker-registry.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { pushImage } from './support/push.js';

jest.setTimeout(60_000);

let home: string;
let image: SampleImage;

beforeAll(async () => {
  home = await temporaryDirectory('registry-access');
  image = await buildImage({
    layers: [[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b'.repeat(100_000) }]],
  });
  const registry = await startDockerRegistry(home);
  await pushImage(registry.host, 'team/app', '1', image);
  await registry.close();
});

afterAll(async () => {
  await removeTree(home);
});

/** Pulls everything of the image through a registry with these settings. */
async function pull(settings: readonly string[], credentials?: Credentials): Promise<Buffer[]> {
  await using peers = new Peers();
  const registry = await startDockerRegistry(home, settings);
  peers.defer(() => registry.close());
  const client = peers.client({ explicitCredentials: credentials });
  const source = sourceOf(`${registry.host}/team/app:1`);
  const { bytes } = await client.manifest(source, never);
  const config = await client.blobBytes(source, image.config, never);
  const layers = image.layers.map(async (layer) =>
    bytesOf(await openBlob(await client.blob(source, layer, never), never)),
  );
  return [bytes, config, ...(await Promise.all(layers))];
}

function everything(): readonly Buffer[] {
  return [image.bytes, image.config.bytes, ...image.layers.map(({ bytes }) => bytes)];
}

/** `user` and `secret`, as htpasswd writes it. */
const password = 'user:$2b$04$ddExIlJyEVjaGQu5IKK1l..A3rBnAJd305prM6g/UDn34BfsfcIdy\n';

describe('a real registry', () => {
  it('gives the whole image to anybody', async () => {
    expect(await pull([])).toEqual(everything());
  });

  it('says what it has not', async () => {
    await using peers = new Peers();
    const registry = await startDockerRegistry(home);
    peers.defer(() => registry.close());
    const { host } = registry;
    const client = peers.client();
    const missingTag = await failure(client.manifest(sourceOf(`${host}/team/app:2`), never));
    expect(missingTag.message).toBe(
      `Error reading manifest 2 in ${host}/team/app: manifest unknown: manifest unknown`,
    );
    const unknown = { ...image.config, digest: image.digest };
    const blob = await client.blob(sourceOf(`${host}/team/app:1`), unknown, never);
    const missingBlob = await failure(
      openBlob({ ...blob, url: blob.url.replace(/[0-9a-f]{8}$/, '00000000') }, never),
    );
    expect(missingBlob.message).toBe(
      'Error fetching blob: invalid status code from registry 404 (Not Found)',
    );
  });
});

describe('a real registry with passwords', () => {
  const settings = (): readonly string[] => [
    `auth: { htpasswd: { realm: test, path: ${join(home, 'htpasswd')} } }`,
  ];

  beforeAll(async () => {
    await writeFile(join(home, 'htpasswd'), password);
  });

  it('gives the whole image to those who know one', async () => {
    expect(await pull(settings(), passwordCredentials('user', 'secret'))).toEqual(everything());
  });

  it.each([undefined, passwordCredentials('user', 'wrong')])(
    'gives nothing to others: %j',
    async (credentials) => {
      const error = await failure(pull(settings(), credentials));
      expect(error.message).toMatch(
        /^Error reading manifest 1 in \S+\/team\/app: unauthorized: authentication required$/,
      );
      expect(error).toMatchObject({ code: 'REGISTRY_UNAUTHORIZED', status: 401 });
    },
  );
});

describe('a real registry with tokens', () => {
  it('gives the whole image for the tokens of its realm', async () => {
    await writeFile(join(home, 'authority.crt'), authority);
    await using peers = new Peers();
    const realm = await startTokenServer({ key: serverKey, cert: serverCert });
    peers.defer(async () => await realm[Symbol.asyncDispose]());
    expect(await pull([realm.settings(join(home, 'authority.crt'))])).toEqual(everything());
    expect(realm.asked).toEqual(['GET service=test&scope=repository%3Ateam%2Fapp%3Apull']);
  });
});

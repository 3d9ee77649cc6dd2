// The pull side against a real docker-registry: open to all, with Basic, and with tokens of a realm of ours.
import { sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { type Credentials, openBlob, passwordCredentials } from '../../src/registry/index.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
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
    const asked: string[] = [];
    const realm = createServer((request, response) => {
      const { searchParams } = new URL(request.url!, 'http://realm');
      asked.push(searchParams.toString());
      response.end(JSON.stringify({ token: jsonWebToken(searchParams.get('scope') ?? '') }));
    });
    await new Promise<void>((resolve) => {
      realm.listen(0, '127.0.0.1', resolve);
    });
    peers.defer(async () => {
      realm.closeAllConnections();
      realm.close();
    });
    const { port } = realm.address() as AddressInfo;
    const options = [
      `realm: "http://127.0.0.1:${port}/token"`,
      'service: test',
      'issuer: test',
      `rootcertbundle: ${join(home, 'authority.crt')}`,
    ];
    expect(await pull([`auth: { token: { ${options.join(', ')} } }`])).toEqual(everything());
    expect(asked).toEqual(['service=test&scope=repository%3Ateam%2Fapp%3Apull']);
  });
});

/** A token for one scope, `repository:NAME:ACTIONS`, signed with a key that the authority vouches for. */
function jsonWebToken(scope: string): string {
  const [type, name, actions = ''] = scope.split(':');
  const certificate = serverCert.replaceAll(/-----.*-----|\s/g, '');
  const now = Math.floor(Date.now() / 1000);
  const head = { typ: 'JWT', alg: 'ES256', x5c: [certificate] };
  const claims = {
    iss: 'test',
    sub: '',
    aud: 'test',
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: '1',
    access: [{ type, name, actions: actions.split(',') }],
  };
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key: serverKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

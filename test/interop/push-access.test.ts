// Pushes into real registries that want to be trusted, or to know who comes; skopeo and podman look at what came.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { startFaultProxy } from '../peers/fault-proxy.js';
import { startTokenServer, type TokenServer } from '../peers/token-server.js';
import { authority, serverCert, serverKey } from '../registry/test-certificates.js';
import { copyImage } from './support/copy-call.js';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { copiedImage, type CopiedImage } from './support/image-copy.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { buildRichImage } from './support/rich-image.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(120_000);

let open: DockerRegistry;
let store: PeerStore;
let daemon: Imaged;
let original: CopiedImage;

beforeAll(async () => {
  open = await startDockerRegistry();
  store = await PeerStore.create({ insecure: [open.host] });
  const name = await pushImage(open.host, 'original', '1', await buildRichImage('docker', 'gzip'));
  original = await copiedImage(store, `docker://${name}`);
  daemon = await Imaged.start(store);
  await store.podmanOutput('pull', '--quiet', name);
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
  await open?.close();
});

function copy(source: string, destination: string, options: object = {}): Promise<string> {
  return copyImage(daemon, source, destination, options);
}

/** Pushes podman's image under another name; returns the id of what podman pulls from there, and skopeo has looked at. */
async function pushed(
  name: string,
  options: object = {},
  peerOptions: readonly string[] = [],
): Promise<string> {
  const digest = await copy(`containers-storage:${open.host}/original:1`, `docker://${name}`, options);
  const flags = ['--tls-verify=false', ...peerOptions];
  const raw = await store.skopeo(['inspect', '--raw', ...flags, `docker://${name}`]);
  expect(`sha256:${createHash('sha256').update(raw.stdout).digest('hex')}`).toBe(digest);
  const others = await PeerStore.create();
  try {
    return `sha256:${await others.podmanOutput('pull', '--quiet', ...flags, name)}`;
  } finally {
    await others.close();
  }
}

async function trust(...hosts: readonly string[]): Promise<void> {
  const entries = hosts.map((host) => `[[registry]]\nlocation = ${JSON.stringify(host)}\ninsecure = true\n`);
  await writeFile(store.registriesConf, entries.join(''));
}

describe('a registry with a certificate of its own authority', () => {
  let home: string;
  let closed: DockerRegistry;

  beforeAll(async () => {
    home = await temporaryDirectory('push-tls');
    await writeFile(join(home, 'server.crt'), serverCert);
    await writeFile(join(home, 'server.key'), serverKey);
    const tls = `tls: { certificate: ${join(home, 'server.crt')}, key: ${join(home, 'server.key')} }`;
    closed = await startDockerRegistry(home, [], tls);
    await trust(open.host);
  });

  afterAll(async () => {
    await closed.close();
    await removeTree(home);
  });

  it('gets nothing while nobody vouches for it', async () => {
    await expect(
      copy(`containers-storage:${open.host}/original:1`, `docker://${closed.host}/app:1`),
    ).rejects.toMatchObject({
      parameters: { reason: expect.stringMatching(/x509: certificate signed by unknown authority$/) },
    });
  });

  it('gets the image when its authority is in certs.d, also through a proxy that speaks TLS for it', async () => {
    const certificates = join(store.directory, '.config/containers/certs.d');
    const front = await startFaultProxy(open.host, { tls: { key: serverKey, cert: serverCert } });
    try {
      for (const host of [closed.host, front.host]) {
        await mkdir(join(certificates, host), { recursive: true });
        await writeFile(join(certificates, host, 'ca.crt'), authority);
        expect(await pushed(`${host}/app:1`)).toBe(original.config);
      }
    } finally {
      await front[Symbol.asyncDispose]();
    }
  });
});

describe('a registry with passwords', () => {
  let home: string;
  let closed: DockerRegistry;

  beforeAll(async () => {
    home = await temporaryDirectory('push-passwords');
    const file = join(home, 'htpasswd');
    await writeFile(file, 'user:$2b$04$ddExIlJyEVjaGQu5IKK1l..A3rBnAJd305prM6g/UDn34BfsfcIdy\n');
    closed = await startDockerRegistry(home, [`auth: { htpasswd: { realm: test, path: ${file} } }`]);
    await trust(open.host, closed.host);
  });

  afterAll(async () => {
    await writeFile(join(store.directory, 'auth.json'), '{}');
    await closed.close();
    await removeTree(home);
  });

  it('gets nothing from strangers, whose passwords nobody repeats', async () => {
    const destinationCredentials = { username: 'user', password: 'not-the-password' };
    const failing = copy(`containers-storage:${open.host}/original:1`, `docker://${closed.host}/app:1`, {
      destinationCredentials,
    });
    const error = await failing.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(VarlinkReplyError);
    expect((error as VarlinkReplyError).parameters['reason']).toMatch(
      /Error trying to reuse blob sha256:\w+ at destination: Error checking whether a blob sha256:\w+ exists in \S+\/app: unauthorized: authentication required$/,
    );
    expect(daemon.log.text).not.toContain('not-the-password');
  });

  it('gets the image with the password of the call', async () => {
    const destinationCredentials = { username: 'user', password: 'secret' };
    expect(await pushed(`${closed.host}/app:1`, { destinationCredentials }, ['--creds=user:secret'])).toBe(
      original.config,
    );
  });

  it('gets the image with the password of the auth file', async () => {
    const auth = Buffer.from('user:secret').toString('base64');
    await writeFile(
      join(store.directory, 'auth.json'),
      JSON.stringify({ auths: { [closed.host]: { auth } } }),
    );
    expect(await pushed(`${closed.host}/app:2`, {}, ['--creds=user:secret'])).toBe(original.config);
  });
});

describe('a registry with tokens', () => {
  let home: string;
  let realm: TokenServer;
  let closed: DockerRegistry;

  beforeAll(async () => {
    home = await temporaryDirectory('push-tokens');
    await writeFile(join(home, 'authority.crt'), authority);
    realm = await startTokenServer({ key: serverKey, cert: serverCert });
    closed = await startDockerRegistry(home, [realm.settings(join(home, 'authority.crt'))]);
    await trust(open.host, closed.host);
  });

  afterAll(async () => {
    await realm[Symbol.asyncDispose]();
    await closed.close();
    await removeTree(home);
  });

  const scopes = (): readonly (readonly string[])[] =>
    realm.asked.map((line) => new URLSearchParams(line.slice('GET '.length)).getAll('scope'));

  it('gets the image for one token that is good for pulling and pushing', async () => {
    await copy(`containers-storage:${open.host}/original:1`, `docker://${closed.host}/app:1`);
    expect(scopes()).toEqual([['repository:app:pull,push']]);
    expect(await pushed(`${closed.host}/app:2`)).toBe(original.config);
  });

  it('mounts with a token for both repositories', async () => {
    await copy(`docker://${closed.host}/app:1`, `docker://${closed.host}/other:1`);
    expect(scopes()).toContainEqual(['repository:other:pull,push', 'repository:app:pull']);
    expect((await copiedImage(store, `docker://${closed.host}/other:1`)).diffIds).toEqual(original.diffIds);
  });
});

// Real registries as people run them, through the daemon, and podman beside it: TLS of an own authority, client certificates,
// passwords, tokens; where the credentials come from, and that they go nowhere else.
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startTokenServer, type TokenServer, type TokenServerOptions } from '../peers/token-server.js';
import { authority, clientCert, clientKey, serverCert, serverKey } from '../registry/test-certificates.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { Imaged, type ImagedOptions } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';
import { imageRecords } from './support/store-content.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(60_000);

let home: string;
let image: SampleImage;
let registry: DockerRegistry | undefined;
let store: PeerStore;
let daemon: Imaged | undefined;

const login = { username: 'user', password: 'secret' };
/** Of `user` and `secret`, as htpasswd writes it. */
const htpasswd = 'user:$2b$04$ddExIlJyEVjaGQu5IKK1l..A3rBnAJd305prM6g/UDn34BfsfcIdy\n';
const encoded = Buffer.from('user:secret').toString('base64');

beforeAll(async () => {
  home = await temporaryDirectory('registry-modes');
  image = await buildImage({ layers: [[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b' }]] });
  const open = await startDockerRegistry(home);
  await pushImage(open.host, 'team/app', '1', image);
  await open.close();
  const files = {
    htpasswd,
    'authority.crt': authority,
    'server.crt': serverCert,
    'server.key': serverKey,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
});

afterAll(async () => {
  await removeTree(home);
});

beforeEach(async () => {
  store = await PeerStore.create();
});

afterEach(async () => {
  await daemon?.close();
  await registry?.close();
  daemon = undefined;
  registry = undefined;
  await store.close();
});

/** Starts the registry and, when podman's files are in place, the daemon. */
async function start(settings: readonly string[], http = ''): Promise<string> {
  registry = await startDockerRegistry(home, settings, http);
  return registry.host;
}

async function insecure(host: string): Promise<void> {
  await writeFile(store.registriesConf, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
}

async function trust(host: string, files: Readonly<Record<string, string>>): Promise<void> {
  const directory = join(store.directory, '.config/containers/certs.d', host);
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}

async function writeAuth(content: object): Promise<void> {
  await writeFile(join(store.directory, 'auth.json'), JSON.stringify(content));
}

interface Outcome {
  /** The id, or what went wrong. */
  readonly ours: string;
  readonly theirs: string;
}

const good = (): Outcome => ({ ours: image.config.digest, theirs: image.config.digest });

/** Pulls with the daemon, and with podman, which has no credentials of a call but those of the files. */
async function pull(options: ImagedOptions = {}, creds?: typeof login): Promise<Outcome> {
  const name = `${registry?.host}/team/app:1`;
  daemon = await Imaged.start(store, { ...options, args: ['--log-level', 'debug'] });
  const ours = await daemon
    .call<{ reply: { id: string } }>('PullImage', { name, ...(creds !== undefined && { creds }) })
    .then(
      ({ reply }) => `sha256:${reply.id}`,
      (error: unknown) => {
        if (error instanceof VarlinkReplyError) return error.reason;
        throw error;
      },
    );
  await store.podman(['rmi', '--force', name]);
  const given = creds === undefined ? [] : ['--creds', `${creds.username}:${creds.password}`];
  const env = { ...store.environment, ...options.env };
  const { code, stdout, stderr } = await store.podman(['pull', '--quiet', ...given, name], { env });
  return { ours, theirs: code === 0 ? `sha256:${stdout.trim()}` : stderr };
}

/** Neither log nor any file of the store's directory but those given has the word. */
async function expectUnsaid(word: string, but: readonly string[] = ['auth.json']): Promise<void> {
  expect(daemon?.log.text).not.toContain(word);
  const names = await readdir(store.directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !but.includes(entry.name));
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    expect({ name, has: bytes.includes(word) }).toEqual({ name, has: false });
  }
}

describe('a registry with TLS of an own authority', () => {
  const tls = (more = ''): string =>
    `tls: { certificate: ${join(home, 'server.crt')}, key: ${join(home, 'server.key')}${more} }`;

  it('is trusted by certs.d', async () => {
    await trust(await start([], tls()), { 'ca.crt': authority });
    expect(await pull()).toEqual(good());
  });

  it('is not trusted without, and says why', async () => {
    await start([], tls());
    const { ours, theirs } = await pull();
    expect(ours).toMatch(/x509: certificate signed by unknown authority$/);
    expect(theirs).toContain('x509: certificate signed by unknown authority');
    expect(await imageRecords(store.root)).toEqual([]);
  });

  it('need not be trusted where it may be insecure', async () => {
    await insecure(await start([], tls()));
    expect(await pull()).toEqual(good());
  });

  it('may want a certificate of its clients', async () => {
    const host = await start([], tls(`, clientcas: [${join(home, 'authority.crt')}]`));
    await trust(host, { 'ca.crt': authority, 'me.cert': clientCert, 'me.key': clientKey });
    expect(await pull()).toEqual(good());
  });

  it('refuses clients that have none', async () => {
    const host = await start([], tls(`, clientcas: [${join(home, 'authority.crt')}]`));
    await trust(host, { 'ca.crt': authority });
    const { ours, theirs } = await pull();
    expect(ours).toMatch(
      /error pinging docker registry .*: remote error: tls: (bad certificate|certificate required)$/,
    );
    expect(theirs).toMatch(/certificate/);
  });

  it('is not asked with half a pair', async () => {
    await trust(await start([], tls()), { 'ca.crt': authority, 'me.cert': clientCert });
    const missing = 'missing key me.key for client certificate me.cert';
    const { ours, theirs } = await pull();
    expect(ours).toContain(missing);
    expect(theirs).toContain(missing);
  });
});

describe('a registry with passwords', () => {
  beforeEach(async () => {
    await insecure(await start([`auth: { htpasswd: { realm: test, path: ${join(home, 'htpasswd')} } }`]));
  });

  it('takes those of the call, which are written nowhere', async () => {
    expect(await pull({}, login)).toEqual(good());
    await expectUnsaid('secret');
    await expectUnsaid(encoded);
  });

  it('takes those of the auth file, for the host or a part of it', async () => {
    await writeAuth({ auths: { [`${registry?.host}/team`]: { auth: encoded } } });
    expect(await pull()).toEqual(good());
    await expectUnsaid(encoded);
  });

  it('takes those of a credential helper', async () => {
    const bin = join(store.directory, 'bin');
    await mkdir(bin);
    const helper = join(bin, 'docker-credential-sample');
    const answer = JSON.stringify({ ServerURL: '', Username: 'user', Secret: 'secret' });
    await writeFile(helper, `#!/bin/sh\nread host\n[ "$host" = "${registry?.host}" ] && echo '${answer}'\n`);
    await chmod(helper, 0o755);
    await writeAuth({ credHelpers: { [registry?.host ?? '']: 'sample' } });
    expect(await pull({ env: { PATH: `${bin}:${process.env['PATH']}` } })).toEqual(good());
    await expectUnsaid('secret', ['docker-credential-sample']);
  });

  it.each([
    ['wrong ones', { username: 'user', password: 'guessed' }],
    ['none', undefined],
  ])('takes no %s', async (_, creds) => {
    const { ours, theirs } = await pull({}, creds);
    expect(ours).toMatch(/unauthorized: authentication required$/);
    expect(theirs).toContain('unauthorized');
    await expectUnsaid('guessed');
    expect(await imageRecords(store.root)).toEqual([]);
  });
});

describe('a registry with tokens', () => {
  let realm: TokenServer;

  async function startWith(options: Partial<TokenServerOptions>): Promise<void> {
    realm = await startTokenServer({ key: serverKey, cert: serverCert, ...options });
    await insecure(await start([realm.settings(join(home, 'authority.crt'))]));
  }

  afterEach(async () => {
    await realm[Symbol.asyncDispose]();
  });

  it('gives to everybody what its realm does', async () => {
    await startWith({});
    expect(await pull()).toEqual(good());
    expect(realm.asked[0]).toBe('GET service=test&scope=repository%3Ateam%2Fapp%3Apull');
  });

  it('has a realm that wants passwords', async () => {
    await startWith({ login });
    expect(await pull({}, login)).toEqual(good());
    expect(realm.asked[0]).toBe('GET account=user&service=test&scope=repository%3Ateam%2Fapp%3Apull');
    await expectUnsaid('secret');
  });

  it('has a realm that knows wrong ones', async () => {
    await startWith({ login });
    const { ours, theirs } = await pull({}, { ...login, password: 'guessed' });
    expect(ours).toMatch(/unable to retrieve auth token: invalid username\/password: unauthorized: /);
    expect(theirs).toContain('unable to retrieve auth token: invalid username/password');
  });

  it('has a realm that takes the identity token of an earlier login', async () => {
    await startWith({ login, identityToken: 'who-i-am' });
    const auth = Buffer.from('<token>:').toString('base64');
    await writeAuth({ auths: { [registry?.host ?? '']: { auth, identitytoken: 'who-i-am' } } });
    expect(await pull()).toEqual(good());
    const [first = ''] = realm.asked;
    expect(Object.fromEntries(new URLSearchParams(first.replace(/^POST /, '')))).toEqual({
      service: 'test',
      scope: 'repository:team/app:pull',
      grant_type: 'refresh_token',
      refresh_token: 'who-i-am',
      client_id: 'containers/image',
    });
    await expectUnsaid('who-i-am');
  });

  it('takes no token that has run out: another one is asked for', async () => {
    // Refused from the start, whatever the realm says of it.
    await startWith({ lifetime: -100 });
    const { ours } = await pull();
    expect(ours).toMatch(/unauthorized: authentication required$/);
    expect(realm.asked.filter((line) => line.startsWith('GET')).length).toBeGreaterThan(1);
  });
});

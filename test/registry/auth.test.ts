import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseNormalized } from '../../src/oci/reference.js';
import type { Credentials } from '../../src/registry/index.js';
import { AuthFiles, authFilePaths, passwordCredentials } from '../../src/registry/index.js';
import { failure, never } from './support.js';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'imaged-auth-'));
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

async function write(name: string, content: unknown): Promise<string> {
  const path = join(home, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });
const user = (username: string, password = 'p'): Credentials => ({ kind: 'password', username, password });
const token = (text: string): Credentials => ({ kind: 'identity-token', token: text });

/** What is found for `name` in one file. */
async function found(content: unknown, name: string, legacy = false): Promise<Credentials | undefined> {
  const path = await write('auth.json', content);
  return await new AuthFiles({ paths: [{ path, legacy }], env: {} }).find(parseNormalized(name), never);
}

describe('an entry of an auth file', () => {
  it.each([
    ['of the host', { 'a.io': auth('u:p') }, 'a.io/x', user('u')],
    [
      'of the repository before that of the host',
      { 'a.io': auth('u:p'), 'a.io/x': auth('v:p') },
      'a.io/x:1',
      user('v'),
    ],
    ['of the closest namespace', { 'a.io/n': auth('u:p'), 'a.io': auth('v:p') }, 'a.io/n/x/y', user('u')],
    ['not of another repository', { 'a.io/y': auth('u:p') }, 'a.io/x', undefined],
    ['not of a host that begins alike', { 'a.io': auth('u:p') }, 'a.io.b/x', undefined],
    ['not of another port', { 'a.io:1': auth('u:p') }, 'a.io:2/x', undefined],
    ['of a URL', { 'https://a.io/v1/': auth('u:p') }, 'a.io/x', user('u')],
    ['of a URL without TLS', { 'http://a.io': auth('u:p') }, 'a.io/x', user('u')],
    ['of Docker Hub as Docker writes it', { 'https://index.docker.io/v1/': auth('u:p') }, 'x', user('u')],
    ['of Docker Hub by another name', { 'registry-1.docker.io': auth('u:p') }, 'x', user('u')],
    ['with colons in the password', { 'a.io': auth('u:p:q:') }, 'a.io/x', user('u', 'p:q:')],
    ['with trailing NULs', { 'a.io': auth('u:p\0\0') }, 'a.io/x', user('u')],
    ['with an identity token', { 'a.io': { ...auth('<token>:'), identitytoken: 't' } }, 'a.io/x', token('t')],
    ['that is empty is none', { 'a.io': {} }, 'a.io/x', undefined],
    ['without a colon is none', { 'a.io': auth('u') }, 'a.io/x', undefined],
    ['that is no object is none', { 'a.io': null }, 'a.io/x', undefined],
  ])('is the one %s', async (_, auths, name, expected) => {
    expect(await found({ auths }, name)).toEqual(expected);
  });

  it('stands at the top level of the oldest format', async () => {
    expect(await found({ 'https://a.io': auth('u:p') }, 'a.io/x', true)).toEqual(user('u'));
  });

  it.each([{}, { auths: null }, { auths: [] }, { auths: { 'b.io': auth('u:p') } }])(
    'is not there in %j',
    async (file) => {
      expect(await found(file, 'a.io/x')).toBeUndefined();
    },
  );
});

describe('an auth file that cannot be read', () => {
  it.each([
    ['{"auths":{"a.io":{"auth":"c2VjcmV0"', 'invalid JSON'],
    ['[]', 'no JSON object'],
    [{ auths: { 'a.io': { auth: 'c2Vjc!mV0' } } }, 'auth entry is no base64'],
  ])('is named without a word of its content: %j', async (content, reason) => {
    const error = await failure(found(content, 'a.io/x'));
    expect(error).toMatchObject({ name: 'AuthFileError', code: 'AUTH_FILE' });
    expect(error.message).toBe(`error reading auth file ${join(home, 'auth.json')}: ${reason}`);
  });
});

describe('several auth files', () => {
  it('are read in order, missing ones left out, until one knows', async () => {
    const paths = [
      join(home, 'missing'),
      await write('1', { auths: { 'b.io': auth('one:p') } }),
      await write('2', { auths: { 'a.io': auth('two:p') } }),
      await write('3', { auths: { 'a.io': auth('three:p') } }),
    ].map((path) => ({ path, legacy: false }));
    const files = new AuthFiles({ paths, env: {} });
    expect(await files.find(parseNormalized('a.io/x'), never)).toEqual(user('two'));
    expect(await files.find(parseNormalized('c.io/x'), never)).toBeUndefined();
  });

  it('are podman’s, then Docker’s', () => {
    const paths = (env: Readonly<Record<string, string>>, flag?: string): readonly string[] =>
      authFilePaths({ env, flag, uid: 7, home: '/home/u' }).map(({ path }) => path);
    expect(paths({})).toEqual([
      '/run/containers/7/auth.json',
      '/home/u/.config/containers/auth.json',
      '/home/u/.docker/config.json',
      '/home/u/.dockercfg',
    ]);
    expect(paths({ XDG_RUNTIME_DIR: '/r', XDG_CONFIG_HOME: '/c', DOCKER_CONFIG: '/d' })).toEqual([
      '/r/containers/auth.json',
      '/c/containers/auth.json',
      '/d/config.json',
      '/home/u/.dockercfg',
    ]);
    expect(paths({ REGISTRY_AUTH_FILE: '/a' })).toEqual(['/a']);
    expect(paths({ REGISTRY_AUTH_FILE: '/a' }, '/b')).toEqual(['/b']);
  });
});

describe('a credential helper', () => {
  /** Installs `docker-credential-NAME` with this shell script as its body. */
  async function helper(name: string, script: string): Promise<void> {
    await chmod(await write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`), 0o755);
  }

  async function ask(
    file: unknown,
    name = 'a.io/x',
    helpers?: readonly string[],
  ): Promise<Credentials | undefined> {
    const path = await write('auth.json', file);
    const env = { PATH: `${join(home, 'bin')}:/usr/bin:/bin` };
    const options = { paths: [{ path, legacy: false }], env, ...(helpers !== undefined && { helpers }) };
    return await new AuthFiles(options).find(parseNormalized(name), never);
  }

  const answering =
    'read host; echo "{\\"ServerURL\\":\\"$host\\",\\"Username\\":\\"$1-$host\\",\\"Secret\\":\\"s\\"}"';

  it('is asked for the host it is named for, before the entries', async () => {
    await helper('one', answering);
    const file = { credHelpers: { 'a.io': 'one' }, auths: { 'a.io': auth('u:p') } };
    expect(await ask(file)).toEqual(user('get-a.io', 's'));
    expect(await ask(file, 'b.io/x')).toBeUndefined();
  });

  it('is asked as the store for what no entry has', async () => {
    await helper('all', answering);
    const file = { credsStore: 'all', auths: { 'a.io': {}, 'b.io': auth('u:p') } };
    expect(await ask(file)).toEqual(user('get-a.io', 's'));
    expect(await ask(file, 'b.io/x')).toEqual(user('u'));
    expect(await ask(file, 'docker.io/x')).toEqual(user('get-https://index.docker.io/v1/', 's'));
  });

  it('is asked because registries.conf says so, in its order', async () => {
    await helper('all', answering);
    const file = { auths: { 'a.io': auth('u:p') } };
    expect(await ask(file, 'a.io/x', ['all', 'containers-auth.json'])).toEqual(user('get-a.io', 's'));
    expect(await ask(file, 'a.io/x', ['containers-auth.json', 'all'])).toEqual(user('u'));
  });

  it('can give an identity token', async () => {
    await helper('t', `echo '{"Username":"<token>","Secret":"s"}'`);
    expect(await ask({ credHelpers: { 'a.io': 't' } })).toEqual(token('s'));
  });

  it('may know nothing', async () => {
    await helper('n', 'echo "credentials not found in native keychain"; exit 1');
    expect(await ask({ credHelpers: { 'a.io': 'n' }, auths: { 'a.io': auth('u:p') } })).toEqual(user('u'));
  });

  it.each([
    [
      'broken',
      'echo "keychain locked" >&2; exit 3',
      'credential helper docker-credential-broken failed: keychain locked',
    ],
    ['mute', 'exit 4', 'credential helper docker-credential-mute failed: status 4'],
    ['odd', 'echo secret', 'credential helper docker-credential-odd answered no JSON'],
  ])('is named when it fails: %s', async (name, script, message) => {
    await helper(name, script);
    const error = await failure(ask({ credHelpers: { 'a.io': name } }));
    expect(error).toMatchObject({ name: 'CredentialHelperError', code: 'CREDENTIAL_HELPER', message });
  });

  it.each([
    ['absent', 'credential helper docker-credential-absent failed: executable file not found in $PATH'],
    ['../x', 'invalid name of a credential helper: "../x"'],
  ])('must be a program on the path: %j', async (name, message) => {
    expect((await failure(ask({ credHelpers: { 'a.io': name } }))).message).toBe(message);
  });
});

describe('a pair of user and password', () => {
  it('counts as none without a user', () => {
    expect(passwordCredentials('', '')).toBeUndefined();
    expect(passwordCredentials('', 'p')).toBeUndefined();
    expect(passwordCredentials('u', '')).toEqual(user('u', ''));
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parsePolicy, readPolicy } from '../../src/signature/policy-file.js';
import { PolicyFormatError } from '../../src/signature/errors.js';

const parse = (text: string) => parsePolicy(Buffer.from(text));
const withDefault = (requirement: unknown): string => JSON.stringify({ default: [requirement] });
const signedBy = (fields: object): string => withDefault({ type: 'signedBy', ...fields });
const identity = (signedIdentity: unknown): string =>
  signedBy({ keyType: 'GPGKeys', keyPath: '/k', signedIdentity });
const sigstore = (fields: object): string => withDefault({ type: 'sigstoreSigned', ...fields });
const scope = (transport: string, name: string): string =>
  JSON.stringify({
    default: [{ type: 'reject' }],
    transports: { [transport]: { [name]: [{ type: 'reject' }] } },
  });

// What skopeo 1.9 says of the same files, but for texts that speak of Go.
const refused: readonly (readonly [string, string])[] = [
  ['', 'invalid JSON'],
  ['[]', 'JSON object expected'],
  ['1', 'JSON object expected'],
  ['{}', 'Default policy is missing'],
  ['{"default":[]}', 'List of verification policy requirements must not be empty'],
  ['{"default":null}', 'List of verification policy requirements must not be empty'],
  ['{"default":{}}', 'list of requirements expected for default'],
  ['{"default":[1]}', 'JSON object expected for default[0]'],
  ['{"default":[{}]}', 'Unknown policy requirement type ""'],
  ['{"default":[{"type":"foo"}]}', 'Unknown policy requirement type "foo"'],
  ['{"default":[{"type":1}]}', 'Unknown policy requirement type ""'],
  ['{"default":[{"Type":"reject"}]}', 'Unknown policy requirement type ""'],
  ['{"Default":[{"type":"reject"}]}', 'Unknown key "Default"'],
  ['{"default":[{"type":"reject"}],"x":1}', 'Unknown key "x"'],
  ['{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}', 'Duplicate key "default"'],
  ['{"default":[{"type":"reject","type":"reject"}]}', 'Duplicate key "type"'],
  ['{"default":[{"type":"reject"}]} {}', 'invalid JSON'],
  ['{"default":[{"type":"reject"}]} x', 'invalid JSON'],
  ['{"default":[{"type":"reject"}],"transports":[]}', 'JSON object expected'],
  ['{"default":[{"type":"reject"}],"transports":{"docker":[]}}', 'JSON object expected for docker'],
  [
    '{"default":[{"type":"reject"}],"transports":{"docker":{"":[]}}}',
    'List of verification policy requirements must not be empty',
  ],
  [withDefault({ type: 'reject', x: 1 }), 'Unknown key "x"'],
  [withDefault({ type: 'insecureAcceptAnything', keyPath: '/k' }), 'Unknown key "keyPath"'],
  [signedBy({}), 'Exactly one of keyPath, keyPaths and keyData must be specified, none of them present'],
  [signedBy({ keyType: 'GPGKeys' }), 'must be specified, none of them present'],
  [signedBy({ keyPath: '/k' }), 'invalid keyType ""'],
  [signedBy({ keyType: 'Foo', keyPath: '/k' }), 'Unrecognized keyType value "Foo"'],
  [signedBy({ keyType: 'X509CAs', keyPath: '/k' }), 'Unrecognized keyType value "X509CAs"'],
  [signedBy({ keyType: 'GPGKeys', keyPath: '' }), 'keyPath: the path is empty'],
  [signedBy({ keyType: 'GPGKeys', keyPath: null }), 'string expected'],
  [
    signedBy({ keyType: 'GPGKeys', keyPath: '/k', keyData: 'YQ==' }),
    'must be specified, more than one present',
  ],
  [signedBy({ keyType: 'GPGKeys', keyPath: '/k', keyPaths: ['/k'] }), 'more than one present'],
  [signedBy({ keyType: 'GPGKeys', keyPaths: [] }), '"keyPaths" contains no entries'],
  [signedBy({ keyType: 'GPGKeys', keyPaths: [1] }), 'list of strings expected'],
  [signedBy({ keyType: 'GPGKeys', keyPaths: ['/k', ''] }), 'keyPaths: the path is empty'],
  [signedBy({ keyType: 'GPGKeys', keyData: '!!' }), 'illegal base64 data in keyData'],
  [signedBy({ keyType: 'GPGKeys', keyData: 'YQ' }), 'illegal base64 data in keyData'],
  [signedBy({ keyType: 'GPGKeys', keyPath: '/k', keyDatas: ['YQ=='] }), 'Unknown key "keyDatas"'],
  [identity(null), 'Unknown policy reference match type ""'],
  [identity({ type: 'foo' }), 'Unknown policy reference match type "foo"'],
  [identity({ type: 'matchExact', x: 1 }), 'Unknown key "x"'],
  [identity({ type: 'exactReference' }), 'Key "dockerReference" missing in a JSON object'],
  [
    identity({ type: 'exactReference', dockerReference: 'busybox' }),
    'dockerReference busybox contains neither a tag nor digest',
  ],
  [
    identity({ type: 'exactRepository', dockerRepository: 'UP' }),
    'Invalid format of dockerRepository UP: invalid reference format: repository name must be lowercase',
  ],
  [identity({ type: 'remapIdentity', prefix: 'a b', signedPrefix: 'x' }), 'prefix "a b" is not valid'],
  [identity({ type: 'remapIdentity', prefix: 'x', signedPrefix: 'x/y:1' }), 'prefix "x/y:1" is not valid'],
  [identity({ type: 'remapIdentity', prefix: 'x' }), 'Key "signedPrefix" missing in a JSON object'],
  [withDefault({ type: 'signedBaseLayer' }), 'Key "baseLayerIdentity" missing in a JSON object'],
  [withDefault({ type: 'signedBaseLayer', baseLayerIdentity: {} }), 'Unknown policy reference match type ""'],
  [sigstore({}), 'must be specified, none of them present'],
  [sigstore({ keyPath: '/k', keyData: 'YQ==' }), 'must be specified, more than one present'],
  [sigstore({ keyDatas: [] }), '"keyDatas" contains no entries'],
  [sigstore({ keyType: 'GPGKeys', keyPath: '/k' }), 'Unknown key "keyType"'],
  [sigstore({ fulcio: 1 }), 'JSON object expected'],
  [
    sigstore({ keyPath: '/k', rekorPublicKeyPath: '/r', rekorPublicKeyData: 'YQ==' }),
    'at most one of rekorPublicKeyPath',
  ],
  [scope('dir', 'relative'), 'Unknown key "relative"'],
  [scope('dir', '/'), 'Unknown key "/"'],
  [scope('dir', '/a/../b'), 'Unknown key "/a/../b"'],
  [scope('dir', '/a/'), 'Unknown key "/a/"'],
  [scope('oci', 'a'), 'Unknown key "a"'],
  [scope('oci-archive', '//a'), 'Unknown key "//a"'],
  [scope('docker-archive', 'x'), 'Unknown key "x"'],
  [scope('tarball', '/x'), 'Unknown key "/x"'],
  [scope('containers-storage', 'x'), 'Unknown key "x"'],
  [scope('containers-storage', '[overlay@rel]'), 'Unknown key "[overlay@rel]"'],
  [scope('docker-daemon', `sha256:${'0'.repeat(64)}`), 'Unknown key "sha256:'],
];

const accepted: readonly string[] = [
  withDefault({ type: 'reject' }),
  withDefault({ type: 'insecureAcceptAnything' }),
  signedBy({ keyType: 'GPGKeys', keyPath: '/k' }),
  signedBy({ keyType: 'GPGKeys', keyPaths: ['/k', '/l'] }),
  signedBy({ keyType: 'GPGKeys', keyData: 'YQ==' }),
  signedBy({ keyType: 'signedByGPGKeys', keyPath: '/k' }),
  identity({ type: 'matchExact' }),
  identity({ type: 'matchRepoDigestOrExact' }),
  identity({ type: 'matchRepository' }),
  identity({ type: 'exactReference', dockerReference: 'busybox:1' }),
  identity({ type: 'exactRepository', dockerRepository: 'quay.io/team/app' }),
  identity({ type: 'remapIdentity', prefix: 'mirror.local:5000', signedPrefix: 'quay.io/team' }),
  withDefault({ type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchExact' } }),
  sigstore({ keyPath: '/k' }),
  sigstore({ keyPaths: ['/k'] }),
  sigstore({ keyDatas: ['YQ=='] }),
  sigstore({ fulcio: { caPath: '/c' }, rekorPublicKeyPath: '/r' }),
  sigstore({ pki: { caRootsPath: '/c' } }),
  '{"default":[{"type":"reject"}],"transports":{}}',
  scope('docker', 'quay.io/team'),
  scope('docker', '*.example.com'),
  scope('dir', '/a/b'),
  scope('oci', '/a:b'),
  scope('tarball', ''),
  scope('containers-storage', '[/var/lib/containers/storage]'),
  scope('containers-storage', '[overlay@/var/lib/containers/storage]quay.io/team'),
  // Nobody knows this transport, so nothing is said about its scopes.
  scope('nix', 'anything/'),
];

describe('a policy file', () => {
  it.each(refused)('is refused when it is %s', (text, message) => {
    expect(() => parse(text)).toThrow(PolicyFormatError);
    expect(() => parse(text)).toThrow(message);
  });

  it.each(accepted.map((text) => [text]))('may be %s', (text) => {
    expect(parse(text).default.length).toBeGreaterThan(0);
  });

  it('takes `__proto__` for an unknown key like any other', () => {
    expect(() => parse('{"default":[{"type":"reject"}],"__proto__":{}}')).toThrow('Unknown key "__proto__"');
  });

  it('names what a sigstore requirement asks for that cannot be verified', () => {
    const [requirement] = parse(sigstore({ fulcio: {}, rekorPublicKeyPath: '/r' })).default;
    expect(requirement).toMatchObject({ keys: undefined, unsupported: ['fulcio', 'rekorPublicKeyPath'] });
  });
});

describe('finding the policy', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'imaged-test-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it('takes the first file that exists', async () => {
    const path = join(directory, 'first.json');
    await writeFile(path, withDefault({ type: 'reject' }));
    expect(await readPolicy([join(directory, 'none'), path, join(directory, 'other')])).toMatchObject({
      path,
    });
  });

  it('names the last place when there is none', async () => {
    const last = join(directory, 'last');
    await expect(readPolicy([join(directory, 'none'), last])).rejects.toThrow(
      `open ${last}: no such file or directory`,
    );
  });

  it('names the file that is wrong', async () => {
    const path = join(directory, 'wrong.json');
    await writeFile(path, '{}');
    await expect(readPolicy([path])).rejects.toThrow(
      `invalid policy in "${path}": Default policy is missing`,
    );
  });

  it('does not read a directory or a file without end', async () => {
    await expect(readPolicy([directory])).rejects.toThrow('is no regular file');
    await expect(readPolicy(['/dev/zero'])).rejects.toThrow('is no regular file');
  });
});

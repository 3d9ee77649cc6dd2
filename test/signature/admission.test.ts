import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { digestOf, parseDigest } from '../../src/oci/digest.js';
import { parseNormalized } from '../../src/oci/reference.js';
import { requireAdmitted } from '../../src/signature/admission.js';
import { claimTypes, formatClaim } from '../../src/signature/payload.js';
import { parsePolicy } from '../../src/signature/policy-file.js';
import { formatSigstore, sigstoreSignatureType } from '../../src/signature/signature-format.js';

const bytes = Buffer.from('the manifest');
const digest = digestOf(bytes);
const reference = 'quay.io/a/b:1';
const { signal } = new AbortController();

const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A sigstore signature of what `claim` says, by `key`. */
function signature(
  key: KeyObject,
  claim: { readonly digest?: string; readonly reference?: string; readonly type?: string } = {},
  mimeType: string = sigstoreSignatureType,
): Buffer {
  const payload = formatClaim(
    { digest: parseDigest(claim.digest ?? digest), reference: claim.reference ?? reference },
    claim.type ?? claimTypes.sigstore,
    { creator: 'test', at: new Date(0) },
  );
  const made = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, key);
  return formatSigstore({
    mimeType,
    payload,
    annotations: { 'dev.cosignproject.cosign/signature': made.toString('base64') },
  });
}

/** Asks whether the image with these signatures may be used when these requirements are the policy. */
async function admit(
  requirements: readonly object[],
  signatures: readonly Buffer[],
  options: { readonly name?: string; readonly unsigned?: boolean } = {},
): Promise<void> {
  const policy = { path: '/p', ...parsePolicy(Buffer.from(JSON.stringify({ default: requirements }))) };
  const name = options.name ?? reference;
  const image = {
    origin: { transport: 'docker' as const, name: `//${name}`, reference: parseNormalized(name) },
    manifest: { bytes, digest },
    signatures: async () => signatures,
  };
  const environment = { PATH: process.env['PATH'] };
  await requireAdmitted(policy, image, { environment, unsigned: options.unsigned === true }, signal);
}

const accept = { type: 'insecureAcceptAnything' };
const reject = { type: 'reject' };
const sigstoreSigned = (fields: object): object => ({ type: 'sigstoreSigned', ...fields });
const trusted = sigstoreSigned({ keyData: base64(pem(p256.publicKey)) });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-test-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('requirements', () => {
  it('that accept anything do not even fetch signatures', async () => {
    const policy = { path: '/p', ...parsePolicy(Buffer.from(JSON.stringify({ default: [accept] }))) };
    const image = {
      origin: { transport: 'dir' as const, name: '/d', path: '/d' },
      manifest: { bytes, digest },
      signatures: () => Promise.reject(new Error('fetched')),
    };
    await expect(requireAdmitted(policy, image, { environment: {} }, signal)).resolves.toBeUndefined();
  });

  it('must all hold', async () => {
    const good = signature(p256.privateKey);
    await expect(admit([accept, trusted], [good])).resolves.toBeUndefined();
    await expect(admit([trusted, reject], [good])).rejects.toThrow('is rejected by policy.');
    const alsoOther = sigstoreSigned({ keyData: base64(pem(other.publicKey)) });
    await expect(admit([trusted, alsoOther], [good])).rejects.toThrow('signature verification failed');
    await expect(admit([trusted, alsoOther], [good, signature(other.privateKey)])).resolves.toBeUndefined();
  });

  it('that fail say which one, for which images, in which file', async () => {
    await expect(admit([accept, reject], [])).rejects.toThrow(
      `Running image docker://${reference} is rejected by policy. (reject for default in /p)`,
    );
  });

  it('fail with whatever keeps signatures from being fetched', async () => {
    const policy = { path: '/p', ...parsePolicy(Buffer.from(JSON.stringify({ default: [trusted] }))) };
    const image = {
      origin: { transport: 'docker' as const, name: '//x' },
      manifest: { bytes, digest },
      signatures: () => Promise.reject(new Error('no route to host')),
    };
    await expect(requireAdmitted(policy, image, { environment: {} }, signal)).rejects.toThrow(
      'no route to host (sigstoreSigned for default in /p)',
    );
  });

  it.each<[object, string]>([
    [{ type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchExact' } }, 'not implemented yet'],
    [sigstoreSigned({ fulcio: {} }), 'sigstoreSigned with fulcio is not supported'],
    [sigstoreSigned({ pki: {} }), 'sigstoreSigned with pki is not supported'],
    [
      sigstoreSigned({ keyPath: '/k', rekorPublicKeyPath: '/r' }),
      'sigstoreSigned with rekorPublicKeyPath is not supported',
    ],
    [
      { type: 'signedBy', keyType: 'X509Certificates', keyPath: '/k' },
      'keyType "X509Certificates" is not supported',
    ],
  ])(
    'that cannot be checked refuse even what is signed, and indexes too: %j',
    async (requirement, message) => {
      const signatures = [signature(p256.privateKey)];
      await expect(admit([requirement], signatures)).rejects.toThrow(message);
      await expect(admit([requirement], [], { unsigned: true })).rejects.toThrow(message);
    },
  );
});

describe('sigstore signatures', () => {
  it.each([
    ['ECDSA P-256', p256],
    ['RSA', rsa],
    ['Ed25519', ed25519],
  ])('count by a key of %s', async (_, pair) => {
    const requirement = sigstoreSigned({ keyData: base64(pem(pair.publicKey)) });
    await expect(admit([requirement], [signature(pair.privateKey)])).resolves.toBeUndefined();
    const broken = signature(pair.privateKey, { reference: 'quay.io/a/b:2' });
    await expect(admit([requirement], [broken])).rejects.toThrow('identity quay.io/a/b:2 is not accepted');
    await expect(admit([requirement], [signature(other.privateKey)])).rejects.toThrow(
      'cryptographic signature verification failed',
    );
  });

  it('count by any of several keys, from files or from the policy', async () => {
    const paths = [join(directory, 'a.pub'), join(directory, 'b.pub')];
    await writeFile(paths[0]!, pem(other.publicKey));
    await writeFile(paths[1]!, pem(p256.publicKey));
    const good = [signature(p256.privateKey)];
    await expect(admit([sigstoreSigned({ keyPaths: paths })], good)).resolves.toBeUndefined();
    await expect(admit([sigstoreSigned({ keyPath: paths[1] })], good)).resolves.toBeUndefined();
    const keyDatas = [rsa, p256].map(({ publicKey }) => base64(pem(publicKey)));
    await expect(admit([sigstoreSigned({ keyDatas })], good)).resolves.toBeUndefined();
  });

  it('are refused when the first of two is wrong and the second as well, for both reasons', async () => {
    const wrong = [
      signature(other.privateKey),
      signature(p256.privateKey, { digest: digestOf(Buffer.from('x')) }),
    ];
    await expect(admit([trusted], wrong)).rejects.toThrow(
      /^None of the signatures were accepted, reasons: cryptographic .*; Signature for digest sha256:[0-9a-f]{64} does not match/,
    );
    await expect(admit([trusted], [...wrong, signature(p256.privateKey)])).resolves.toBeUndefined();
  });

  it('are looked at for key, digest and name in this order', async () => {
    const lie = { digest: digestOf(Buffer.from('x')), reference: 'quay.io/other:1' };
    await expect(admit([trusted], [signature(other.privateKey, lie)])).rejects.toThrow('verification failed');
    await expect(admit([trusted], [signature(p256.privateKey, lie)])).rejects.toThrow('Signature for digest');
    await expect(
      admit([trusted], [signature(p256.privateKey, { reference: lie.reference })]),
    ).rejects.toThrow('Signature for identity quay.io/other:1 is not accepted');
  });

  it('of another algorithm than the digest of the manifest are compared with its bytes', async () => {
    const right = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    await expect(admit([trusted], [signature(p256.privateKey, { digest: right })])).resolves.toBeUndefined();
    const wrong = `sha512:${'0'.repeat(128)}`;
    await expect(admit([trusted], [signature(p256.privateKey, { digest: wrong })])).rejects.toThrow(
      'does not match',
    );
  });

  it.each<[string, () => Buffer, string]>([
    [
      'a type of another kind',
      () => signature(p256.privateKey, { type: claimTypes.simple }),
      'Unrecognized signature type atomic',
    ],
    [
      'no signature in its annotations',
      () => formatSigstore({ mimeType: sigstoreSignatureType, payload: bytes, annotations: {} }),
      'missing dev.cosignproject.cosign/signature annotation',
    ],
    [
      'a signature that is no base64',
      () =>
        formatSigstore({
          mimeType: sigstoreSignatureType,
          payload: bytes,
          annotations: { 'dev.cosignproject.cosign/signature': 'A' },
        }),
      'illegal base64 data',
    ],
    [
      'another media type',
      () => signature(p256.privateKey, {}, 'application/vnd.in-toto+json'),
      'no signature exists (1 of other kinds than sigstore)',
    ],
  ])('with %s are refused', async (_, make, message) => {
    await expect(admit([trusted], [make()])).rejects.toThrow(message);
  });

  it.each<[string, string, string]>([
    [
      'a private key',
      p256.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      'has no public key',
    ],
    ['no key', 'x', 'has no public key'],
    ['a broken key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'parsing public key: '],
    [
      'a short RSA key',
      pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      'keys of this kind are not supported: rsa',
    ],
    ['an X25519 key', pem(generateKeyPairSync('x25519').publicKey), 'not supported: x25519'],
    [
      'a curve of another kind',
      pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      'not supported: ec',
    ],
  ])('are not checked with %s', async (_, key, message) => {
    const requirement = sigstoreSigned({ keyData: base64(key) });
    await expect(admit([requirement], [signature(p256.privateKey)])).rejects.toThrow(message);
  });

  it('are not checked when one of the files with keys is missing', async () => {
    const keyPaths = [join(directory, 'there.pub'), join(directory, 'missing.pub')];
    await writeFile(keyPaths[0]!, pem(p256.publicKey));
    await expect(admit([sigstoreSigned({ keyPaths })], [signature(p256.privateKey)])).rejects.toThrow(
      `open ${keyPaths[1]}: no such file or directory`,
    );
  });

  it('are required, but not of an index', async () => {
    await expect(admit([trusted], [])).rejects.toThrow('A signature was required, but no signature exists');
    await expect(admit([trusted], [], { unsigned: true })).resolves.toBeUndefined();
    const simple = [Buffer.from([0x90, 0])];
    await expect(admit([trusted], simple, { unsigned: true })).resolves.toBeUndefined();
    await expect(admit([reject], [], { unsigned: true })).rejects.toThrow('is rejected by policy');
    await expect(admit([trusted], [signature(other.privateKey)], { unsigned: true })).rejects.toThrow(
      'verification failed',
    );
  });

  it('that are none keep an image out', async () => {
    await expect(admit([trusted], [Buffer.from('garbage')])).rejects.toThrow('unrecognized signature format');
  });
});

// Simple signing with gpg itself, and with skopeo on the other side.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { digestOf } from '../../src/oci/digest.js';
import { parseNormalized } from '../../src/oci/reference.js';
import { requireAdmitted } from '../../src/signature/admission.js';
import { SignatureRefusedError, SigningError } from '../../src/signature/errors.js';
import { GpgError } from '../../src/signature/gpg-program.js';
import { claimTypes, formatClaim } from '../../src/signature/payload.js';
import { parsePolicy } from '../../src/signature/policy-file.js';
import { makeSimpleSignature } from '../../src/signature/simple-signing.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { GpgRing } from './support/gpg-ring.js';
import { output } from './support/process.js';

jest.setTimeout(120_000);

// Other tools parse it, too.
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: `sha256:${'a'.repeat(64)}`,
      size: 1,
    },
    layers: [],
  }),
);
const digest = digestOf(manifest);
const reference = 'quay.io/a/b:1';
const { signal } = new AbortController();

let ring: GpgRing;
let directory: string;
let alice: string;
let temporary: string;

beforeAll(async () => {
  ring = await GpgRing.create();
  directory = await temporaryDirectory('openpgp');
  temporary = join(directory, 'tmp');
  await mkdir(temporary);
  alice = await ring.key('alice');
  await ring.key('bob', { algorithm: 'rsa2048' });
});

afterAll(async () => {
  await ring.close();
  await removeTree(directory);
});

afterEach(async () => {
  const left = [...(await readdir(temporary)), ...(await agentsOf(temporary))];
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
});

/** Command lines of the programs of GnuPG that work in a directory. */
async function agentsOf(place: string): Promise<readonly string[]> {
  const listing = await output('ps', ['-eo', 'args']);
  return listing.split('\n').filter((line) => /gpg|keyboxd|dirmngr/.test(line) && line.includes(place));
}

/** The document that says that the manifest is for `name`. */
function claim(name = reference, of = digest): Buffer {
  return formatClaim({ digest: of, reference: name }, claimTypes.simple, { creator: 'test', at: new Date() });
}

let files = 0;

/** What gpg makes of a document with these arguments. */
async function gpgSigned(args: readonly string[], document = claim()): Promise<Buffer> {
  files += 1;
  const [plain, signed] = [join(directory, `${files}.json`), join(directory, `${files}.sig`)];
  await writeFile(plain, document);
  await ring.gpg(...args, '--output', signed, plain);
  return await readFile(signed);
}

const signedBy = (...users: readonly string[]): Promise<Buffer> =>
  gpgSigned([...users.flatMap((user) => ['--local-user', user]), '--sign']);

/** Asks whether the image with these signatures may be used when these keys are trusted. */
async function admit(
  signatures: readonly Buffer[],
  keys: object,
  environment = { PATH: process.env['PATH'], TMPDIR: temporary },
  until = signal,
): Promise<void> {
  const requirement = { type: 'signedBy', keyType: 'GPGKeys', ...keys };
  const policy = { path: '/p', ...parsePolicy(Buffer.from(JSON.stringify({ default: [requirement] }))) };
  const image = {
    origin: { transport: 'docker' as const, name: `//${reference}`, reference: parseNormalized(reference) },
    manifest: { bytes: manifest, digest },
    signatures: async () => signatures,
  };
  await requireAdmitted(policy, image, { environment }, until);
}

const trusting = async (...names: readonly string[]) => ({ keyPath: await ring.exported(...names) });

describe('a simple signature', () => {
  it('of a trusted key is accepted, whatever its algorithm', async () => {
    await expect(admit([await signedBy(alice)], await trusting('alice'))).resolves.toBeUndefined();
    await expect(admit([await signedBy('bob')], await trusting('bob'))).resolves.toBeUndefined();
  });

  it.each([['none'], ['zip'], ['zlib'], ['bzip2']])('is accepted with compression %s', async (algorithm) => {
    const message = await gpgSigned(['--compress-algo', algorithm, '--local-user', alice, '--sign']);
    await expect(admit([message], await trusting('alice'))).resolves.toBeUndefined();
  });

  it('is accepted by any of several keys, in one file, in several, in the policy, armoured or not', async () => {
    const message = await signedBy('bob');
    const [first, second] = [await ring.exported('alice'), await ring.exported('bob')];
    await expect(admit([message], await trusting('alice', 'bob'))).resolves.toBeUndefined();
    await expect(admit([message], { keyPaths: [first, second] })).resolves.toBeUndefined();
    const armoured = await ring.gpg('--armor', '--export', 'bob');
    const keyData = Buffer.from(armoured).toString('base64');
    await expect(admit([message], { keyData })).resolves.toBeUndefined();
  });

  it('of a key that is not trusted is refused, though the user has it', async () => {
    await expect(admit([await signedBy('bob')], await trusting('alice'))).rejects.toThrow(
      /^Invalid GPG signature: the signature cannot be checked: the key [0-9A-F]{16} is not trusted/,
    );
  });

  it('is looked at for its digest, and then for its name', async () => {
    const keys = await trusting('alice');
    const lie = digestOf(Buffer.from('another manifest'));
    const both = await gpgSigned(['--local-user', alice, '--sign'], claim('quay.io/a/b:2', lie));
    await expect(admit([both], keys)).rejects.toThrow(`Signature for digest ${lie} does not match`);
    const name = await gpgSigned(['--local-user', alice, '--sign'], claim('quay.io/a/b:2'));
    await expect(admit([name], keys)).rejects.toThrow('Signature for identity quay.io/a/b:2 is not accepted');
  });

  it('of something that says more than we understand is refused', async () => {
    const document = JSON.parse(claim().toString()) as { critical: object };
    const text = JSON.stringify({ ...document, critical: { ...document.critical, more: true } });
    const message = await gpgSigned(['--local-user', alice, '--sign'], Buffer.from(text));
    await expect(admit([message], await trusting('alice'))).rejects.toThrow('Unknown key "more"');
  });

  it('by a subkey is refused, as by skopeo', async () => {
    await ring.key('carol');
    const subkey = await ring.subkey('carol');
    await expect(admit([await signedBy(`${subkey}!`)], await trusting('carol'))).rejects.toThrow(
      `Signature by key ${subkey} is not accepted`,
    );
  });

  it('of a key that was revoked, or has expired, or that has expired itself is refused', async () => {
    const revoked = await ring.key('dave');
    const ofRevoked = await signedBy(revoked);
    await ring.revoke(revoked);
    await expect(admit([ofRevoked], await trusting('dave'))).rejects.toThrow('the key was revoked');

    const short = await ring.key('erin', { expires: 'seconds=3' });
    const ofExpired = await signedBy(short);
    const expiring = await gpgSigned(['--default-sig-expire', 'seconds=2', '--local-user', alice, '--sign']);
    await expect(admit([expiring], await trusting('alice'))).resolves.toBeUndefined();
    await new Promise((resolve) => {
      setTimeout(resolve, 4000);
    });
    await expect(admit([ofExpired], await trusting('erin'))).rejects.toThrow('the key has expired');
    await expect(admit([expiring], await trusting('alice'))).rejects.toThrow('the signature has expired');
  });

  it('is refused with anything else beside it', async () => {
    const keys = await trusting('alice', 'bob');
    const message = await signedBy(alice);
    const changed = await gpgSigned(['--compress-algo', 'none', '--local-user', alice, '--sign']);
    changed[changed.indexOf('quay.io')] = 'Q'.charCodeAt(0);
    const wrong: readonly (readonly [Buffer, string])[] = [
      [await signedBy(alice, 'bob'), 'signature count 2'],
      [Buffer.concat([message, Buffer.from('x')]), 'data behind the message'],
      [Buffer.concat([message, message]), 'data behind the message'],
      [changed, 'the signature is wrong'],
      [message.subarray(0, -10), 'Invalid GPG signature'],
      [await gpgSigned(['--store']), 'signature count 0'],
      [await gpgSigned(['--local-user', alice, '--detach-sign']), 'signed text count 0'],
      [await gpgSigned(['--armor', '--local-user', alice, '--sign']), 'unrecognized signature format'],
      [await gpgSigned(['--local-user', alice, '--clear-sign']), 'unrecognized signature format'],
    ];
    for (const [bytes, reason] of wrong) {
      await expect(admit([bytes], keys)).rejects.toThrow(reason);
      await expect(admit([bytes], keys)).rejects.toBeInstanceOf(SignatureRefusedError);
    }
    await expect(admit([await signedBy('bob'), message], await trusting('alice'))).resolves.toBeUndefined();
  });

  it('is refused when there are no keys to trust', async () => {
    const message = await signedBy(alice);
    const keyData = Buffer.from('no key').toString('base64');
    await expect(admit([message], { keyData })).rejects.toThrow('No public keys imported');
    await expect(admit([message], { keyPath: '/nowhere' })).rejects.toThrow('open /nowhere: no such file');
  });

  it('is refused when there is no gpg', async () => {
    const environment = { PATH: directory, TMPDIR: temporary };
    await expect(admit([await signedBy(alice)], await trusting('alice'), environment)).rejects.toThrow(
      'gpg: executable file not found in $PATH',
    );
  });

  it('is not waited for by who has gone, nor a gpg that hangs', async () => {
    const programs = join(directory, 'hanging');
    await mkdir(programs);
    await writeFile(join(programs, 'gpg'), '#!/bin/sh\nsleep 20\n', { mode: 0o755 });
    const environment = { PATH: `${programs}:${process.env['PATH']}`, TMPDIR: temporary };
    const gone = new AbortController();
    const admission = admit([await signedBy(alice)], await trusting('alice'), environment, gone.signal);
    setTimeout(() => gone.abort(new Error('gone')), 300);
    await expect(admission).rejects.toThrow('gone');
  });

  it('is refused when gpg writes without end', async () => {
    const programs = join(directory, 'talking');
    await mkdir(programs);
    await writeFile(join(programs, 'gpg'), '#!/bin/sh\nexec yes\n', { mode: 0o755 });
    const environment = { PATH: `${programs}:${process.env['PATH']}`, TMPDIR: temporary };
    await expect(admit([await signedBy(alice)], await trusting('alice'), environment)).rejects.toMatchObject({
      message: expect.stringContaining('gpg wrote more than'),
      cause: expect.any(GpgError),
    });
  });
});

describe('signing', () => {
  const sign = (keyId: string, environment = ring.environment): Promise<Buffer> =>
    makeSimpleSignature(
      { keyId, manifest: digest, reference: parseNormalized(reference), creator: 'imaged', environment },
      signal,
    );

  it('makes what skopeo verifies', async () => {
    const [signed, document] = [join(directory, 'ours.sig'), join(directory, 'manifest.json')];
    await writeFile(signed, await sign(`${alice}!`));
    await writeFile(document, manifest);
    const args = ['standalone-verify', document, reference, alice, signed];
    expect(await output('skopeo', args, { env: ring.environment })).toContain(
      `Signature verified, digest ${digest}`,
    );
  });

  it('makes what we accept, and so does skopeo', async () => {
    const keys = await trusting('alice');
    await expect(admit([await sign(alice)], keys)).resolves.toBeUndefined();
    const [signed, document] = [join(directory, 'theirs.sig'), join(directory, 'manifest.json')];
    await writeFile(document, manifest);
    const args = ['standalone-sign', document, reference, alice, '--output', signed];
    await output('skopeo', args, { env: ring.environment });
    await expect(admit([await readFile(signed)], keys)).resolves.toBeUndefined();
  });

  it.each([[''], ['nobody@example.com'], ['--version']])('needs a key: %j', async (keyId) => {
    await expect(sign(keyId)).rejects.toBeInstanceOf(SigningError);
    await expect(sign(keyId)).rejects.toThrow('Error creating signature: ');
  });

  it('is not supported where there is no gpg', async () => {
    await expect(sign(alice, { ...ring.environment, PATH: temporary })).rejects.toThrow(
      'Signing not supported: gpg: executable file not found in $PATH',
    );
  });
});

describe('these tests', () => {
  it('end the agent of their ring', async () => {
    const other = await GpgRing.create();
    await other.key('frank');
    expect(await agentsOf(other.directory)).not.toEqual([]);
    await other.close();
    expect(existsSync(other.directory)).toBe(false);
  });
});

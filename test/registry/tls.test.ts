import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CertificatesError, openBlob } from '../../src/registry/index.js';
import { loadCertificates } from '../../src/registry/certificates.js';
import { buildImage, putImage } from '../peers/sample-image.js';
import { Peers, bytesOf, failure, never, sourceOf } from './support.js';
import { authority, clientCert, clientKey, serverCert, serverKey } from './test-certificates.js';

const image = buildImage({ layers: [[{ name: 'hello', content: 'hello' }]] });
const tls = { cert: serverCert, key: serverKey };
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-certs-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function trust(host: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(directory, host), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, host, name), text);
}

describe('a registry with TLS', () => {
  it('is trusted with its authority in certs.d, for manifests and blobs', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ tls });
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    await trust(registry.host, { 'ca.crt': authority });
    const client = peers.client({ certificateDirectories: [directory] });
    const source = sourceOf(`${registry.host}/app:1`, false);
    expect((await client.manifest(source, never)).bytes).toEqual(sample.bytes);
    const blob = await client.blob(source, sample.layers[0]!, never);
    expect(await bytesOf(await openBlob(blob, never))).toEqual(sample.layers[0]!.bytes);
  });

  it('is trusted with its authority among the host’s own roots', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ tls });
    putImage(registry, 'app', '1', await image);
    await writeFile(join(directory, 'roots.pem'), authority);
    const client = peers.client({ rootsFile: join(directory, 'roots.pem') });
    const { digest } = await client.manifest(sourceOf(`${registry.host}/app:1`, false), never);
    expect(digest).toBe((await image).digest);
  });

  it('is not trusted otherwise', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ tls });
    const error = await failure(peers.client().manifest(sourceOf(`${registry.host}/app:1`, false), never));
    expect(error.message).toBe(
      `error pinging docker registry ${registry.host}: Get "https://${registry.host}/v2/": x509: certificate signed by unknown authority`,
    );
    expect(registry.requests).toEqual([]);
  });

  it('need not be trusted when it may be insecure', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ tls });
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    const client = peers.client();
    const source = sourceOf(`${registry.host}/app:1`);
    expect((await client.manifest(source, never)).bytes).toEqual(sample.bytes);
    expect(await client.blobBytes(source, sample.config, never)).toEqual(sample.config.bytes);
  });

  it('sees our certificate when it wants one', async () => {
    await using peers = new Peers();
    const registry = await peers.registry({ tls: { ...tls, ca: authority, requestCert: true } });
    const sample = await image;
    putImage(registry, 'app', '1', sample);
    await trust(registry.host, { 'ca.crt': authority });
    const source = sourceOf(`${registry.host}/app:1`, false);
    const without = peers.client({ certificateDirectories: [directory] });
    await expect(without.manifest(source, never)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    await trust(registry.host, { 'us.cert': clientCert, 'us.key': clientKey });
    const client = peers.client({ certificateDirectories: [directory] });
    expect((await client.manifest(source, never)).bytes).toEqual(sample.bytes);
    expect(await client.blobBytes(source, sample.config, never)).toEqual(sample.config.bytes);
  });
});

describe('certs.d', () => {
  it('is the first directory that knows the host, and that one only', async () => {
    await trust('a.io', { 'one.crt': 'ONE' });
    const other = join(directory, 'other');
    await mkdir(join(other, 'a.io'), { recursive: true });
    await writeFile(join(other, 'a.io', 'two.crt'), 'TWO');
    expect(loadCertificates([join(directory, 'missing'), directory, other], 'a.io')).toEqual({ ca: ['ONE'] });
    expect(loadCertificates([directory, other], 'b.io')).toEqual({});
  });

  it.each([
    [
      'us.cert',
      'missing key us.key for client certificate us.cert. Note that CA certificates should use the extension .crt',
    ],
    ['us.key', 'missing client certificate us.cert for key us.key'],
  ])('is refused with %s alone', async (name, message) => {
    await trust('a.io', { [name]: 'X' });
    expect(() => loadCertificates([directory], 'a.io')).toThrow(new CertificatesError(message));
  });
});

// Signed images between imaged and skopeo, by way of a real registry and files beside it.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { GpgRing } from './support/gpg-ring.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage } from './support/push.js';

jest.setTimeout(120_000);

let ring: GpgRing;
let alice: string;
let registry: DockerRegistry;
let image: SampleImage;

beforeAll(async () => {
  ring = await GpgRing.create();
  alice = await ring.key('alice');
  await ring.key('bob');
  registry = await startDockerRegistry();
  image = await buildImage({ layers: [[{ name: 'file', content: 'content' }]] });
});

afterAll(async () => {
  await registry.close();
  await ring.close();
});

let store: PeerStore;
let daemon: Imaged;
let lookaside: string;
let registriesD: string;

beforeEach(async () => {
  store = await PeerStore.create({ insecure: [registry.host] });
  lookaside = join(store.directory, 'lookaside');
  registriesD = join(store.directory, 'registries.d');
  await mkdir(registriesD);
  await writeFile(join(registriesD, 'default.yaml'), `default-docker:\n  lookaside: file://${lookaside}\n`);
  daemon = await Imaged.start(store, { args: ['--registries-d', registriesD] });
});

afterEach(async () => {
  await daemon.close();
  await store.close();
});

/** What must hold of everything in the registry. */
async function require(...requirements: readonly object[]): Promise<void> {
  const policy = { default: [{ type: 'reject' }], transports: { docker: { [registry.host]: requirements } } };
  await writeFile(join(store.directory, 'policy.json'), JSON.stringify(policy));
}

async function signedBy(name: string, fields: object = {}): Promise<object> {
  return { type: 'signedBy', keyType: 'GPGKeys', keyPath: await ring.exported(name), ...fields };
}

let repositories = 0;

/** Puts the image into a repository of its own and returns its name. */
async function served(): Promise<string> {
  repositories += 1;
  return await pushImage(registry.host, `test/image${repositories}`, '1', image);
}

/** Lets skopeo sign what is in the registry; the manifest stays. */
async function skopeoSigns(name: string, key: string): Promise<void> {
  const policy = join(store.directory, 'any.json');
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const tls = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  const options = ['--policy', policy, '--registries.d', registriesD];
  const { code, stderr } = await store.skopeo(
    [...options, 'copy', ...tls, '--sign-by', key, `docker://${name}`, `docker://${name}`],
    { env: { ...store.environment, ...ring.environment } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

const id = (): string => image.config.digest.slice('sha256:'.length);
const refusal = (text: string | RegExp) => ({
  error: 'io.podman.ErrorOccurred',
  reason: expect.stringMatching(text),
});

describe('an image that skopeo has signed', () => {
  it('is pulled when its key is trusted', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    await require(await signedBy('alice'));
    await expect(daemon.pull(name)).resolves.toBe(id());
  });

  it('is not pulled when another key is trusted', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    await require(await signedBy('bob'));
    await expect(daemon.pull(name)).rejects.toMatchObject(
      refusal(`Source image rejected: Invalid GPG signature: .*: the key ${alice.slice(-16)} is not trusted`),
    );
  });

  it('keeps its signatures in the store as podman keeps them', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    await daemon.pull(name);
    const directory = `image${repositories}@${image.digest.replace(':', '=')}`;
    const signature = await readFile(join(lookaside, 'test', directory, 'signature-1'));
    const [record] = JSON.parse(
      await readFile(join(store.root, 'overlay-images', 'images.json'), 'utf8'),
    ) as readonly { metadata: string }[];
    expect(JSON.parse(record?.metadata ?? '')).toEqual({
      'signature-sizes': [signature.length],
      'signatures-sizes': { [image.digest]: [signature.length] },
    });
    expect(await readFile(join(store.root, 'overlay-images', id(), 'signatures'))).toEqual(signature);
    // It sees them: the layers of the store are not the ones that were signed.
    const peer = ['copy', store.transport(name), `dir:${store.directory}/peer`];
    expect((await store.skopeo(peer)).stderr).toContain('Would invalidate signatures');
    expect((await store.skopeo([...peer, '--remove-signatures'])).code).toBe(0);
  });
});

describe('an image without a signature', () => {
  it('is not pulled where one is required', async () => {
    const name = await served();
    await require(await signedBy('alice'));
    await expect(daemon.pull(name)).rejects.toMatchObject(
      refusal('Source image rejected: A signature was required, but no signature exists'),
    );
  });
});

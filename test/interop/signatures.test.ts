// Signed images between imaged and skopeo, by way of a real registry and files beside it.
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { digestOf } from '../../src/oci/digest.js';
import { formatReference, parseNormalized } from '../../src/oci/reference.js';
import { claimTypes, formatClaim } from '../../src/signature/payload.js';
import { buildImage, buildIndex, type SampleBlob, type SampleImage } from '../peers/sample-image.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { GpgRing } from './support/gpg-ring.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { pushImage, putManifest } from './support/push.js';

jest.setTimeout(120_000);

let ring: GpgRing;
let alice: string;
let bob: string;
let registry: DockerRegistry;
let image: SampleImage;
let store: PeerStore;
let daemon: Imaged;
let registriesConf: string;
let registriesD: string;
/** Of one test, as what follows. */
let place: string;
let lookaside: string;

beforeAll(async () => {
  ring = await GpgRing.create();
  alice = await ring.key('alice');
  bob = await ring.key('bob');
  registry = await startDockerRegistry();
  image = await buildImage({ layers: [[{ name: 'file', content: 'content' }]] });
  store = await PeerStore.create({ insecure: [registry.host] });
  registriesConf = await readFile(store.registriesConf, 'utf8');
  registriesD = join(store.directory, 'registries.d');
  await mkdir(registriesD);
  daemon = await Imaged.start(store, { args: ['--registries-d', registriesD], env: ring.environment });
});

beforeEach(async () => {
  await store.podmanOutput('rmi', '--all', '--force');
  place = await mkdtemp(join(store.directory, 'place-'));
  lookaside = join(place, 'lookaside');
  await configure(`lookaside: file://${lookaside}`);
  await writeFile(store.registriesConf, registriesConf);
  await writeFile(join(store.directory, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
});

afterAll(async () => {
  await daemon.close();
  await store.close();
  await registry.close();
  await ring.close();
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
  const policy = join(place, 'any.json');
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const tls = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  const options = ['--policy', policy, '--registries.d', registriesD];
  const { code, stderr } = await store.skopeo(
    [...options, 'copy', ...tls, '--sign-by', key, `docker://${name}`, `docker://${name}`],
    { env: { ...store.environment, ...ring.environment } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** Says where the signatures of every registry are. */
async function configure(line: string): Promise<void> {
  await writeFile(join(registriesD, 'default.yaml'), `default-docker:\n  ${line}\n`);
}

/** Puts a signature beside the registry. */
async function beside(repository: string, digest: string, signature: Buffer): Promise<void> {
  const directory = join(lookaside, `${repository}@${digest.replace(':', '=')}`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'signature-1'), signature);
}

/** Bob's signature of a manifest, by skopeo. */
async function ofBob(name: string, manifest: SampleBlob): Promise<Buffer> {
  const [document, signed] = [join(place, 'manifest'), join(place, 'signed')];
  await writeFile(document, manifest.bytes);
  const args = ['standalone-sign', document, name, bob, '--output', signed];
  await store.skopeo(args, { env: { ...store.environment, ...ring.environment } });
  return await readFile(signed);
}

/** An image as cosign attaches it: its one layer is what was signed. */
function attachment(payload: Buffer, annotations: object) {
  const config = blob('application/vnd.oci.image.config.v1+json', Buffer.from('{}'));
  const layer = blob('application/vnd.dev.cosign.simplesigning.v1+json', payload);
  const { mediaType, digest, size } = layer;
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: config.mediaType, digest: config.digest, size: config.size },
    layers: [{ mediaType, digest, size, annotations }],
  };
  return { ...blob(manifest.mediaType, Buffer.from(JSON.stringify(manifest))), config, layers: [layer] };
}

function blob(mediaType: string, bytes: Buffer): SampleBlob {
  return { mediaType, bytes, digest: digestOf(bytes), size: bytes.length };
}

async function copy(source: string, destination: string, options: object): Promise<void> {
  const connection = await daemon.connect();
  try {
    await connection.call('io.imaged.CopyImage', { source, destination, options });
  } finally {
    connection.close();
  }
}

/** What skopeo says to copying from a registry under a policy that trusts one key. */
async function skopeoPulls(name: string, user: string): Promise<string> {
  const policy = join(place, 'theirs.json');
  await writeFile(policy, JSON.stringify({ default: [await signedBy(user)] }));
  const options = ['--policy', policy, '--registries.d', registriesD, 'copy', '--src-tls-verify=false'];
  const args = [...options, `docker://${name}`, `dir:${place}/pulled`];
  return (await store.skopeo(args)).stderr;
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

  it('is pulled with a line for its signatures', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    const { reply } = await daemon.call<{ reply: { logs: readonly string[] } }>('PullImage', { name });
    expect(reply.logs.map((line) => line.replace(/sha256:[0-9a-f]+/, ''))).toEqual([
      `Trying to pull ${name}...\n`,
      'Getting image source signatures\n',
      'Checking if image destination supports signatures\n',
      'Copying blob \n',
      'Copying config \n',
      'Writing manifest to image destination\n',
      'Storing signatures\n',
    ]);
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
    const peer = ['copy', store.transport(name), `dir:${place}/peer`];
    expect((await store.skopeo(peer)).stderr).toContain('Would invalidate signatures');
    expect((await store.skopeo([...peer, '--remove-signatures'])).code).toBe(0);
  });
});

describe('an image from a mirror', () => {
  it('has the signatures of the mirror, which count for its own name if the policy says so', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    await writeFile(
      store.registriesConf,
      `[[registry]]\nlocation = "signed.example"\n[[registry.mirror]]\nlocation = "${registry.host}"\ninsecure = true\n`,
    );
    const policy = async (identity: object): Promise<void> => {
      const requirement = await signedBy('alice', { signedIdentity: identity });
      const transports = { docker: { 'signed.example': [requirement] } };
      const text = JSON.stringify({ default: [{ type: 'reject' }], transports });
      await writeFile(join(store.directory, 'policy.json'), text);
    };
    const mirrored = name.replace(registry.host, 'signed.example');
    await policy({ type: 'matchExact' });
    await expect(daemon.pull(mirrored)).rejects.toMatchObject(
      refusal(`Signature for identity ${name} is not accepted \\(signedBy for docker "signed.example" in `),
    );
    await policy({ type: 'remapIdentity', prefix: 'signed.example', signedPrefix: registry.host });
    await expect(daemon.pull(mirrored)).resolves.toBe(id());
  });
});

describe('an image that was signed once', () => {
  it('has no signatures any more when it is copied again from where it has none', async () => {
    const [signed, unsigned] = [await served(), await served()];
    await skopeoSigns(signed, `${alice}!`);
    const target = 'containers-storage:localhost/image:1';
    const toDirectory = (name: string): readonly string[] => [
      'copy',
      store.transport('localhost/image:1'),
      `dir:${join(place, name)}`,
    ];
    await copy(`docker://${signed}`, target, {});
    expect((await store.skopeo(toDirectory('first'))).stderr).toContain('Would invalidate signatures');
    await copy(`docker://${unsigned}`, target, {});
    expect((await store.skopeo(toDirectory('second'))).stderr).toBe('');
  });
});

describe('signatures on a web server', () => {
  it('are read from there', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    await require(await signedBy('alice'));
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
      readFile(join(lookaside, decodeURIComponent((request.url ?? '').replace('/sigs/', '')))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end('<html>nothing here</html>'),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await configure(`lookaside: http://me:word@127.0.0.1:${port}/sigs`);
    try {
      await expect(daemon.pull(name)).resolves.toBe(id());
    } finally {
      server.close();
    }
    const directory = `test/image${repositories}@${image.digest.replace(':', '=')}`;
    const basic = `Basic ${Buffer.from('me:word').toString('base64')}`;
    expect(asked).toEqual([1, 2].map((number) => `GET /sigs/${directory}/signature-${number} ${basic}`));
  });

  it('that does not answer well keep an image out, even where anything is accepted', async () => {
    const name = await served();
    await require({ type: 'insecureAcceptAnything' });
    const server = createServer((_, response) => response.writeHead(403).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await configure(`lookaside: http://127.0.0.1:${port}/sigs`);
    try {
      await expect(daemon.pull(name)).rejects.toMatchObject(
        refusal(/Error reading signature from http:\S+\/signature-1: status 403 \(Forbidden\)/),
      );
    } finally {
      server.close();
    }
  });
});

describe('an image that we sign', () => {
  it('on its way from one name to another is accepted by skopeo, and by us', async () => {
    const source = await served();
    const name = `${registry.host}/test/signed${repositories}:1`;
    await copy(`docker://${source}`, `docker://${name}`, { signBy: `${alice}!` });
    expect(await skopeoPulls(name, 'alice')).toBe('');
    expect(await skopeoPulls(name, 'bob')).toContain('Source image rejected: Invalid GPG signature');
    await require(await signedBy('alice'));
    await expect(daemon.pull(name)).resolves.toBe(id());
  });

  it('keeps the signature it had', async () => {
    const source = await served();
    await skopeoSigns(source, `${alice}!`);
    const name = `${registry.host}/test/again${repositories}:1`;
    await copy(`docker://${source}`, `docker://${name}`, { signBy: bob });
    const { length } = await readdir(
      join(lookaside, `test/again${repositories}@${image.digest.replace(':', '=')}`),
    );
    expect(length).toBe(2);
    expect(await skopeoPulls(name, 'bob')).toBe('');
    expect(await skopeoPulls(name, 'alice')).toContain(`Signature for identity ${source} is not accepted`);
  });

  it('needs a name, a key and a destination that keeps signatures', async () => {
    const source = `docker://${await served()}`;
    const failure = (text: string) => ({
      error: 'io.imaged.OperationFailed',
      parameters: { reason: expect.stringContaining(text) },
    });
    const directory = join(place, 'unnamed');
    await expect(copy(source, `dir:${directory}`, { signBy: alice })).rejects.toMatchObject(
      failure(`Cannot determine canonical Docker reference for destination dir:${directory}`),
    );
    await expect(copy(source, `docker-archive:${directory}:x`, { signBy: alice })).rejects.toMatchObject(
      failure('Can not copy signatures: Storing signatures for docker tar files is not supported'),
    );
    const name = `docker://${registry.host}/test/nokey:1`;
    await expect(copy(source, name, { signBy: 'nobody@example.com' })).rejects.toMatchObject(
      failure('Error creating signature: '),
    );
  });
});

describe('an image of the store', () => {
  it('is signed when it is pushed, and skopeo accepts it', async () => {
    const source = await served();
    const target = `${registry.host}/test/pushed${repositories}:1`;
    await daemon.pull(source);
    await daemon.call('PushImage', {
      name: source,
      tag: target,
      compress: false,
      format: '',
      removeSignatures: false,
      signBy: `${alice}!`,
    });
    expect(await skopeoPulls(target, 'alice')).toBe('');
  });

  it('that was signed goes back with its signature, though only under the name it was signed for', async () => {
    const source = await served();
    await skopeoSigns(source, `${alice}!`);
    await daemon.pull(source);
    await rm(join(lookaside, 'test'), { recursive: true });
    await daemon.call('PushImage', {
      name: source,
      tag: source,
      compress: false,
      format: '',
      removeSignatures: false,
      signBy: '',
    });
    expect(await skopeoPulls(source, 'alice')).toBe('');
  });
});

describe("images that are no registry's", () => {
  it.each(['dir', 'oci', 'oci-archive'])('are looked up by their real path: %s', async (transport) => {
    const [real, link] = [join(place, 'real'), join(place, 'link')];
    await mkdir(real);
    await symlink(real, link);
    const name = await served();
    await store.skopeoOutput(
      'copy',
      '--src-tls-verify=false',
      `docker://${name}`,
      `${transport}:${real}/image`,
    );
    const accept = [{ type: 'insecureAcceptAnything' }];
    const policy = (scope: string): Promise<void> =>
      writeFile(
        join(store.directory, 'policy.json'),
        JSON.stringify({ default: [{ type: 'reject' }], transports: { [transport]: { [scope]: accept } } }),
      );
    await policy(link);
    await expect(daemon.pull(`${transport}:${link}/image`)).rejects.toMatchObject(
      refusal(
        /Source image rejected: Running image (dir|oci|oci-archive):\S+ is rejected by policy. \(reject for default in/,
      ),
    );
    await policy(real);
    await expect(daemon.pull(`${transport}:${link}/image`)).resolves.toBe(id());
  });

  it('are looked up by store and id when they are pushed', async () => {
    const name = await served();
    await daemon.pull(name);
    const push = {
      name,
      tag: `dir:${place}/out`,
      compress: false,
      format: '',
      removeSignatures: false,
      signBy: '',
    };
    const policy = (scope: string): Promise<void> =>
      writeFile(
        join(store.directory, 'policy.json'),
        JSON.stringify({
          default: [{ type: 'insecureAcceptAnything' }],
          transports: { 'containers-storage': { [scope]: [{ type: 'reject' }] } },
        }),
      );
    await policy(`[overlay@${store.root}]@${id()}`);
    await expect(daemon.call('PushImage', push)).rejects.toMatchObject(
      refusal(
        `Running image containers-storage:\\[overlay@${store.root}\\+${store.runroot}\\]@${id()} is rejected`,
      ),
    );
    await policy(`[overlay@${store.root}]quay.io`);
    await expect(daemon.call('PushImage', push)).resolves.toBeDefined();
  });
});

describe('an index', () => {
  it('needs no signature where its images have one', async () => {
    const name = await served();
    await skopeoSigns(name, `${alice}!`);
    const index = buildIndex([image]);
    const repository = `test/image${repositories}`;
    await putManifest(registry.host, repository, 'all', index);
    await require(await signedBy('alice', { signedIdentity: { type: 'matchRepository' } }));
    await expect(daemon.pull(`${registry.host}/${repository}:all`)).resolves.toBe(id());
  });

  it('is refused with a signature of the wrong key, and so is one whose images have none', async () => {
    const name = await served();
    const index = buildIndex([image]);
    const repository = `test/image${repositories}`;
    await putManifest(registry.host, repository, 'all', index);
    await require(await signedBy('alice', { signedIdentity: { type: 'matchRepository' } }));
    await expect(daemon.pull(`${registry.host}/${repository}:all`)).rejects.toMatchObject(
      refusal('A signature was required, but no signature exists'),
    );
    await skopeoSigns(name, `${alice}!`);
    await beside(repository, index.digest, await ofBob(`${registry.host}/${repository}:all`, index));
    await expect(daemon.pull(`${registry.host}/${repository}:all`)).rejects.toMatchObject(
      refusal('Invalid GPG signature'),
    );
  });
});

describe('a sigstore signature that is attached to an image', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const attach = async (name: string, claimed = name): Promise<void> => {
    const at = new Date();
    const claim = { digest: image.digest, reference: parseNormalized(claimed) };
    const text = { ...claim, reference: formatReference(claim.reference) };
    const payload = formatClaim(text, claimTypes.sigstore, { creator: '<test>', at });
    const annotations = {
      'dev.cosignproject.cosign/signature': sign('sha256', payload, pair.privateKey).toString('base64'),
      'an.other/note': '<&>',
    };
    const repository = name.slice(registry.host.length + 1, -':1'.length);
    await pushImage(
      registry.host,
      repository,
      `${image.digest.replace(':', '-')}.sig`,
      attachment(payload, annotations),
    );
  };
  const sigstoreSigned = async (): Promise<object> => {
    const keyPath = join(place, 'cosign.pub');
    await writeFile(keyPath, pair.publicKey.export({ type: 'spki', format: 'pem' }));
    return { type: 'sigstoreSigned', keyPath };
  };

  it('counts where registries.d says that it is looked for, and is kept as other tools keep it', async () => {
    const name = await served();
    await attach(name);
    await require(await sigstoreSigned());
    await expect(daemon.pull(name)).rejects.toMatchObject(refusal('no signature exists'));
    await configure('use-sigstore-attachments: true');
    await expect(daemon.pull(name)).resolves.toBe(id());

    const ours = await readFile(join(store.root, 'overlay-images', id(), 'signatures'));
    const peer = join(place, 'peer');
    const options = ['--registries.d', registriesD, 'copy', '--src-tls-verify=false'];
    await writeFile(join(store.directory, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
    await store.skopeoOutput(...options, `docker://${name}`, `dir:${peer}`);
    expect(ours.toString()).toBe(await readFile(join(peer, 'signature-1'), 'utf8'));
  });

  it('is attached to what is pushed, beside what is attached there already', async () => {
    const name = await served();
    await attach(name);
    await configure(`lookaside: file://${lookaside}\n  use-sigstore-attachments: true`);
    await skopeoSigns(name, `${alice}!`);
    const copied = `${registry.host}/test/attached${repositories}:1`;
    const options = { removeSignatures: false };
    for (let times = 0; times < 2; times += 1) {
      await copy(`docker://${name}`, `docker://${copied}`, options);
    }
    const peer = join(place, 'peer');
    await writeFile(join(store.directory, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
    const arguments_ = ['--registries.d', registriesD, 'copy', '--src-tls-verify=false'];
    await store.skopeoOutput(...arguments_, `docker://${copied}`, `dir:${peer}`);
    const names = (await readdir(peer)).filter((file) => file.startsWith('signature-'));
    expect(names.toSorted()).toEqual(['signature-1', 'signature-2']);
    expect(await readFile(join(peer, 'signature-2'), 'latin1')).toMatch(/^\0sigstore-json\n/);
    await require(await signedBy('alice', {
      signedIdentity: { type: 'exactReference', dockerReference: name },
    }), {
      ...(await sigstoreSigned()),
      signedIdentity: { type: 'exactReference', dockerReference: name },
    });
    await expect(daemon.pull(copied)).resolves.toBe(id());
  });

  it('is not pushed where registries.d does not say so', async () => {
    const name = await served();
    await attach(name);
    await writeFile(
      join(registriesD, 'default.yaml'),
      `docker:\n  ${name.replace(/:1$/, '')}:\n    use-sigstore-attachments: true\n`,
    );
    const copied = `docker://${registry.host}/test/elsewhere${repositories}:1`;
    await expect(copy(`docker://${name}`, copied, {})).rejects.toMatchObject({
      parameters: {
        reason: expect.stringContaining('writing sigstore attachments is disabled by configuration'),
      },
    });
    await expect(copy(`docker://${name}`, copied, { removeSignatures: true })).resolves.toBeUndefined();
  });

  it('does not count for another name', async () => {
    const name = await served();
    await attach(name, 'quay.io/other:1');
    await configure('use-sigstore-attachments: true');
    await require(await sigstoreSigned());
    await expect(daemon.pull(name)).rejects.toMatchObject(
      refusal('Source image rejected: Signature for identity quay.io/other:1 is not accepted'),
    );
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

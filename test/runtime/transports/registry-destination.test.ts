// Pushes of images in memory into an embedded registry, layers moved by a stand-in for the pool of workers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { digestOf, type Digest } from '../../../src/oci/digest.js';
import { parseNamed, parseNormalized } from '../../../src/oci/reference.js';
import { dockerManifest, ociManifest } from '../../../src/oci/media-types.js';
import { withUpload } from '../../../src/registry/index.js';
import { configurationPaths } from '../../../src/runtime/configuration-paths.js';
import { copyAll } from '../../../src/runtime/copy/copy-index.js';
import { copyImage, type CopyOptions } from '../../../src/runtime/copy/copy.js';
import type { ImageDestination } from '../../../src/runtime/copy/image-sink.js';
import type { ImageSource } from '../../../src/runtime/copy/image-source.js';
import { KnownBlobs } from '../../../src/runtime/copy/known-blobs.js';
import type { TransferTask } from '../../../src/runtime/layers/layer-message.js';
import type { LayerMover } from '../../../src/runtime/transports/layer-shelf.js';
import {
  registryDestination,
  type RegistryDestinationOptions,
} from '../../../src/runtime/transports/registry-destination.js';
import type { SignatureStore } from '../../../src/runtime/transports/registry-signatures.js';
import type { LayerHints } from '../../../src/runtime/transports/repository-blobs.js';
import { OperationTable, type Operation } from '../../../src/runtime/operation.js';
import type { EmbeddedRegistry, RequestRecord } from '../../peers/registry.js';
import { Peers, failure } from '../../registry/support.js';
import { diffIdOf, sample, sampleSource } from '../copy-parts.js';

const options: CopyOptions = {
  platform: { os: 'linux', architecture: 'amd64' },
  gate: { admit: async () => undefined },
  signatures: 'keep',
};

/** Sends what sample images are made of: a layer is its name, and is zipped by adding a word. */
class Mover implements LayerMover {
  readonly moved: string[] = [];
  pause: Promise<void> | undefined;
  readonly #names: readonly string[];

  constructor(...names: readonly string[]) {
    this.#names = names;
  }

  async transfer({ expected, recode, target }: TransferTask, signal: AbortSignal) {
    const name = this.#names.find((each) => digestOf(Buffer.from(each)) === expected.digest);
    const tar = this.#names.find((each) => diffIdOf(each) === expected.digest);
    this.moved.push(`${name ?? `tar of ${tar}`} ${recode}`);
    await this.pause;
    const bytes = Buffer.from(name ?? `${recode} of ${tar}`);
    const digest = digestOf(bytes);
    if (target.kind !== 'upload') throw new Error('uploads only');
    await withUpload(
      target,
      async (upload) => {
        await upload.write(bytes);
        await upload.finish(digest);
      },
      signal,
    );
    const diffId = tar === undefined ? undefined : diffIdOf(tar);
    const size = bytes.length;
    return { digest, size, blobSize: size, compression: 'gzip' as const, diffId };
  }
}

let peers: Peers;
let registry: EmbeddedRegistry;
let directory: string;
let known: KnownBlobs;
let mover: Mover;

beforeEach(async () => {
  peers = new Peers();
  registry = await peers.registry();
  directory = await mkdtemp(join(tmpdir(), 'push-'));
  known = new KnownBlobs(directory);
  mover = new Mover('base', 'middle', 'top');
});

afterEach(async () => {
  await peers[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function destination(name = 'app:1', more: Partial<RegistryDestinationOptions> = {}): ImageDestination {
  const reference = parseNormalized(`${registry.host}/${name}`);
  const paths = configurationPaths({ environment: { HOME: directory }, uid: 0 });
  return registryDestination({
    target: { reference, requested: reference, insecure: true },
    access: {
      paths,
      userAgent: 'imaged/test',
      credentials: undefined,
      credentialHelpers: [],
      silence: 500,
    },
    pool: mover,
    known,
    ...more,
  });
}

async function running<Result>(work: (operation: Operation) => Promise<Result>): Promise<Result> {
  const table = new OperationTable();
  const abort = new AbortController();
  return await table.run({ kind: 'push', target: 'x', pid: 1 }, work, abort.signal).result;
}

async function push(source: ImageSource, to = destination(), with_: Partial<CopyOptions> = {}) {
  return await running(async (operation) => {
    await using place = to;
    await using sink = place.image([]);
    return await copyImage(source, sink, { ...options, ...with_ }, operation);
  });
}

function asked(method: string): readonly RequestRecord[] {
  return registry.requests.filter((request) => request.method === method);
}

function blobOf(name: string): Digest {
  return digestOf(Buffer.from(name));
}

describe('a push', () => {
  it('sends layers, config and manifest, in this order', async () => {
    const { manifest, config } = sample();
    await push(sampleSource());
    expect(registry.manifest('app', '1')?.bytes).toEqual(manifest.bytes);
    expect(await registry.blob('app', digestOf(config))).toEqual(config);
    expect(mover.moved.toSorted()).toEqual(['base gzip', 'top gzip']);
    const puts = asked('PUT').map(({ url }) => (/digest=sha256%3A(\w+)/.exec(url)?.[1] ?? url).slice(0, 20));
    expect(puts.slice(2)).toEqual([digestOf(config).slice(7, 27), '/v2/app/manifests/1']);
  });

  it('sends nothing but the manifest when all is there', async () => {
    await push(sampleSource());
    registry.clearRequests();
    await push(sampleSource(), destination('app:2'));
    expect(mover.moved).toHaveLength(2);
    expect(registry.requests.map(({ method }) => method).toSorted()).toEqual(
      ['GET', 'HEAD', 'HEAD', 'HEAD', 'PUT'].toSorted(),
    );
  });

  it('writes under nothing but the digest when the destination has one', async () => {
    const { manifest } = sample();
    await push(sampleSource(), destination(`app@${manifest.digest}`));
    expect(registry.manifest('app', manifest.digest)?.bytes).toEqual(manifest.bytes);
    expect(asked('PUT').at(-1)?.url).toBe(`/v2/app/manifests/${manifest.digest}`);
  });

  it('refuses another manifest than that of the digest, and uploads nothing to a manifest', async () => {
    const other = digestOf(Buffer.from('other'));
    const error = await failure(push(sampleSource(), destination(`app@${other}`)));
    expect(error.message).toBe("Digest of source image's manifest would not match destination reference");
    expect(asked('PUT').filter(({ url }) => url.includes('/manifests/'))).toEqual([]);
  });

  it('brings a layer once that is twice in the image', async () => {
    const layers = ['base', 'top', 'base'];
    await push(sampleSource({ layers }));
    expect(mover.moved.toSorted()).toEqual(['base gzip', 'top gzip']);
    expect(registry.manifest('app', '1')?.bytes).toEqual(sample({ layers }).manifest.bytes);
  });

  it('sends an index with all of its images, which get no tags', async () => {
    const source = sampleSource({}, [{ architecture: 'arm64', layers: ['base', 'middle'] }]);
    const index = await source.manifest(undefined, new AbortController().signal);
    await running(async (operation) => {
      await using place = destination();
      await using sink = place.image([]);
      return await copyAll(source, sink, options, operation);
    });
    expect(registry.manifest('app', '1')?.bytes).toEqual(index.bytes);
    expect(registry.manifest('app', sample().manifest.digest)).toBeDefined();
    expect(mover.moved.toSorted()).toEqual(['base gzip', 'middle gzip', 'top gzip']);
    const tags = asked('PUT').filter(({ url }) => url.endsWith('/manifests/1'));
    expect(tags).toHaveLength(1);
  });

  it('tries the other type of manifest when the registry does not take the first', async () => {
    const body = JSON.stringify({ errors: [{ code: 'MANIFEST_INVALID', message: 'no' }] });
    registry.fault = ({ method, headers }) =>
      method === 'PUT' && headers['content-type'] === ociManifest ? { status: 400, body } : undefined;
    const written = await push(sampleSource({ type: ociManifest }));
    expect(written.manifest.mediaType).toBe(dockerManifest);
    expect(registry.manifest('app', '1')?.mediaType).toBe(dockerManifest);
    expect(mover.moved).toHaveLength(2);
  });

  it('names every type that the registry has not taken', async () => {
    const body = JSON.stringify({ errors: [{ code: 'MANIFEST_INVALID', message: 'no' }] });
    registry.fault = ({ method, url }) =>
      method === 'PUT' && url.includes('/manifests/') ? { status: 400, body } : undefined;
    const error = await failure(push(sampleSource()));
    const reason = `Error uploading manifest 1 to ${registry.host}/app: manifest invalid: no`;
    expect(error.message).toBe(
      `Uploading manifest failed, attempted the following formats: ${dockerManifest}(${reason}), ${ociManifest}(${reason})`,
    );
    expect(
      (await failure(push(sampleSource(), destination(), { manifestType: dockerManifest }))).message,
    ).toBe(`Error writing manifest: ${reason}`);
  });

  it('brings again what the registry has lost meanwhile, once', async () => {
    const body = JSON.stringify({ errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown' }] });
    let losses = 1;
    registry.fault = ({ method, url }) => {
      if (method !== 'PUT' || !url.includes('/manifests/') || losses-- <= 0) return undefined;
      return { status: 400, body };
    };
    await push(sampleSource());
    expect(registry.manifest('app', '1')).toBeDefined();
    losses = 5;
    expect((await failure(push(sampleSource()))).message).toMatch(
      /^Error writing manifest: .*: manifest blob unknown: blob unknown$/,
    );
  });
});

describe('a push of layers that lie elsewhere', () => {
  const layerType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';

  it('leaves them where their URLs say', async () => {
    await push(sampleSource({ layerType, urls: ['https://example.com/layer'] }));
    expect(mover.moved).toEqual([]);
    expect(registry.manifest('app', '1')?.bytes.toString()).toContain('https://example.com/layer');
  });

  it('sends them when they have none', async () => {
    await push(sampleSource({ layerType }));
    expect(mover.moved).toHaveLength(2);
  });
});

describe('a push of layers of the same registry', () => {
  it('mounts them from where they would be read', async () => {
    registry.putBlob(Buffer.from('base'), 'team/source');
    const from = (url: string): ImageSource => ({
      ...sampleSource(),
      locate: async ({ digest }) => ({
        kind: 'http',
        url: `${url}/v2/team/source/blobs/${digest}`,
        headers: {},
        insecure: true,
      }),
    });
    await push(from(registry.url));
    expect(mover.moved).toEqual(['top gzip']);
    expect(registry.openUploads).toBe(0);
    const forgetful = { known: new KnownBlobs(join(directory, 'nothing')) };
    await push(from('http://other.example.com'), destination('other:1', forgetful));
    expect(mover.moved).toHaveLength(3);
  });
});

describe('a push of layers that are tars', () => {
  const tars = (more: object = {}): ImageSource => sampleSource({ tars: true, ...more });

  it('zips them, and remembers what came of them', async () => {
    const written = await push(tars());
    expect(mover.moved.toSorted()).toEqual(['tar of base gzip', 'tar of top gzip']);
    const forms = await new KnownBlobs(directory).formsOf(diffIdOf('base'));
    expect(forms.map(({ digest }) => digest)).toEqual([written.layers[0]!.digest]);
  });

  it('keeps the manifest where the registry still has the blobs of it', async () => {
    registry.putBlob(Buffer.from('base'), 'app');
    registry.putBlob(Buffer.from('top'), 'app');
    const written = await push(tars());
    expect(mover.moved).toEqual([]);
    expect(written.manifest.digest).toBe(sample().manifest.digest);
  });

  it('does not zip again what an earlier push has zipped', async () => {
    const first = await push(tars());
    mover.moved.length = 0;
    const second = await push(tars(), destination('app:2'));
    expect(mover.moved).toEqual([]);
    expect(second.manifest.digest).toBe(first.manifest.digest);
  });

  it('mounts what an earlier push has brought to another repository', async () => {
    await push(tars(), destination('team/first:1'));
    mover.moved.length = 0;
    await push(tars(), destination('team/second:1'));
    expect(mover.moved).toEqual([]);
    expect(asked('POST').filter(({ url }) => url.includes('mount='))).toHaveLength(2);
    expect(registry.openUploads).toBe(0);
  });

  it('does not take a form that was noted for a registry that does not have it', async () => {
    const digest = blobOf('never pushed');
    const form = { diffId: diffIdOf('base'), size: 12, compression: 'gzip' } as const;
    await known.note([{ digest, form, places: [] }]);
    const { layers } = await push(tars());
    expect(layers.map((layer) => layer.digest)).not.toContain(digest);
    expect(mover.moved).toHaveLength(2);
  });

  it('takes the blob that the store remembers', async () => {
    const digest = registry.putBlob(Buffer.from('as it was pulled'), 'app');
    const form = { digest, size: 16, compression: 'gzip' } as const;
    const hints: LayerHints = {
      formsOf: async (diffId) => (diffId === diffIdOf('base') ? [form] : []),
      repositoriesWith: async () => [],
    };
    const { layers } = await push(tars(), destination('app:1', { hints }));
    expect(layers[0]).toMatchObject({ digest, size: 16 });
    expect(mover.moved).toEqual(['tar of top gzip']);
  });

  it('works without the file of what is known', async () => {
    await rm(directory, { recursive: true });
    await push(tars());
    await rm(directory, { recursive: true });
    await push(tars());
    expect(mover.moved).toHaveLength(4);
  });
});

function hintsOf(repositories: (diffId: Digest) => readonly string[]): LayerHints {
  return { formsOf: async () => [], repositoriesWith: async (diffId) => repositories(diffId) };
}

describe('a push beside other repositories', () => {
  it('mounts layers of those that may have them', async () => {
    registry.putBlob(Buffer.from('base'), 'library/base');
    const hints = hintsOf((diffId) => (diffId === diffIdOf('base') ? ['nothing/here', 'library/base'] : []));
    await push(sampleSource(), destination('app:1', { hints }));
    expect(mover.moved).toEqual(['top gzip']);
    expect(await registry.blob('app', blobOf('base'))).toEqual(Buffer.from('base'));
  });

  it('asks five of them at most', async () => {
    const hints = hintsOf(() => Array.from({ length: 20 }, (_, index) => `team/app${index}`));
    await push(sampleSource({ layers: ['base'] }), destination('app:1', { hints }));
    expect(asked('HEAD').filter(({ url }) => url.includes('/team/'))).toHaveLength(5);
  });

  it('sends what cannot be mounted', async () => {
    registry.putBlob(Buffer.from('base'), 'library/base');
    registry.fault = ({ method, url }) => {
      if (method === 'HEAD' && url.startsWith('/v2/library')) return { status: 403 };
      return url.includes('mount=') ? { status: 500 } : undefined;
    };
    await push(sampleSource(), destination('app:1', { hints: hintsOf(() => ['library/base']) }));
    expect(mover.moved).toHaveLength(2);
  });
});

describe('a push that fails', () => {
  it('says what the registry said of a layer', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'no' }] });
    registry.fault = ({ method }) => (method === 'POST' ? { status: 403, body } : undefined);
    expect((await failure(push(sampleSource()))).message).toBe(
      `Error writing blob: Error initiating layer upload to /v2/app/blobs/uploads/ in ${registry.host}: denied: no`,
    );
  });

  it('says what it has looked for', async () => {
    registry.fault = ({ method }) => (method === 'HEAD' ? { status: 403 } : undefined);
    expect((await failure(push(sampleSource({ layers: ['base'] })))).message).toBe(
      `Error trying to reuse blob ${blobOf('base')} at destination: failed to read from destination repository app: 403 (Forbidden)`,
    );
  });

  it('has no place for signatures unless there is one', async () => {
    const signatures = [Buffer.from('signature')];
    const error = await failure(push(sampleSource({ signatures })));
    expect(error.message).toBe(
      `Can not copy signatures: no place for signatures of ${registry.host}/app is configured`,
    );
    const written: unknown[] = [];
    const store = {
      write: async (...[{ target }, ...all]: Parameters<SignatureStore['write']>): Promise<void> =>
        void written.push([target.requested, ...all.slice(0, 2)]),
    };
    await push(sampleSource({ signatures }), destination('app:1', { signatures: store }));
    const requested = parseNamed(`${registry.host}/app:1`);
    expect(written).toEqual([[requested, sample().manifest.digest, signatures]]);
  });

  it('does not look for more once it has failed, nor when it is given up', async () => {
    const layers = Array.from({ length: 30 }, (_, index) => `layer ${index}`);
    registry.fault = ({ method }) => (method === 'HEAD' ? { status: 403 } : undefined);
    await failure(push(sampleSource({ layers })));
    expect(asked('HEAD').length).toBeLessThanOrEqual(6);
  });

  it('looks for six layers at once at most', async () => {
    const layers = Array.from({ length: 30 }, (_, index) => `layer ${index}`);
    let at = 0;
    let most = 0;
    for (const layer of layers) registry.putBlob(Buffer.from(layer), 'app');
    registry.fault = ({ method }) => {
      if (method !== 'HEAD') return undefined;
      at += 1;
      most = Math.max(most, at);
      setTimeout(() => (at -= 1), 20);
      return { delay: 20 };
    };
    await push(sampleSource({ layers }));
    expect(most).toBeLessThanOrEqual(6);
    expect(most).toBeGreaterThan(1);
  });
});

// registries.conf at work: mirrors that hang or lie, rewritten prefixes, both versions of the file, and searches, beside podman.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { IoImagedClient } from '../../src/generated/io-imaged.js';
import { connect } from '../../src/rpc/client.js';
import { faultOn, startFaultProxy, type FaultProxy } from '../peers/fault-proxy.js';
import { buildImage, type SampleImage } from '../peers/sample-image.js';
import { authority, serverCert, serverKey } from '../registry/test-certificates.js';
import { startDockerRegistry, type DockerRegistry } from './support/docker-registry.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { run } from './support/process.js';
import { pushImage } from './support/push.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(90_000);

let registry: DockerRegistry;
/** Of one test: the service keeps away for a while from one that failed. */
let mirror: FaultProxy;
let store: PeerStore;
let daemon: Imaged;
let image: SampleImage;

beforeAll(async () => {
  registry = await startDockerRegistry();
  store = await PeerStore.create();
  daemon = await Imaged.start(store, { args: ['--registry-timeout', '1'] });
  image = await buildImage({ layers: [[{ name: 'a', content: 'a' }]] });
  await pushImage(registry.host, 'team/app', '1', image);
  await pushImage(registry.host, 'copies/team/app', '1', image);
});

afterAll(async () => {
  await daemon.close();
  await registry.close();
  await store.close();
});

beforeEach(async () => {
  mirror = await startFaultProxy(registry.host);
});

afterEach(async () => {
  await mirror[Symbol.asyncDispose]();
});

async function configure(text: string): Promise<void> {
  await writeFile(store.registriesConf, text);
}

const mirrored = (): string => `
  [[registry]]
  location = "${registry.host}"
  insecure = true
  [[registry.mirror]]
  location = "${mirror.host}/copies"
  insecure = true
`;

async function pulled(name: string): Promise<string> {
  const id = await daemon.pull(name);
  await daemon.call('RemoveImage', { name: id, force: true });
  return `sha256:${id}`;
}

describe('a mirror', () => {
  it('is asked first, under its own names', async () => {
    await configure(mirrored());
    expect(await pulled(`${registry.host}/team/app:1`)).toBe(image.config.digest);
    expect(mirror.requests.map(({ url }) => url)).toContain('/v2/copies/team/app/manifests/1');
    expect(mirror.requests.some(({ url }) => url.includes('/blobs/'))).toBe(true);
  });

  it('that takes connections and says nothing is left soon, and then left alone', async () => {
    await configure(mirrored());
    mirror.deaf = true;
    const start = performance.now();
    expect(await pulled(`${registry.host}/team/app:1`)).toBe(image.config.digest);
    expect(performance.now() - start).toBeLessThan(10_000);
    const { taken } = mirror;
    expect(taken).toBeGreaterThan(0);
    const again = performance.now();
    expect(await pulled(`${registry.host}/team/app:1`)).toBe(image.config.digest);
    expect(performance.now() - again).toBeLessThan(2000);
    expect(mirror.taken).toBe(taken);
  });

  it.each([
    ['has another manifest than it says', { corruptAt: 50 }],
    ['has it not', { answer: { status: 404 } }],
    ['sends round in circles', { answer: { status: 302, headers: { location: '?again' } } }],
    ['asks for a password', { answer: { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } } }],
  ])('that %s is passed over', async (_, fault) => {
    await configure(mirrored());
    mirror.fault = faultOn(/\/manifests\//, fault);
    expect(await pulled(`${registry.host}/team/app:1`)).toBe(image.config.digest);
  });

  it('is named with its error when nobody has the image', async () => {
    await configure(mirrored());
    const name = `${registry.host}/team/other:1`;
    const error = await daemon.pull(name).catch((thrown: unknown) => thrown);
    expect((error as VarlinkReplyError).reason).toMatch(
      new RegExp(
        `\\(Mirrors also failed: \\[${mirror.host}/copies/team/other:1: .*manifest unknown.*\\]\\): ${name}: .*manifest unknown`,
      ),
    );
  });
});

describe('a registry behind TLS', () => {
  let secure: FaultProxy;

  beforeEach(async () => {
    secure = await startFaultProxy(registry.host, { tls: { key: serverKey, cert: serverCert } });
    const directory = join(store.directory, '.config/containers/certs.d', secure.host);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'ca.crt'), authority);
  });

  afterEach(async () => {
    await secure[Symbol.asyncDispose]();
  });

  it.each([
    ['manifest', /\/manifests\//],
    ['config', /\/blobs\//],
  ])('leads nobody out of TLS with its %s', async (_, pattern) => {
    secure.fault = faultOn(pattern, {
      answer: { status: 307, headers: { location: `http://${mirror.host}/` } },
    });
    await expect(daemon.pull(`${secure.host}/team/app:1`)).rejects.toThrow(
      /refused to follow a redirect from https to http/,
    );
    expect(mirror.requests).toEqual([]);
  });

  it.each([
    ['that shakes no hands', true, /the TLS handshake timed out after 1 s/],
    ['that breaks in the middle of each answer', false, /EOF|reset by peer/],
  ])('%s is given up in time', async (_, deaf, message) => {
    secure.deaf = deaf;
    secure.fault = () => ({ cutAt: 10 });
    const start = performance.now();
    await expect(daemon.pull(`${secure.host}/team/app:1`)).rejects.toThrow(message);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('registries.conf', () => {
  it('puts a location in the place of a prefix', async () => {
    await configure(`
      [[registry]]
      prefix = "example.com/ours"
      location = "${registry.host}/team"
      insecure = true
    `);
    expect(await pulled('example.com/ours/app:1')).toBe(image.config.digest);
  });

  it('knows whole domains', async () => {
    await configure(`
      [[registry]]
      prefix = "*.example.com"
      location = "${registry.host}"
      insecure = true
    `);
    expect(await pulled('hub.example.com/team/app:1')).toBe(image.config.digest);
  });

  it('may be of version 1', async () => {
    await configure(`
      [registries.search]
      registries = ["${registry.host}"]
      [registries.insecure]
      registries = ["${registry.host}"]
    `);
    expect(await pulled('team/app:1')).toBe(image.config.digest);
  });

  it('gives short names a meaning', async () => {
    await configure(`
      [aliases]
      "app" = "${registry.host}/team/app"
      [[registry]]
      location = "${registry.host}"
      insecure = true
    `);
    expect(await pulled('app:1')).toBe(image.config.digest);
  });

  it('blocks what it says, a mirror notwithstanding', async () => {
    await configure(mirrored().replace('insecure', 'blocked = true\n  insecure'));
    await expect(daemon.pull(`${registry.host}/team/app:1`)).rejects.toThrow(/is blocked in /);
    expect(mirror.taken).toBe(0);
  });
});

describe('a search', () => {
  const filter = { is_official: null, is_automated: null, star_count: 0 };
  interface Found {
    readonly name: string;
    readonly registry: string;
  }

  it('asks everybody, and is content with those who answer', async () => {
    await configure(`
      unqualified-search-registries = ["${mirror.host}", "${registry.host}"]
      [[registry]]
      location = "${registry.host}"
      insecure = true
      [[registry]]
      location = "${mirror.host}"
      insecure = true
    `);
    mirror.deaf = true;
    const request = { query: 'app', limit: 1, filter };
    const { results } = await daemon.call<{ results: readonly Found[] }>('SearchImages', request);
    expect(results.map(({ name }) => name)).toEqual([`${registry.host}/copies/team/app`]);
    expect(daemon.log.text).toContain(`searching ${mirror.host}: `);
  });

  it('with a limit that is none is refused', async () => {
    const request = { query: 'app', limit: -1, filter };
    await expect(daemon.call('SearchImages', request)).rejects.toBeInstanceOf(VarlinkReplyError);
  });

  it('for tags is led to the mirror first, and prints what podman prints', async () => {
    await pushImage(registry.host, 'copies/team/app', 'beta', image);
    const tags = async (name: string): Promise<{ name: string; tags: readonly string[] }> => {
      const client = await connect(daemon.address);
      try {
        return await new IoImagedClient(client).listTags({ name });
      } finally {
        await client.close();
      }
    };
    await configure(mirrored());
    const { name, tags: found } = await tags(`${registry.host}/team/app:1`);
    expect([name, found.toSorted()]).toEqual([`${registry.host}/team/app`, ['1', 'beta']]);
    expect(mirror.requests.map(({ url }) => url)).toContain('/v2/copies/team/app/tags/list');
    mirror.fault = faultOn(/\/tags\/list/, { answer: { status: 404 } });
    expect((await tags(`${registry.host}/team/app`)).tags).toEqual(['1']);
    // podman asks no mirrors for tags.
    for (const format of [[], ['--format', 'json']]) {
      const words = ['search', '--list-tags', ...format, `${registry.host}/copies/team/app`];
      const { stdout } = await run(process.execPath, ['dist/imagectl.js', '--url', daemon.address, ...words]);
      expect(stdout.trim()).toBe(await store.podmanOutput(...words));
      expect(stdout).toContain('beta');
    }
  });

  // The last one: it puts more into the registry.
  it('finds what podman finds', async () => {
    for (const name of ['app', 'zapper', 'team/other']) await pushImage(registry.host, name, '1', image);
    await configure(`
      unqualified-search-registries = ["${registry.host}"]
      [[registry]]
      location = "${registry.host}"
      insecure = true
    `);
    for (const query of ['app', `${registry.host}/app`, `${registry.host}/`, 'nothing-of-it']) {
      const { results } = await daemon.call<{ results: readonly Found[] }>('SearchImages', {
        query,
        limit: null,
        filter,
      });
      const theirs = await store.podmanOutput('search', '--format', '{{.Name}}', query);
      expect(results.map(({ name }) => name).join('\n')).toBe(theirs.trim());
      expect(results.every((result) => result.registry === registry.host)).toBe(true);
    }
  });
});

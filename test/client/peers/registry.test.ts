// The embedded registry against the protocol and against the tools that push to it and pull from it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startRegistry } from '../../peers/registry.js';
import type { EmbeddedRegistry, RegistryOptions } from '../../peers/registry.js';
import { digestOf } from '../../peers/registry/content.js';
import { buildImage, buildIndex, putImage, putIndex } from '../../peers/sample-image.js';

const run = promisify(execFile);
let open: EmbeddedRegistry[] = [];
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imaged-registry-'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((registry) => registry.close()));
  await rm(directory, { recursive: true });
});

async function start(options?: RegistryOptions): Promise<EmbeddedRegistry> {
  const registry = await startRegistry(options);
  open.push(registry);
  return registry;
}

const small = { layers: [[{ name: 'a', content: 'first' }], [{ name: 'b', content: 'second' }]] };

describe('reading', () => {
  it('serves a manifest by tag and by digest, with its media type and digest', async () => {
    const registry = await start();
    const image = await buildImage(small);
    putImage(registry, 'lib/sample', '1', image);
    for (const reference of ['1', image.digest]) {
      const response = await fetch(`${registry.url}/v2/lib/sample/manifests/${reference}`);
      expect(response.headers.get('content-type')).toBe(image.mediaType);
      expect(response.headers.get('docker-content-digest')).toBe(image.digest);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(image.bytes);
    }
  });

  it('answers HEAD with the length and no body', async () => {
    const registry = await start();
    const digest = registry.putBlob(Buffer.from('0123456789'));
    const response = await fetch(`${registry.url}/v2/any/blobs/${digest}`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      '10',
      '',
    ]);
  });

  it.each([
    ['bytes=3-5', 206, '345', 'bytes 3-5/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
  ])('answers Range %s with that part', async (range, status, text, contentRange) => {
    const registry = await start();
    const path = join(directory, 'blob');
    await writeFile(path, '0123456789');
    const fromFile = await registry.putBlobFile(path, 'in/file');
    for (const [repository, digest] of [
      ['in/file', fromFile],
      ['in/memory', registry.putBlob(Buffer.from('0123456789'), 'in/memory')],
    ]) {
      const response = await fetch(`${registry.url}/v2/${repository}/blobs/${digest}`, {
        headers: { range },
      });
      expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
        status,
        text,
        contentRange,
      ]);
    }
  });

  it('answers 416 to a range behind the end and 404 to a blob of another repository', async () => {
    const registry = await start();
    const digest = registry.putBlob(Buffer.from('0123456789'), 'mine');
    const behind = await fetch(`${registry.url}/v2/mine/blobs/${digest}`, {
      headers: { range: 'bytes=10-' },
    });
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const foreign = await fetch(`${registry.url}/v2/yours/blobs/${digest}`);
    expect([foreign.status, await foreign.json()]).toEqual([
      404,
      { errors: [{ code: 'BLOB_UNKNOWN', message: 'blob unknown to registry', detail: null }] },
    ]);
  });

  it('pages the catalogue and the tags with Link headers', async () => {
    const registry = await start();
    const image = await buildImage(small);
    for (const tag of ['a', 'b', 'c']) putImage(registry, 'one', tag, image);
    putImage(registry, 'two', 'x', image);
    const first = await fetch(`${registry.url}/v2/one/tags/list?n=2`);
    expect(await first.json()).toEqual({ name: 'one', tags: ['a', 'b'] });
    const next = /<(.*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await fetch(`${registry.url}${next}`);
    expect([await second.json(), second.headers.get('link')]).toEqual([{ name: 'one', tags: ['c'] }, null]);
    expect(await (await fetch(`${registry.url}/v2/_catalog`)).json()).toEqual({
      repositories: ['one', 'two'],
    });
  });
});

describe('authentication', () => {
  it('asks for Basic credentials and takes the right ones only', async () => {
    const registry = await start({ auth: { scheme: 'basic', username: 'ann', password: 'a:b' } });
    const ask = (given?: string) =>
      fetch(
        `${registry.url}/v2/`,
        given === undefined ? {} : { headers: { authorization: `Basic ${btoa(given)}` } },
      );
    expect((await ask()).headers.get('www-authenticate')).toBe('Basic realm="embedded registry"');
    expect((await ask('ann:a')).status).toBe(401);
    expect((await ask('ann:a:b')).status).toBe(200);
  });

  it('gives tokens for a scope, which open that repository only, until they are revoked', async () => {
    const registry = await start({ auth: { scheme: 'bearer' } });
    const digest = registry.putBlob(Buffer.from('x'));
    const challenge = (await fetch(`${registry.url}/v2/a/b/blobs/${digest}`)).headers.get('www-authenticate');
    expect(challenge).toBe(
      `Bearer realm="${registry.url}/token",service="embedded",scope="repository:a/b:pull"`,
    );
    const { token } = (await (
      await fetch(`${registry.url}/token?service=embedded&scope=repository:a/b:pull`)
    ).json()) as { token: string };
    const get = async (path: string) =>
      (await fetch(`${registry.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await get(`/v2/a/b/blobs/${digest}`)).toBe(200);
    expect(await get(`/v2/c/d/blobs/${digest}`)).toBe(401);
    registry.revokeTokens();
    expect(await get(`/v2/a/b/blobs/${digest}`)).toBe(401);
  });

  it('trades an identity token for an access token', async () => {
    const registry = await start({
      auth: { scheme: 'bearer', username: 'ann', password: 'pw', identityToken: 'idt' },
    });
    const form = (token: string) =>
      fetch(`${registry.url}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: token,
          scope: 'repository:a:pull',
        }),
      });
    expect((await form('wrong')).status).toBe(401);
    expect((await form('idt')).status).toBe(200);
  });
});

describe('faults', () => {
  const body = Buffer.alloc(300_000, 7);

  async function faulty(
    fault: NonNullable<RegistryOptions['fault']>,
  ): Promise<{ registry: EmbeddedRegistry; url: string }> {
    const registry = await start({ fault });
    return { registry, url: `${registry.url}/v2/any/blobs/${registry.putBlob(body)}` };
  }

  it('answers the status and headers it is told to, for the requests it is told to', async () => {
    let left = 1;
    const { registry, url } = await faulty(() =>
      left-- > 0 ? { status: 429, headers: { 'retry-after': '0' }, body: 'slow down' } : undefined,
    );
    const first = await fetch(url);
    expect([first.status, first.headers.get('retry-after'), await first.text()]).toEqual([
      429,
      '0',
      'slow down',
    ]);
    expect((await fetch(url)).status).toBe(200);
    expect(registry.requests.map(({ method, status }) => [method, status])).toEqual([
      ['GET', 429],
      ['GET', 200],
    ]);
  });

  it.each([0, 1, 100_000])('cuts the connection after %d bytes', async (cutAfter) => {
    const { registry, url } = await faulty(() => ({ cutAfter }));
    const response = await fetch(url);
    let seen = 0;
    const read = async () => {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) seen += chunk.length;
    };
    await expect(read()).rejects.toThrow('terminated');
    expect([seen, registry.requests[0]?.bytes]).toEqual([cutAfter, cutAfter]);
  });

  it('spoils one bit of one byte', async () => {
    const { url } = await faulty(() => ({ corruptAt: 250_000 }));
    const got = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect([got.length, got[250_000]]).toEqual([body.length, 6]);
    got[250_000] = 7;
    expect(got.equals(body)).toBe(true);
  });

  it('drops a connection without an answer', async () => {
    const { url } = await faulty(() => ({ drop: true }));
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('sends the whole blob to a range request when ranges are to be ignored', async () => {
    const { url } = await faulty(() => ({ ignoreRange: true }));
    const response = await fetch(url, { headers: { range: 'bytes=10-' } });
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, body.length]);
  });

  it('closes while a stalled answer is open', async () => {
    const { registry, url } = await faulty(() => ({ stallAfter: 1000 }));
    const response = await fetch(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).value?.length).toBe(1000);
    const stalled = reader.read();
    await registry.close();
    await expect(stalled).rejects.toThrow('terminated');
  });
});

describe('with skopeo', () => {
  async function skopeo(...args: string[]): Promise<string> {
    return (await run('skopeo', ['--insecure-policy', ...args])).stdout;
  }

  it.each([
    { name: 'no authentication', options: {}, flags: [] },
    {
      name: 'Basic',
      options: { auth: { scheme: 'basic', username: 'ann', password: 'pw' } },
      flags: ['--dest-creds=ann:pw'],
    },
    {
      name: 'Bearer',
      options: { auth: { scheme: 'bearer', username: 'ann', password: 'pw' } },
      flags: ['--dest-creds=ann:pw'],
    },
  ] as const)('takes a pushed image and gives the same one back: $name', async ({ options, flags }) => {
    const source = await start();
    const image = await buildImage(small);
    putImage(source, 'from', '1', image);
    const target = await start({ ...options, directory });
    await skopeo(
      'copy',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      ...flags,
      `docker://${source.host}/from:1`,
      `docker://${target.host}/deep/er/to:2`,
    );
    const layout = join(directory, 'layout');
    const creds = flags.map((flag) => flag.replace('--dest', '--src'));
    await skopeo(
      'copy',
      '--src-tls-verify=false',
      ...creds,
      `docker://${target.host}/deep/er/to:2`,
      `dir:${layout}`,
    );
    const files = await readdir(layout);
    for (const part of [image.config, ...image.layers])
      expect(files).toContain(part.digest.slice('sha256:'.length));
    const copied = await skopeo('inspect', '--raw', `dir:${layout}`);
    expect(digestOf(copied)).toBe(image.digest);
  });

  it('serves the platform asked for out of an index', async () => {
    const registry = await start();
    const images = await Promise.all(
      ['amd64', 'arm64'].map((architecture) => buildImage({ ...small, architecture, format: 'docker' })),
    );
    putIndex(registry, 'multi', 'latest', buildIndex(images, 'docker'), images);
    const inspect = async (architecture: string) =>
      JSON.parse(
        await skopeo(
          '--override-arch',
          architecture,
          'inspect',
          '--tls-verify=false',
          `docker://${registry.host}/multi`,
        ),
      ) as { Architecture: string };
    expect((await inspect('amd64')).Architecture).toBe('amd64');
    expect((await inspect('arm64')).Architecture).toBe('arm64');
  });
});

describe('sample images', () => {
  it('are the same for the same options, and their layers are what their configuration says', async () => {
    const [first, again] = [await buildImage(small), await buildImage(small)];
    expect(again.digest).toBe(first.digest);
    const config = JSON.parse(first.config.bytes.toString()) as { rootfs: { diff_ids: string[] } };
    expect(first.layers.map((layer) => digestOf(gunzipSync(layer.bytes)))).toEqual(config.rootfs.diff_ids);
  });
});

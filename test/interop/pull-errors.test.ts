// What a client of PullImage is told when something goes wrong, and that nothing is left of it.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { startRegistry } from '../peers/registry.js';
import { buildImage, buildIndex, putImage, putIndex, type SampleImage } from '../peers/sample-image.js';
import { freePort } from './support/files.js';
import { noise } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords, untidiness, unusedLayers } from './support/store-content.js';
import { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(90_000);

let scene: Scene;
let image: SampleImage;

beforeAll(async () => {
  scene = await Scene.open();
  image = await buildImage({
    layers: [
      [{ name: 'first', content: noise(300_000, 'first') }],
      [{ name: 'second', content: noise(300_000, 'second') }],
    ],
  });
});

beforeEach(() => scene.clear());

afterAll(async () => {
  await scene.close();
});

/** The error a pull ends with. */
async function refusal(name: string): Promise<VarlinkReplyError> {
  try {
    await scene.daemon.pull(name);
  } catch (error) {
    if (error instanceof VarlinkReplyError) {
      return error;
    }
    throw error;
  }
  throw new Error(`pulling ${name} succeeded`);
}

async function expectNothingLeft(): Promise<void> {
  expect(await imageRecords(scene.store.root)).toEqual([]);
  expect(await unusedLayers(scene.store.root)).toEqual([]);
  expect(await untidiness(scene.store.root)).toEqual([]);
  expect(await scene.store.podmanOutput('images', '--all', '--quiet')).toBe('');
}

describe('a pull that fails says why in one line and leaves nothing', () => {
  it('when no registry answers', async () => {
    const name = `127.0.0.1:${await freePort()}/test/image:1`;
    const { error, reason } = await refusal(name);
    expect(error).toBe('io.podman.ErrorOccurred');
    expect(reason).toMatch(/^unable to pull [^\n]*connection refused[^\n]*$/i);
    expect(reason).toContain(name);
    await expectNothingLeft();
  });

  it('when the registry wants credentials (401)', async () => {
    const closed = await startRegistry({ auth: { scheme: 'basic', username: 'me', password: 'secret' } });
    try {
      putImage(closed, 'test/image', '1', image);
      await writeFile(
        scene.store.registriesConf,
        `[[registry]]\nlocation = "${closed.host}"\ninsecure = true\n`,
      );
      const { error, reason } = await refusal(`${closed.host}/test/image:1`);
      expect(error).toBe('io.podman.ErrorOccurred');
      expect(reason).toMatch(/unauthorized: authentication required|invalid username\/password/);
      await expectNothingLeft();
    } finally {
      await closed.close();
    }
  });

  it('when the image is not there (404)', async () => {
    const { error, reason } = await refusal(scene.name('nothing'));
    expect(error).toBe('io.podman.ErrorOccurred');
    expect(reason).toContain('manifest unknown');
    await expectNothingLeft();
  });

  it('when the second layer is not there (404)', async () => {
    const name = scene.serve('gap', image);
    const missing = image.layers[1]?.digest ?? '';
    scene.registry.fault = ({ url }) => (url.includes(`/blobs/${missing}`) ? { status: 404 } : undefined);
    const { error, reason } = await refusal(name);
    expect(error).toBe('io.podman.ErrorOccurred');
    expect(reason).toMatch(/^[^\n]*404[^\n]*$/);
    await expectNothingLeft();
  });

  it('when a layer has another digest than the manifest says', async () => {
    const name = scene.serve('bitrot', image);
    const damaged = image.layers[0]?.digest ?? '';
    scene.registry.fault = ({ url }) => (url.includes(damaged) ? { corruptAt: 200_000 } : undefined);
    const { reason } = await refusal(name);
    expect(reason).toContain(damaged);
    expect(reason).toMatch(/digest/i);
    await expectNothingLeft();
  });

  it('when the configuration has another digest than the manifest says', async () => {
    const name = scene.serve('bitrot', image);
    scene.registry.fault = ({ url }) => (url.includes(image.config.digest) ? { corruptAt: 5 } : undefined);
    const { reason } = await refusal(name);
    expect(reason).toMatch(/digest/i);
    await expectNothingLeft();
  });

  it('when the manifest pulled by digest is another one', async () => {
    scene.serve('bitrot', image);
    scene.registry.fault = ({ url }) => (url.includes('/manifests/') ? { corruptAt: 20 } : undefined);
    const { reason } = await refusal(`${scene.registry.host}/test/bitrot@${image.digest}`);
    expect(reason).toMatch(/digest/i);
    await expectNothingLeft();
  });

  it('when a layer unpacks to another digest than the configuration says', async () => {
    const config = Buffer.from(
      image.config.bytes.toString().replace(/"sha256:[0-9a-f]{8}/, '"sha256:00000000'),
    );
    const name = serveWithConfig('liar', image, config);
    const { reason } = await refusal(name);
    expect(reason).toMatch(/digest|diff/i);
    await expectNothingLeft();
  });

  it('when a layer ends early, again and again', async () => {
    const name = scene.serve('short', image);
    scene.registry.fault = ({ url }) =>
      url.includes(image.layers[1]?.digest ?? '') ? { cutAfter: 1000 } : undefined;
    const { error } = await refusal(name);
    expect(error).toBe('io.podman.ErrorOccurred');
    await expectNothingLeft();
  });

  it('when a layer is shorter than its descriptor says', async () => {
    const manifest = JSON.parse(image.bytes.toString()) as { layers: { size: number }[] };
    const [first] = manifest.layers;
    if (first !== undefined) {
      first.size += 1;
    }
    scene.serve('short', image);
    scene.registry.putManifest('test/short', '2', JSON.stringify(manifest), image.mediaType);
    const { reason } = await refusal(scene.name('short', '2'));
    expect(reason).toMatch(/^[^\n]+$/);
    await expectNothingLeft();
  });

  it('when the manifest is no manifest', async () => {
    scene.registry.putManifest('test/odd', '1', '{"schemaVersion":2,"layers":"none"}', image.mediaType);
    const { error, reason } = await refusal(scene.name('odd'));
    expect(error).toBe('io.podman.ErrorOccurred');
    expect(reason).toMatch(/^[^\n]+$/);
    await expectNothingLeft();
  });

  it.each([
    ['oci', 'image index'],
    ['docker', 'manifest list'],
  ] as const)('when an %s list has no image for this platform', async (format, text) => {
    const foreign = await buildImage({
      architecture: 's390x',
      format,
      layers: [[{ name: 'other', content: 's390x' }]],
    });
    putIndex(scene.registry, 'test/foreign', '1', buildIndex([foreign], format), [foreign]);
    const { error, reason } = await refusal(scene.name('foreign'));
    expect(error).toBe('io.podman.ErrorOccurred');
    expect(reason).toContain(`no image found in ${text} for architecture`);
    await expectNothingLeft();
  });

  it.each([
    ['example.com/UPPER/case:1', 'repository name must be lowercase'],
    ['example.com/image:1:2', 'invalid reference format'],
    ['example.com/image@sha256:123', 'invalid reference format'],
    ['-image', 'invalid reference format'],
  ])('when the name is no reference: %s', async (name, cause) => {
    const { error, reason } = await refusal(name);
    expect(error).toBe('io.podman.ErrorOccurred');
    expect(reason).toContain(cause);
    expect(scene.registry.requests).toEqual([]);
  });

  it('when the name is empty', async () => {
    const { error } = await refusal('');
    expect(error).toBe('io.podman.ErrorOccurred');
  });

  it('when a short name has no registry to look in', async () => {
    const { reason } = await refusal('short-name');
    expect(reason).toContain('short');
    await expectNothingLeft();
  });

  it('when the registry is blocked', async () => {
    const name = scene.serve('blocked', image);
    await writeFile(
      scene.store.registriesConf,
      `[[registry]]\nlocation = "${scene.registry.host}"\ninsecure = true\nblocked = true\n`,
    );
    const { reason } = await refusal(name);
    expect(reason).toMatch(/is blocked in /);
    expect(scene.registry.requests).toEqual([]);
  });
});

describe('a pull that meets trouble on its way goes on', () => {
  it('when a layer is cut off once', async () => {
    const name = scene.serve('cut', image);
    let cuts = 0;
    scene.registry.fault = ({ url }) => {
      const first = url.includes(image.layers[0]?.digest ?? '') && cuts === 0;
      cuts += first ? 1 : 0;
      return first ? { cutAfter: 150_000 } : undefined;
    };
    const id = await scene.daemon.pull(name);
    expect(`sha256:${id}`).toBe(image.config.digest);
    expect(cuts).toBe(1);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('when the registry answers 503 once', async () => {
    const name = scene.serve('busy', image);
    let refused = false;
    scene.registry.fault = ({ url }) => {
      const first = url.includes('/manifests/') && !refused;
      refused ||= first;
      return first ? { status: 503 } : undefined;
    };
    await expect(scene.daemon.pull(name)).resolves.toBe(image.config.digest.slice('sha256:'.length));
    expect(refused).toBe(true);
  });

  it('and a pull that failed succeeds when it is tried again', async () => {
    const name = scene.serve('again', image);
    scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { status: 403 } : undefined);
    await refusal(name);
    scene.registry.fault = undefined;
    await expect(scene.daemon.pull(name)).resolves.toBe(image.config.digest.slice('sha256:'.length));
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

/** Serves the image with another configuration, all digests of the manifest made to fit. */
function serveWithConfig(name: string, original: SampleImage, bytes: Buffer): string {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  scene.serve(name, original);
  scene.registry.putBlob(bytes);
  const manifest = original.bytes
    .toString()
    .replace(original.config.digest, digest)
    .replace(`"size":${original.config.size}`, `"size":${bytes.length}`);
  scene.registry.putManifest(`test/${name}`, '2', manifest, original.mediaType);
  return scene.name(name, '2');
}

// PushImage and ExportImage to archives and directories, and PullImage from them, with skopeo looking at what they wrote.
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { SampleImage } from '../peers/sample-image.js';
import { askAs } from './support/ask-as.js';
import { eventsOf } from './support/events.js';
import { output } from './support/process.js';
import { buildRichImage } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords, untidiness } from './support/store-content.js';
import type { VarlinkReplyError } from './support/varlink.js';

jest.setTimeout(120_000);

let scene: Scene;
let image: SampleImage;
let name: string;
let id: string;
/** Of one test. */
let place: string;

beforeAll(async () => {
  scene = await Scene.open();
  image = await buildRichImage();
  name = scene.serve('rich', image);
});

beforeEach(async () => {
  place = await mkdtemp(join(scene.store.directory, 'place-'));
  await scene.daemon.call('DeleteUnusedImages');
  id = await scene.daemon.pull(name);
});

afterAll(async () => {
  await scene.close();
});

function path(file: string): string {
  return join(place, file);
}

function push(tag: string, rest: object = {}): Promise<{ reply: { id: string; logs: string[] } }> {
  const plain = { compress: false, format: '', removeSignatures: false, signBy: '' };
  return scene.daemon.call('PushImage', { name, tag, ...plain, ...rest });
}

async function pull(from: string): Promise<string> {
  return await scene.daemon.pull(from);
}

async function reasonOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => '',
    (error: VarlinkReplyError) => error.reason,
  );
}

interface Raw {
  readonly mediaType: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly mediaType: string; readonly digest: string }[];
}

async function raw(source: string): Promise<Raw> {
  return JSON.parse(await scene.store.skopeoOutput('inspect', '--raw', source)) as Raw;
}

describe('a push', () => {
  it('has the id in each of its replies, and each line once', async () => {
    const connection = await scene.daemon.connect();
    const parameters = { name, tag: `dir:${path('out')}`, compress: false, format: '' };
    const replies: { logs: string[]; id: string }[] = [];
    for await (const { parameters: reply } of connection.more('io.podman.PushImage', parameters)) {
      replies.push((reply as { reply: { logs: string[]; id: string } }).reply);
    }
    expect(new Set(replies.map((reply) => reply.id))).toEqual(new Set([id]));
    expect(replies.at(-1)?.logs).toEqual([]);
    expect(replies.slice(0, -1).map(({ logs }) => logs)).toEqual([
      ['Getting image source signatures\n'],
      ...image.layers.map(() => [expect.stringMatching(/^Copying blob sha256:[0-9a-f]{64}\n$/)]),
      [`Copying config sha256:${id}\n`],
      ['Writing manifest to image destination\n'],
      ['Storing signatures\n'],
    ]);
    expect((await eventsOf(scene.store)).at(-1)).toBe(`push ${name} ${id}`);
  });

  it.each([
    ['dir', '', /oci\.image|docker.*v2/],
    ['dir', 'v2s2', /docker\.distribution\.manifest\.v2/],
    ['dir', 'docker', /docker\.distribution\.manifest\.v2/],
    ['dir', 'oci', /oci\.image\.manifest/],
    ['oci', '', /oci\.image\.manifest/],
    ['oci-archive', '', /oci\.image\.manifest/],
  ])('to %s in the format %j can be read by skopeo', async (transport, format, type) => {
    const to = `${transport}:${path('out')}`;
    await push(to, { format });
    expect((await raw(to)).layers).toHaveLength(image.layers.length);
    const { mediaType, config } = await raw(to);
    expect(mediaType).toMatch(type);
    expect(config.digest).toMatch(/^sha256:/);
  });

  it('to a directory zips layers only when it is told to', async () => {
    await push(`dir:${path('plain')}`);
    await push(`dir:${path('zipped')}`, { compress: true });
    const layers = async (directory: string): Promise<Buffer[]> => {
      const { layers } = await raw(`dir:${path(directory)}`);
      return await Promise.all(
        layers.map(({ digest }) => readFile(path(`${directory}/${digest.replace('sha256:', '')}`))),
      );
    };
    const zipped = (layer: Buffer): boolean => layer.readUInt16BE() === 0x1f8b;
    expect((await layers('plain')).map(zipped)).toEqual(image.layers.map(() => false));
    expect((await layers('zipped')).map(zipped)).toEqual(image.layers.map(() => true));
  });

  it('to a docker-archive has the name it was given there, or none', async () => {
    await push(`docker-archive:${path('named.tar')}:foo`);
    await push(`docker-archive:${path('nameless.tar')}`);
    const tags = async (file: string): Promise<unknown> =>
      (JSON.parse(await output('tar', ['-xOf', path(file), 'manifest.json'])) as { RepoTags: unknown }[])[0]
        ?.RepoTags;
    expect(await tags('named.tar')).toEqual(['docker.io/library/foo:latest']);
    expect(await tags('nameless.tar')).toEqual([]);
  });

  it.each([
    [
      { format: 'v2s3' },
      /^unknown format "v2s3"\. Choose on of the supported formats: 'oci', 'v2s1', or 'v2s2'$/,
    ],
    [{ format: 'v2s1' }, /^v2s1 is no longer supported$/],
    [{ tag: 'atomic:x/UPPER' }, /^invalid reference format: repository name must be lowercase$/],
    [
      { tag: 'foo://x' },
      /^error getting destination imageReference for "foo:\/\/x": .*unknown transport "foo"$/,
    ],
    [
      { tag: 'tarball:/tmp/x' },
      /^Error copying image to the remote destination: Error initializing destination tarball:/,
    ],
  ])('with %j says why it fails', async (rest, reason) => {
    expect(await reasonOf(push(`dir:${path('out')}`, rest))).toMatch(reason);
    expect(await readdir(place)).not.toContain('out');
  });

  it('does not touch what is there and is something else', async () => {
    await mkdir(path('foreign'));
    await writeFile(path('foreign/precious'), 'data');
    await writeFile(path('archive.tar'), 'data');
    const prefix = 'Error copying image to the remote destination: Error initializing destination';
    expect(await reasonOf(push(`dir:${path('foreign')}`))).toBe(
      `${prefix} dir:${path('foreign')}: not a containers image directory, don't want to overwrite important data`,
    );
    expect(await reasonOf(push(`docker-archive:${path('archive.tar')}`))).toBe(
      `${prefix} docker-archive:${path('archive.tar')}: docker-archive doesn't support modifying existing images`,
    );
    expect(await readdir(path('foreign'))).toEqual(['precious']);
    expect(await readFile(path('archive.tar'), 'utf8')).toBe('data');
  });

  it('of an image that is not there is an ImageNotFound', async () => {
    const error = 'io.podman.ImageNotFound';
    await expect(push(`dir:${path('out')}`, { name: 'no-such' })).rejects.toMatchObject({ error });
    await expect(push(`dir:${path('out')}`, { name: '' })).rejects.toMatchObject({ error });
  });

  it('by another user cannot write files of the host', async () => {
    await chmod(scene.store.directory, 0o755);
    await chmod(scene.daemon.address.replace('unix:', ''), 0o666);
    for (const destination of [`dir:${path('out')}`, `docker-archive:${path('out')}`, `oci:${path('out')}`]) {
      const parameters = { name, tag: destination, destination };
      for (const method of ['io.podman.PushImage', 'io.podman.ExportImage']) {
        expect(askAs(65534, scene.daemon.address, { method, parameters })).toEqual({
          error: 'io.podman.ErrorOccurred',
          parameters: {
            reason: `${destination}: only root and the user of this service can name files of its host`,
          },
        });
      }
    }
    expect(await readdir(place)).not.toContain('out');
  });
});

describe('an export', () => {
  const exportImage = (destination: string, tags: string[] = []): Promise<{ image: string }> =>
    scene.daemon.call('ExportImage', { name, destination, compress: false, tags });

  it('answers with the id and writes further names into a docker-archive', async () => {
    const to = `docker-archive:${path('out.tar')}:example.com/a:1`;
    await expect(exportImage(to, ['b:2', 'untagged', 'example.com/a:1'])).resolves.toEqual({ image: id });
    const [item] = JSON.parse(await output('tar', ['-xOf', path('out.tar'), 'manifest.json'])) as {
      RepoTags: string[];
    }[];
    expect(item?.RepoTags).toEqual(['example.com/a:1', 'docker.io/library/b:2']);
    expect((await eventsOf(scene.store)).at(-1)).toBe(`push ${name} ${id}`);
  });

  it.each([
    ['docker-archive:', ['UPPER'], /^error parsing additional tags: .*must be lowercase$/],
    ['/a/bare/path', [], /^invalid reference format$/],
    ['', [], /^destination image name must be specified: invalid argument$/],
  ])('to %j with the tags %j says why it fails', async (destination, tags, reason) => {
    const to = destination === 'docker-archive:' ? `${destination}${path('out.tar')}` : destination;
    expect(await reasonOf(exportImage(to, tags))).toMatch(reason);
  });
});

describe('a pull', () => {
  it.each([
    ['dir', [], undefined],
    ['oci', [], undefined],
    ['oci', ['ref.example/x:1'], 'ref.example/x:1'],
    ['oci-archive', ['short:1'], 'localhost/short:1'],
    ['oci-archive', [], undefined],
    ['docker-archive', [], undefined],
    ['docker-archive', ['short:1'], 'docker.io/library/short:1'],
  ])('from %s%j stores the image under its own name or none', async (transport, ref, stored) => {
    const from = `${transport}:${path('out')}`;
    await push([from, ...ref].join(':'));
    await scene.daemon.call('RemoveImage', { name, force: true });
    const pulled = await pull(from);
    const records = await imageRecords(scene.store.root);
    expect(records.map((record) => [record.id, record.names ?? []])).toEqual([
      [pulled, stored === undefined ? [] : [stored]],
    ]);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('from a docker-archive takes all of it, or what is named', async () => {
    await scene.daemon.call('TagImage', { name, tagged: 'b:1' });
    const archive = path('all.tar');
    await scene.store.podmanOutput('save', '--multi-image-archive', '-o', archive, name, 'b:1');
    const names = async (): Promise<unknown> =>
      (await imageRecords(scene.store.root)).map((each) => each.names);
    await scene.daemon.call('RemoveImage', { name: id, force: true });
    expect(await pull(`docker-archive:${archive}:localhost/b:1`)).toBe(id);
    expect(await names()).toEqual([['localhost/b:1']]);
    await scene.daemon.call('RemoveImage', { name: id, force: true });
    expect(await pull(`docker-archive:${archive}:@0`)).toBe(id);
    expect(await names()).toEqual([expect.arrayContaining([name, 'localhost/b:1'])]);
    await scene.daemon.call('RemoveImage', { name: id, force: true });
    expect(await pull(`docker-archive:${archive}`)).toBe(id);
    expect((await eventsOf(scene.store)).slice(-2)).toEqual([
      expect.stringMatching(new RegExp(`^pull .* ${id}$`)),
      'loadfromarchive',
    ]);
    expect(await reasonOf(pull(`docker-archive:${archive}:other`))).toBe(
      `error pulling image from "docker-archive:${archive}:other": unable to pull docker-archive:${archive}:other: unable to pull image: Tag "docker.io/library/other:latest" not found`,
    );
    expect(await reasonOf(pull(`docker-archive:${archive}:@7`))).toMatch(/Invalid source index @7/);
  });

  it.each(['docker-archive:', 'docker-archive:/x:UPPER', 'docker-archive:/no/such/file'])(
    'from %s is an error and not the end of the service',
    async (from) => {
      expect(await reasonOf(pull(from))).toMatch(/^error (?:parsing|pulling image from) "docker-archive:/);
      await expect(scene.daemon.call('GetVersion')).resolves.toBeDefined();
    },
  );

  it.each(['dir', 'oci', 'oci-archive'])('from %s that is not there says so', async (transport) => {
    const from = `${transport}:${path('missing')}`;
    expect(await reasonOf(pull(from))).toMatch(
      new RegExp(
        `^unable to pull ${from}: unable to pull ${from}: unable to pull image: .*no such file or directory`,
        'i',
      ),
    );
  });

  // The last one: it leaves the policy as it is.
  it('passes the policy only', async () => {
    await push(`dir:${path('out')}`);
    await push(`docker-archive:${path('out.tar')}`);
    await writeFile(
      join(scene.store.directory, 'policy.json'),
      JSON.stringify({ default: [{ type: 'reject' }] }),
    );
    expect(await reasonOf(pull(`dir:${path('out')}`))).toMatch(/is rejected by policy\. /);
    expect(await reasonOf(pull(`docker-archive:${path('out.tar')}`))).toMatch(/is rejected by policy\. /);
    expect(await reasonOf(push(`dir:${path('other')}`))).toMatch(/is rejected by policy\. /);
  });
});

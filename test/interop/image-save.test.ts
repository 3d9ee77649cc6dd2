// ImageSave: the very sequence of callers of 2020, and podman and skopeo reading what was saved.
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { SampleImage } from '../peers/sample-image.js';
import { askAs } from './support/ask-as.js';
import { eventsOf } from './support/events.js';
import { OldClient, untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { output } from './support/process.js';
import { buildRichImage } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { untidiness } from './support/store-content.js';

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
  await scene.clear();
  id = await scene.daemon.pull(name);
});

afterAll(async () => {
  await scene.close();
});

const saveOptions = (options: object): Readonly<Record<string, unknown>> => ({
  options: {
    output: '',
    outputType: '',
    moreTags: [],
    quiet: false,
    compress: false,
    format: '',
    ...options,
  },
});

/** ImageSave and ReceiveFile on one connection, as podman-remote did it; returns the file. */
async function save(caller: OldClient, options: object): Promise<Buffer> {
  const replies = await caller.more('ImageSave', saveOptions({ name, ...options }));
  const last = replies.at(-1);
  expect(last).toEqual({ parameters: { reply: { logs: [], id: expect.stringMatching(/^\//) } } });
  const handle = last?.parameters.reply.id ?? '';
  const file = await caller.download(handle, true);
  return file ?? Buffer.alloc(0);
}

/** Writes it where a peer can have it. */
async function put(bytes: Buffer, file: string): Promise<string> {
  const path = join(place, file);
  await writeFile(path, bytes);
  return path;
}

describe('a saved image', () => {
  it.each(['', 'docker-archive', 'oci-archive'])(
    'of the format %j is loaded by podman with its name',
    async (format) => {
      using caller = new OldClient(scene.daemon.address);
      const archive = await put(await save(caller, { format }), 'saved');
      await untilExchanged(scene.store.root);
      const other = await PeerStore.create();
      try {
        await other.podmanOutput('load', '-i', archive);
        const found = await other.podmanOutput(
          'images',
          '-n',
          '--no-trunc',
          '--format',
          '{{.Repository}}:{{.Tag}}',
        );
        expect(found).toBe(name);
      } finally {
        await other.close();
      }
    },
  );

  it.each(['docker-dir', 'oci-dir'])(
    'of the format %s is a tar of the directory that skopeo reads',
    async (format) => {
      using caller = new OldClient(scene.daemon.address);
      const tar = await put(await save(caller, { format }), 'saved.tar');
      await untilExchanged(scene.store.root);
      const directory = join(place, 'saved');
      execFileSync('mkdir', [directory]);
      execFileSync('tar', ['-xf', tar, '-C', directory]);
      const manifest = JSON.parse(await scene.store.skopeoOutput('inspect', '--raw', `dir:${directory}`)) as {
        mediaType: string;
        layers: unknown[];
      };
      expect(manifest.mediaType).toMatch(
        format === 'oci-dir' ? /oci\.image\.manifest/ : /docker\..*manifest\.v2/,
      );
      expect(manifest.layers).toHaveLength(image.layers.length);
      expect(await readdir(directory)).toContain('version');
    },
  );

  it('has one line each for what is done, in order, and nothing else; then the handle', async () => {
    using caller = new OldClient(scene.daemon.address);
    const replies = await caller.more('ImageSave', saveOptions({ name }));
    const lines = replies.slice(0, -1).map(({ parameters: { reply } }) => {
      expect([reply.id, reply.logs.length]).toEqual(['', 1]);
      return reply.logs[0];
    });
    const copying = lines.filter((line) => line?.startsWith('Copying blob '));
    expect(copying).toHaveLength(image.layers.length);
    expect(lines.filter((line) => !line?.startsWith('Copying blob '))).toEqual([
      'Getting image source signatures\n',
      expect.stringMatching(/^Copying config sha256:[0-9a-f]{64}\n$/),
      'Writing manifest to image destination\n',
      'Storing signatures\n',
    ]);
    const last = replies.at(-1)?.parameters.reply;
    expect(last).toEqual({ logs: [], id: expect.stringMatching(/^\/.*varlink_send/) });
    expect((await stat(last?.id ?? '')).mode & 0o777).toBe(0o600);
    expect((await eventsOf(scene.store)).slice(-2)).toEqual([`push ${name} ${id}`, `save ${name} ${id}`]);
    await caller.download(last?.id ?? '', true);
  });

  it('says nothing if it is to be quiet', async () => {
    using caller = new OldClient(scene.daemon.address);
    const replies = await caller.more('ImageSave', saveOptions({ name, quiet: true }));
    expect(replies).toHaveLength(1);
    expect(replies[0]?.parameters.reply.logs).toEqual([]);
    await caller.download(replies[0]?.parameters.reply.id ?? '', true);
  });

  it('can be fetched on another connection of the same user, and not by another one', async () => {
    const { reply } = await scene.daemon.call<{ reply: { id: string; logs: string[] } }>(
      'ImageSave',
      saveOptions({ name }),
    );
    expect(reply.logs.length).toBeGreaterThan(3);
    await chmod(scene.store.directory, 0o755);
    await chmod(scene.daemon.address.replace('unix:', ''), 0o666);
    const stolen = askAs(65534, scene.daemon.address, {
      method: 'io.podman.ReceiveFile',
      parameters: { path: reply.id, delete: true },
      upgrade: true,
    });
    expect(stolen).toMatchObject({ error: 'io.podman.ErrorOccurred' });
    using caller = new OldClient(scene.daemon.address);
    expect((await caller.download(reply.id, true))?.length).toBeGreaterThan(1_000_000);
    await untilExchanged(scene.store.root);
  });

  it.each([
    ['by its id', () => id, []],
    ['by a part of its id', () => id.slice(0, 12), []],
    ['by its id with the algorithm', () => `sha256:${id}`, []],
    ['by its path', () => 'rich:1', [() => name]],
    ['by a name of localhost', () => 'local:2', [() => 'localhost/local:2']],
    ['with further names', () => 'local:2', [() => 'localhost/local:2', () => 'docker.io/library/more:3']],
  ])('%s has the stored name or none', async (_, asked, names) => {
    await scene.daemon.call('TagImage', { name, tagged: 'local:2' });
    using caller = new OldClient(scene.daemon.address);
    const moreTags = names.length > 1 ? ['more:3', 'untagged'] : [];
    const archive = await put(await save(caller, { name: asked(), moreTags }), 'saved.tar');
    const [item] = JSON.parse(await output('tar', ['-xOf', archive, 'manifest.json'])) as {
      RepoTags: string[];
    }[];
    expect(item?.RepoTags).toEqual(names.map((each) => each()));
  });

  it.each([
    [{ name: 'no-such' }, 'io.podman.ImageNotFound', /no such image$/],
    [{ name: '' }, 'io.podman.ErrorOccurred', /^input name is blank$/],
    [{ name: 'UPPER' }, 'io.podman.ErrorOccurred', /^repository name must be lowercase$/],
    [{ format: 'zip' }, 'io.podman.ErrorOccurred', /^unknown format option "zip"$/],
    [{ moreTags: ['UPPER:1'] }, 'io.podman.ErrorOccurred', /^error parsing additional tags: .*lowercase$/],
  ])('cannot be had with %j', async (options, error, reason) => {
    await expect(scene.daemon.call('ImageSave', saveOptions({ name, ...options }))).rejects.toMatchObject({
      error,
      reason: expect.stringMatching(reason),
    });
    await untilExchanged(scene.store.root);
  });

  it('leaves nothing when its caller hangs up in the middle', async () => {
    for (let round = 0; round < 6; round += 1) {
      using caller = new OldClient(scene.daemon.address);
      const format = round % 2 === 0 ? 'docker-archive' : 'docker-dir';
      caller.send({ method: 'io.podman.ImageSave', parameters: saveOptions({ name, format }), more: true });
      await caller.next();
      await sleep(round * 5);
      caller.socket.destroy();
    }
    await untilExchanged(scene.store.root);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

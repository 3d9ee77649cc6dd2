// LoadImage: the very sequence of callers of 2020, with archives, layouts and directories that podman made.
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { askAs } from './support/ask-as.js';
import { eventsOf } from './support/events.js';
import { Imaged } from './support/imaged.js';
import { exchangedFiles, OldClient, untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { buildRichImage } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords, untidiness } from './support/store-content.js';

jest.setTimeout(120_000);

let scene: Scene;
let name: string;
let id: string;
/** Of one test. */
let place: string;

beforeAll(async () => {
  scene = await Scene.open();
  name = scene.serve('rich', await buildRichImage());
});

beforeEach(async () => {
  place = await mkdtemp(join(scene.store.directory, 'place-'));
  await scene.clear();
  id = await scene.daemon.pull(name);
});

afterAll(async () => {
  await scene.close();
});

describe('a loaded archive', () => {
  let archive: string;

  beforeEach(async () => {
    archive = join(place, 'archive.tar');
    await scene.store.podmanOutput('save', '-o', archive, name);
    await scene.daemon.call('RemoveImage', { name, force: true });
  });

  const parameters = (inputFile: string, rest: object = {}): Readonly<Record<string, unknown>> => ({
    name: '',
    quiet: false,
    deleteFile: true,
    inputFile,
    ...rest,
  });

  it('is uploaded and loaded as callers of 2020 do it: lines as they come, then the names', async () => {
    using caller = new OldClient(scene.daemon.address);
    const handle = await caller.upload(await readFile(archive));
    const replies = await caller.more('LoadImage', parameters(handle));
    const logs = replies.slice(0, -1).map(({ parameters: { reply } }) => reply.logs);
    expect(logs.every((lines) => lines.length === 1)).toBe(true);
    expect(logs[0]).toEqual(['Getting image source signatures\n']);
    expect(logs.at(-1)).toEqual(['Storing signatures\n']);
    expect(replies.at(-1)?.parameters.reply).toEqual({ logs: [], id: name });
    await untilExchanged(scene.store.root);
    expect(await scene.store.podmanOutput('images', '-n', '--no-trunc', '--format', '{{.ID}}')).toBe(
      `sha256:${id}`,
    );
    expect((await eventsOf(scene.store)).slice(-2)).toEqual([`pull ${name} ${id}`, 'loadfromarchive']);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });

  it('is loaded quietly without more, and stays if it is not to be deleted', async () => {
    using caller = new OldClient(scene.daemon.address);
    const handle = await caller.upload(await readFile(archive));
    const quiet = await caller.call<object>(
      'LoadImage',
      parameters(handle, { quiet: true, deleteFile: false }),
    );
    expect(quiet).toEqual({ parameters: { reply: { logs: [], id: name } } });
    expect(await exchangedFiles(scene.store.root)).toEqual([handle]);
    const again = await caller.call<{ parameters: { reply: { logs: string[] } } }>(
      'LoadImage',
      parameters(handle),
    );
    expect(again.parameters.reply.logs.length).toBeGreaterThan(3);
    await untilExchanged(scene.store.root);
  });

  it('may hold several images, with and without names', async () => {
    const other = await PeerStore.create({ insecure: [scene.registry.host] });
    try {
      const daemon = await Imaged.start(other);
      await scene.daemon.pull(name);
      await scene.store.podmanOutput('tag', name, 'b:1', 'example.com/c');
      const [first] = await imageRecords(scene.store.root);
      const plain = join(place, 'rootfs.tar');
      execFileSync('tar', ['-cf', plain, '-C', scene.store.directory, 'policy.json']);
      const second = await scene.store.podmanOutput('import', '-q', plain);
      const all = join(place, 'all.tar');
      await scene.store.podmanOutput(
        'save',
        '--multi-image-archive',
        '-o',
        all,
        name,
        'b:1',
        'example.com/c',
        second.slice(7),
      );
      const { reply } = await daemon.call<{ reply: { id: string } }>(
        'LoadImage',
        parameters(all, { deleteFile: false }),
      );
      expect(reply.id.split(', ').toSorted()).toEqual(
        [name, 'localhost/b:1', 'example.com/c:latest', second].toSorted(),
      );
      expect((await imageRecords(other.root)).map((record) => record.id).toSorted()).toEqual(
        [first?.id ?? '', second.slice(7)].toSorted(),
      );
      await daemon.close();
    } finally {
      await other.close();
    }
  });

  it.each([
    ['oci-archive', (path: string) => ['--format', 'oci-archive', '-o', path]],
    ['dir', (path: string) => ['--format', 'docker-dir', '-o', path]],
    ['oci', (path: string) => ['--format', 'oci-dir', '-o', path]],
  ])('is told by its content: %s', async (format, args) => {
    await scene.daemon.pull(name);
    const path = join(place, 'payload');
    await scene.store.podmanOutput('save', ...args(path), name);
    await scene.daemon.call('RemoveImage', { name, force: true });
    const { reply } = await scene.daemon.call<{ reply: { id: string } }>(
      'LoadImage',
      parameters(path, { deleteFile: false }),
    );
    expect(reply.id).toMatch(format === 'dir' ? /^sha256:[0-9a-f]{64}$/ : new RegExp(`^${name}$`));
    expect(await imageRecords(scene.store.root)).toHaveLength(1);
  });

  it.each([
    ['docker-archive', (path: string) => ['-o', path]],
    ['oci-archive', (path: string) => ['--format', 'oci-archive', '-o', path]],
    ['dir', (path: string) => ['--format', 'docker-dir', '-o', path]],
  ])('is what podman makes of it: %s', async (_, args) => {
    await scene.daemon.pull(name);
    const path = join(place, 'payload');
    await scene.store.podmanOutput('save', ...args(path), name);
    await scene.daemon.call('RemoveImage', { name, force: true });
    await scene.daemon.call('LoadImage', parameters(path, { deleteFile: false }));
    const other = await PeerStore.create();
    try {
      await other.podmanOutput('load', '-i', path);
      const looked = async (peer: PeerStore): Promise<unknown> => {
        const [{ Id, Digest, ManifestType, RootFS, History } = {}] = await peer.podmanJson<
          Record<string, unknown>[]
        >('image', 'inspect', id);
        return { Id, Digest, ManifestType, RootFS, History };
      };
      expect(await looked(scene.store)).toEqual(await looked(other));
    } finally {
      await other.close();
    }
  });

  it('of the OCI has the image that is named, or all of them', async () => {
    await scene.daemon.pull(name);
    const layout = join(place, 'layout');
    const small = join(place, 'rootfs.tar');
    execFileSync('tar', ['-cf', small, '-C', scene.store.directory, 'policy.json']);
    await scene.store.podmanOutput('import', '-q', small, 'small:1');
    await scene.store.podmanOutput('push', '-q', name, `oci:${layout}:example.com/big:1`);
    await scene.store.podmanOutput('push', '-q', 'small:1', `oci:${layout}:small`);
    execFileSync('tar', ['-cf', archive, '-C', layout, '.']);
    await scene.store.podmanOutput('rmi', '--all', '--force');
    const load = async (image: string): Promise<string> => {
      const { reply } = await scene.daemon.call<{ reply: { id: string } }>(
        'LoadImage',
        parameters(archive, { name: image, deleteFile: false }),
      );
      return reply.id;
    };
    expect(await load('small')).toBe('localhost/small:latest');
    expect(await imageRecords(scene.store.root)).toHaveLength(1);
    expect(await load('')).toBe('example.com/big:1, localhost/small:latest');
    expect(await imageRecords(scene.store.root)).toHaveLength(2);
  });

  it.each(['a tar of something else', 'no tar at all'])(
    'that is %s is refused with all it might have been',
    async (what) => {
      using caller = new OldClient(scene.daemon.address);
      const other = join(place, 'other');
      if (what === 'no tar at all') await writeFile(other, 'plain text\n'.repeat(1000));
      else execFileSync('tar', ['-cf', other, '-C', scene.store.directory, 'policy.json']);
      const handle = await caller.upload(await readFile(other));
      const [refused] = await caller.more('LoadImage', parameters(handle));
      expect(refused).toMatchObject({
        error: 'io.podman.ErrorOccurred',
        parameters: {
          reason: expect.stringMatching(
            /^error pulling "": payload does not match any of the supported image formats:\n \* docker-archive: .*\n \* oci-archive: .*$/,
          ),
        },
      });
      // It may be tried again with another method.
      expect(await exchangedFiles(scene.store.root)).toEqual([handle]);
      await caller.download(handle, true);
      await untilExchanged(scene.store.root);
    },
  );

  it('with a name that is none stores nothing', async () => {
    const directory = join(place, 'unpacked');
    execFileSync('mkdir', [directory]);
    execFileSync('tar', ['-xf', archive, '-C', directory]);
    const manifest = join(directory, 'manifest.json');
    const [item] = JSON.parse(await readFile(manifest, 'utf8')) as object[];
    await writeFile(manifest, JSON.stringify([item, { ...item, RepoTags: ['UPPER:1'] }]));
    execFileSync('tar', ['-cf', archive, '-C', directory, '.']);
    await expect(scene.daemon.call('LoadImage', parameters(archive))).rejects.toMatchObject({
      reason: expect.stringMatching(/^error pulling "": .*UPPER:1.*repository name must be lowercase$/),
    });
    expect(await imageRecords(scene.store.root)).toEqual([]);
    await expect(stat(archive)).resolves.toBeDefined();
  });

  it('of the host is for root and the service alone', async () => {
    await chmod(scene.store.directory, 0o755);
    await chmod(scene.daemon.address.replace('unix:', ''), 0o666);
    const link = join(place, 'link');
    await symlink(archive, link);
    for (const path of [archive, link, '/no/such/file']) {
      expect(
        askAs(65534, scene.daemon.address, { method: 'io.podman.LoadImage', parameters: parameters(path) }),
      ).toEqual({
        error: 'io.podman.ErrorOccurred',
        parameters: { reason: expect.stringMatching(`^open ${path}: permission denied`) },
      });
      expect(
        askAs(65534, scene.daemon.address, {
          method: 'io.podman.PullImage',
          parameters: { name: `docker-archive:${path}` },
        }),
      ).toMatchObject({ error: 'io.podman.ErrorOccurred' });
    }
    expect(await imageRecords(scene.store.root)).toEqual([]);
  });

  it('whose caller hangs up leaves nothing', async () => {
    for (let round = 0; round < 4; round += 1) {
      using caller = new OldClient(scene.daemon.address);
      const handle = await caller.upload(await readFile(archive));
      caller.send({ method: 'io.podman.LoadImage', parameters: parameters(handle), more: true });
      await caller.next();
      await sleep(round * 3);
      caller.socket.destroy();
    }
    await untilExchanged(scene.store.root);
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

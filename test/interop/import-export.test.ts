// ImportImage beside podman's import, and ExportImage.
import { gzipSync } from 'node:zlib';
import { copyFile, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildTar } from '../peers/sample-image.js';
import { eventsOf } from './support/events.js';
import { Imaged } from './support/imaged.js';
import { OldClient, untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { output } from './support/process.js';
import { imageRecords, untidiness } from './support/store-content.js';

jest.setTimeout(120_000);

let store: PeerStore;
let daemon: Imaged;
let tar: string;

beforeEach(async () => {
  store = await PeerStore.create();
  daemon = await Imaged.start(store);
  tar = join(store.directory, 'rootfs.tar');
  await writeFile(
    tar,
    await buildTar([
      { name: 'etc/', type: 'directory', mode: 0o755 },
      { name: 'etc/name', content: 'imported' },
    ]),
  );
  await utimes(tar, 1_600_000_000, 1_600_000_000.25);
});

afterEach(async () => {
  await daemon.close();
  await store.close();
});

function importImage(source: string, rest: object = {}): Promise<{ image: string }> {
  const none = { reference: '', message: '', changes: [], delete: false };
  return daemon.call('ImportImage', { ...none, ...rest, source });
}

async function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    ({ error, reason }: { error: string; reason: string }) => [error, reason],
  );
}

const changes = [
  'USER=alice',
  'EXPOSE 80',
  'EXPOSE=53/UDP',
  'ENV=A=b',
  'ENV A=c <d>',
  'ENTRYPOINT ["/a","b"]',
  'CMD=/bin/run it',
  'VOLUME /v /w',
  'WORKDIR /x',
  'WORKDIR y',
  'LABEL k=v w',
  'STOPSIGNAL SIGTERM',
  'ONBUILD RUN x',
]
  .filter((change) => !change.startsWith('CMD='))
  .concat('CMD /bin/run it');

describe('an imported image', () => {
  it.each(['plain', 'gzip'])('of a %s tar is podman to the byte: the same id and digest', async (form) => {
    if (form === 'gzip') await writeFile(tar, gzipSync(await readFile(tar)));
    const message = 'from <there>';
    const { image } = await importImage(tar, { reference: 'imp:1', message, changes });
    const [record] = await imageRecords(store.root);
    const flags = changes.flatMap((change) => ['--change', change]);
    const other = await PeerStore.create();
    try {
      const id = await other.podmanOutput('import', '-q', '-m', message, ...flags, tar, 'imp:1');
      expect(`sha256:${image}`).toBe(id);
      const [theirs] = await imageRecords(other.root);
      expect(record).toMatchObject({ names: ['localhost/imp:1'], id: theirs?.id });
      const digestOf = (peer: PeerStore): Promise<string> =>
        peer.podmanOutput('image', 'inspect', '--format', '{{.Digest}} {{.Config}} {{.History}}', 'imp:1');
      expect(await digestOf(store)).toBe(await digestOf(other));
    } finally {
      await other.close();
    }
    expect(await untidiness(store.root)).toEqual([]);
  });

  it.each(['xz', 'bzip2', 'zstd'])(
    'of a tar with %s has the content, and its manifest says gzip',
    async (program) => {
      const { image: plain } = await importImage(tar);
      const packed = join(store.directory, 'packed');
      await copyFile(tar, packed);
      await writeFile(
        packed,
        Buffer.from(await output('sh', ['-c', `${program} -c "$0" | base64`, tar]), 'base64'),
      );
      await utimes(packed, 1_600_000_000, 1_600_000_000.25);
      const { image } = await importImage(packed);
      // The config speaks of the tar.
      expect(image).toBe(plain);
      expect(await untidiness(store.root)).toEqual([]);
    },
  );

  it('can be run from by podman, and is told of in the events', async () => {
    const { image } = await importImage(tar, { reference: 'example.com/imp' });
    const mount = await store.podmanOutput('image', 'mount', image);
    expect(await readFile(join(mount, 'etc/name'), 'utf8')).toBe('imported');
    await store.podmanOutput('image', 'unmount', image);
    expect(await eventsOf(store)).toEqual([`import example.com/imp:latest ${image}`]);
  });

  it('may be made of an empty file', async () => {
    await writeFile(tar, '');
    const { image } = await importImage(tar);
    expect(image).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is made of an upload as callers of 2020 do it, which is then gone', async () => {
    using caller = new OldClient(daemon.address);
    const handle = await caller.upload(await readFile(tar));
    const parameters = { source: handle, reference: '', message: '', changes: [], delete: true };
    const { parameters: reply } = await caller.call<{ parameters: { image: string } }>(
      'ImportImage',
      parameters,
    );
    expect(reply.image).toMatch(/^[0-9a-f]{64}$/);
    await untilExchanged(store.root);
  });

  it('takes the file of the host with it if it is told to, but only when all went well', async () => {
    const bad = await reasonOf(importImage(tar, { delete: true, reference: 'UPPER' }));
    expect(bad).toEqual(['io.podman.ErrorOccurred', 'repository name must be lowercase']);
    expect(await readdir(store.directory)).toContain('rootfs.tar');
    await importImage(tar, { delete: true });
    expect(await readdir(store.directory)).not.toContain('rootfs.tar');
  });
});

describe('an import that fails', () => {
  it('says why, and leaves nothing', async () => {
    const directory = join(store.directory, 'directory');
    await mkdir(directory);
    const broken = join(store.directory, 'broken');
    await writeFile(broken, 'no tar at all, but longer than a block'.repeat(40));
    const missing = join(store.directory, 'missing');
    expect(await reasonOf(importImage(tar, { changes: ['FOO x'] }))).toEqual([
      'io.podman.ErrorOccurred',
      'invalid change "FOO x" - invalid instruction FOO',
    ]);
    expect(await reasonOf(importImage(missing))).toEqual([
      'io.podman.ErrorOccurred',
      `error parsing image name "${missing}": error opening "${missing}": open ${missing}: no such file or directory`,
    ]);
    expect(await reasonOf(importImage(directory))).toEqual([
      'io.podman.ErrorOccurred',
      `error reading "${directory}": read ${directory}: is a directory`,
    ]);
    expect(await reasonOf(importImage(broken))).toEqual(['io.podman.ErrorOccurred', expect.any(String)]);
    expect(await imageRecords(store.root)).toEqual([]);
    expect(await untidiness(store.root)).toEqual([]);
  });
});

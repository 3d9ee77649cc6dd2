// Files of unknown length through the connection: whole or not at all, with bounded memory, and no copy where none is needed.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { connect, IoImagedClient, IoPodmanClient, type Connection } from '../../client/index.js';
import { readFile, readFrame, writeFrame } from '../../src/rpc/frames.js';
import { buildTar } from '../peers/sample-image.js';
import { exchangedFiles, untilExchanged } from './support/old-client.js';
import { run } from './support/process.js';
import { Scene } from './support/scene.js';

jest.setTimeout(60_000);

const MiB = 1024 * 1024;
const program = join(process.cwd(), 'dist', 'imagectl.js');
const large = 'localhost/large:1';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ args: ['--build-context-size', '1m'] });
});

afterAll(async () => {
  await untilExchanged(scene.store.root);
  await scene.close();
});

/** A line of sh in which `imagectl` is ours, with no directory for temporary files. */
async function shell(line: string): Promise<readonly [number | null, string, string]> {
  const env = { ...process.env, TMPDIR: '/nowhere', IMAGED_ADDRESS: scene.daemon.address };
  const text = `imagectl() { '${process.execPath}' '${program}' "$@"; }; ${line}`;
  const { code, stdout, stderr } = await run('sh', ['-c', text], { env });
  return [code, stdout, stderr];
}

async function client(): Promise<Connection> {
  return await connect(scene.daemon.address);
}

async function begin(connection: Connection, content: 'archive' | 'context' = 'archive') {
  return await new IoImagedClient(connection).uploadUpgrade({ content });
}

describe('an image of 200 MB', () => {
  const size = 200 * MiB;

  beforeAll(async () => {
    const header = `mkdir -p ${scene.store.directory}/t; cd ${scene.store.directory}/t; truncate -s ${size} zeros`;
    const [code, , stderr] = await shell(`${header}; tar -c zeros | imagectl import - large:1`);
    if (code !== 0) throw new Error(stderr);
  });

  it('is sent while it is made: the service keeps no file, and no more memory than for a small one', async () => {
    await using connection = await client();
    const before = await scene.daemon.peakRss();
    const { raw, release } = await new IoImagedClient(connection).downloadUpgrade({ name: large });
    let bytes = 0;
    let kept: readonly string[] = ['nobody has looked'];
    for await (const piece of readFile(raw, () => undefined)) {
      if (bytes < 100 * MiB && bytes + piece.length >= 100 * MiB)
        kept = await exchangedFiles(scene.store.root);
      bytes += piece.length;
    }
    release();
    expect(kept).toEqual([]);
    expect(bytes).toBeGreaterThan(size);
    expect((await scene.daemon.peakRss()) - before).toBeLessThan(100 * MiB);
    // Calls go on behind it.
    expect(await new IoPodmanClient(connection).imageExists({ name: large })).toEqual({ exists: 0 });
  });

  it('goes through two pipes without a temporary file of imagectl, and podman reads what was saved', async () => {
    const line = `imagectl save -q ${large} | tee ${scene.store.directory}/saved.tar | imagectl load -q`;
    expect(await shell(line)).toEqual([0, `Loaded image: ${large}\n`, '']);
    const names = await scene.store.skopeoOutput(
      'inspect',
      '--format',
      '{{len .Layers}}',
      `docker-archive:${scene.store.directory}/saved.tar`,
    );
    expect(names).toBe('1');
  });

  it('ends with its reader, wherever that is', async () => {
    for (const wanted of [1, 3 * MiB, 70 * MiB]) {
      const connection = await client();
      const { raw } = await new IoImagedClient(connection).downloadUpgrade({ name: large });
      let bytes = 0;
      for await (const piece of readFile(raw, () => undefined)) {
        bytes += piece.length;
        if (bytes >= wanted) break;
      }
      await connection.close();
    }
    await using other = await client();
    let running: readonly unknown[] = [];
    for await (const { operations } of new IoImagedClient(other).watchOperationsMore({})) {
      running = operations;
      if (operations.length === 0) break;
    }
    expect(running).toEqual([]);
  });
});

describe('an upload', () => {
  it('that ends without a word leaves nothing, wherever it ends', async () => {
    for (const bytes of [0, 1, 300, 70_000, 3 * MiB]) {
      for (const content of ['archive', 'context'] as const) {
        const connection = await client();
        const { raw } = await begin(connection, content);
        if (bytes > 0) await writeFrame(raw, 'd', Buffer.alloc(bytes));
        await connection.close();
      }
    }
    await untilExchanged(scene.store.root);
    expect(await exchangedFiles(scene.store.root)).toEqual([]);
  });

  it('that is given up leaves nothing, and calls go on', async () => {
    await using connection = await client();
    const { raw, reply, release } = await begin(connection);
    await writeFrame(raw, 'd', Buffer.from('half'));
    await writeFrame(raw, 'x');
    release();
    await expect(
      new IoPodmanClient(connection).importImage({
        source: reply.handle,
        reference: 'half:1',
        message: '',
        changes: [],
        delete: true,
      }),
    ).rejects.toThrow(/no such file|neither sent/);
    expect(await exchangedFiles(scene.store.root)).toEqual([]);
  });

  it('of a context is unpacked as it comes, and there is no tar of it', async () => {
    await using connection = await client();
    const { raw, reply, release } = await begin(connection, 'context');
    const tar = await buildTar([
      { name: 'Dockerfile', content: 'FROM scratch\nCOPY a /\n' },
      { name: 'a', content: 'a' },
    ]);
    await writeFrame(raw, 'd', tar);
    await writeFrame(raw, 'e');
    expect(await readFrame(raw)).toEqual({ kind: 'e', length: 0 });
    release();
    expect(await exchangedFiles(scene.store.root)).toEqual([`${reply.handle}.work`]);
    expect((await readdir(`${reply.handle}.work`)).toSorted()).toEqual(['Dockerfile', 'a']);
    const building = new IoImagedClient(connection).buildMore({ context: { archive: reply.handle } });
    let id = '';
    for await (const step of building) id = step.id;
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await exchangedFiles(scene.store.root)).toEqual([]);
  });

  it('that is larger than allowed, or no tar, is refused at once in words', async () => {
    const { directory } = scene.store;
    await shell(`mkdir ${directory}/big; head -c 3m /dev/urandom > ${directory}/big/file`);
    await shell(`echo 'FROM scratch' > ${directory}/big/Dockerfile`);
    expect(await shell(`tar -c -C ${directory}/big . | imagectl build -`)).toEqual([
      125,
      '',
      'Error: "./file": the context has more than 1048576 bytes\n',
    ]);
    await using connection = await client();
    const { raw, release } = await begin(connection, 'context');
    await writeFrame(raw, 'd', Buffer.alloc(5000, 'no tar'));
    await writeFrame(raw, 'e');
    const { kind } = await readFrame(raw);
    expect(kind).toBe('x');
    release();
  });

  it.each([
    ['a letter that is none', Buffer.from('q\0\0\0\0')],
    ['an end that has bytes', Buffer.from('e\0\0\0\x05hello')],
    ['a line of a log', Buffer.from('l\0\0\0\x02hi')],
    ['a reason of 4 GB', Buffer.from('x\xff\xff\xff\xff', 'latin1')],
  ])('with %s ends the connection and leaves nothing', async (_, bytes) => {
    await using connection = await client();
    const { raw } = await begin(connection);
    await raw.write(bytes);
    await expect(readFrame(raw)).rejects.toThrow('ended');
    await untilExchanged(scene.store.root);
  });
});

it('says in words why an image cannot be had', async () => {
  expect(await shell('imagectl save no-such-image > /dev/null')).toEqual([
    125,
    '',
    expect.stringMatching(/^Error: .*no-such-image/),
  ]);
});

// imagectl, imaged and podman on one store: the two command lines must say the same.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage } from '../peers/sample-image.js';
import { buildShellImage } from '../peers/shell-image.js';
import { type Finished, run } from './support/process.js';
import { Scene } from './support/scene.js';
import { layerRecords, untidiness } from './support/store-content.js';
import { onTerminal } from './support/terminal.js';

jest.setTimeout(60_000);

const program = join(process.cwd(), 'dist', 'imagectl.js');

let scene: Scene;
let shell: string;
let labelled: string;
/** Pulled by its digest. */
let digested: string;
/** The id of an image without names. */
let untagged: string;

function imagectl(...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], IMAGED_ADDRESS: scene.daemon.address },
  });
}

beforeAll(async () => {
  scene = await Scene.open();
  shell = scene.serve('shell', await buildShellImage());
  labelled = scene.serve(
    'labelled',
    await buildImage({
      format: 'docker',
      layers: [[{ name: 'a', content: 'a' }]],
      created: '2024-03-01T00:00:00Z',
      config: { Labels: { b: '<two>', a: 'one', z: '' } },
      history: [{ created: '2024-03-01T00:00:00Z', created_by: `RUN ${'x'.repeat(60)}`, comment: 'a & b' }],
    }),
  );
  const image = await buildImage({ layers: [[{ name: 'd' }]] });
  scene.serve('digested', image);
  digested = `${scene.registry.host}/test/digested@${image.digest}`;
  const unnamed = scene.serve('unnamed', await buildImage({ layers: [[{ name: 'u' }]] }));
  const { stdout } = await imagectl('pull', '--quiet', shell, labelled, digested, unnamed);
  untagged = stdout.trim().split('\n').at(-1) ?? '';
  await imagectl('untag', unnamed);
  await imagectl('tag', labelled, 'second', 'localhost/third:3');
});

afterAll(() => scene?.close());

describe('prints what podman prints', () => {
  it.each([
    'images',
    'images --all',
    'images --digests --no-trunc',
    'images -q',
    'images -q --no-trunc',
    'images -n --sort=id',
    'images -n --sort=size',
    'images -n --sort=repository',
    'images -n --sort=tag',
    'images -n labelled',
    'images -n second',
    'images -n */test/*',
    'images -n nothing',
    'images --filter dangling=true',
    'images --filter label=z -q',
    'image ls --noheading=true',
    'history SHELL',
    'history --no-trunc LABELLED',
    'history -q LABELLED',
    'history -H=false LABELLED',
    'history --format json LABELLED',
    'image history second',
    'image inspect SHELL',
    'inspect LABELLED SHELL',
    'inspect DIGESTED',
    'inspect UNTAGGED',
    'history UNTAGGED',
    'images DIGESTED',
    'image exists SHELL',
    'image exists nothing',
    'images a b',
    'images --nonsense',
    'history',
    'tag SHELL',
    'untag',
    'rmi',
    'rmi -a x',
    'rmi -i nothing',
    'image exists',
    'image inspect',
    'pull',
  ])('for `%s`', async (line) => {
    const names = new Map([
      ['SHELL', shell],
      ['LABELLED', labelled],
      ['DIGESTED', digested],
      ['UNTAGGED', untagged],
    ]);
    const args = line.split(' ').map((word) => names.get(word) ?? word);
    const ours = await imagectl(...args);
    const theirs = await scene.store.podman(args);
    expect([ours.stdout, ours.stderr.replaceAll('imagectl', 'podman'), ours.code]).toEqual([
      theirs.stdout,
      theirs.stderr,
      theirs.code,
    ]);
  });

  it('as JSON, but for the names that images once had', async () => {
    type Entry = Record<string, unknown>;
    const entries = (text: string): Entry[] =>
      (JSON.parse(text) as Entry[]).map((entry) => Object.assign(entry, { History: undefined }));
    const ours = await imagectl('images', '--format', 'json');
    const theirs = await scene.store.podmanOutput('images', '--format', 'json');
    expect(entries(ours.stdout)).toEqual(entries(theirs));
  });

  it.each(['history nothing', 'rmi nothing', 'tag nothing x', 'untag nothing', 'image inspect nothing'])(
    'as its exit code for `%s`',
    async (line) => {
      const ours = await imagectl(...line.split(' '));
      const theirs = await scene.store.podman(line.split(' '));
      expect(ours.code).toBe(theirs.code);
      expect(ours.stderr).toMatch(/^Error: .*nothing.*\n$/);
    },
  );
});

describe('tag, untag and rmi', () => {
  it('do to the store what podman sees', async () => {
    const name = scene.serve('short-lived', await buildImage({ layers: [[{ name: 's' }]] }));
    const id = (await imagectl('pull', '-q', name)).stdout.trim();
    await imagectl('tag', name, 'other:1', 'other:2');
    await imagectl('untag', name, 'other:1');
    expect(
      await scene.store.podmanOutput('images', '-n', '--format', '{{.Repository}}:{{.Tag}}', 'other'),
    ).toBe(`${name}\nlocalhost/other:2`);
    expect(await imagectl('rmi', 'other:2', name)).toMatchObject({
      stdout: `Untagged: localhost/other:2\nUntagged: ${name}\nDeleted: ${id}\n`,
      stderr: '',
      code: 0,
    });
    expect(await scene.store.podmanOutput('images', '-q', '--no-trunc')).not.toContain(id);
  });

  it('refuse an image that a container of podman uses, with exit code 2', async () => {
    await scene.store.podmanOutput('create', '--name', 'user', labelled, '/a');
    const id = (await scene.store.podmanOutput('images', '-q', '--no-trunc', labelled)).replace(
      'sha256:',
      '',
    );
    await imagectl('untag', labelled, 'localhost/second:latest', 'localhost/third:3');
    expect(await imagectl('rmi', id)).toMatchObject({ stdout: '', code: 2 });
    await scene.store.podmanOutput('rm', 'user');
    expect(await imagectl('rmi', id)).toMatchObject({ code: 0 });
  });
});

describe('pull', () => {
  it('prints its log on the way and the id in the end', async () => {
    const image = await buildImage({ layers: [[{ name: 'log', content: 'log' }]] });
    const name = scene.serve('log', image);
    const { stdout, stderr, code } = await imagectl('pull', name);
    expect([stdout, code]).toEqual([`${image.config.digest.replace('sha256:', '')}\n`, 0]);
    expect(stderr.split('\n')).toEqual([
      `Trying to pull ${name}...`,
      'Getting image source signatures',
      ...image.layers.map(({ digest }) => `Copying blob ${digest}`),
      `Copying config ${image.config.digest}`,
      'Writing manifest to image destination',
      'Storing signatures',
      '',
    ]);
  });

  it('goes on with the next image and exits with 125 when one cannot be had', async () => {
    const image = await buildImage({ layers: [[{ name: 'next', content: 'next' }]] });
    const name = scene.serve('next', image);
    const { stdout, stderr, code } = await imagectl('pull', '-q', scene.name('nowhere'), name);
    expect([stdout, code]).toEqual([`${image.config.digest.replace('sha256:', '')}\n`, 125]);
    expect(stderr).toMatch(/^Error: unable to pull .*manifest unknown.*\n$/);
  });

  it('leaves one line for each blob on a terminal', async () => {
    const layers = [[{ name: 'big', content: Buffer.alloc(3_000_000) }], [{ name: 'small', content: 'x' }]];
    const image = await buildImage({ layers, compression: 'none' });
    const name = scene.serve('terminal', image);
    scene.registry.fault = ({ url }) =>
      url.includes(image.layers[0]?.digest ?? '') ? { bytesPerSecond: 4_000_000 } : undefined;
    const terminal = onTerminal(process.execPath, [program, '--url', scene.daemon.address, 'pull', name]);
    expect(await terminal.ended()).toBe(0);
    scene.registry.fault = undefined;
    const short = (digest: string | undefined, length: number): string => digest?.slice(7, 7 + length) ?? '';
    const lines = terminal.screen.text().replace(/(done [\d.]+ [kM]?B).*/g, '$1 RATE');
    expect(lines).toBe(
      [
        `Trying to pull ${name}...`,
        'Getting image source signatures',
        `Copying blob ${short(image.layers[0]?.digest, 12)} done 3 MB RATE`,
        `Copying blob ${short(image.layers[1]?.digest, 12)} done 2.05 kB RATE`,
        `Copying config ${short(image.config.digest, 10)} done ${image.config.size} B RATE`,
        'Writing manifest to image destination',
        'Storing signatures',
        image.config.digest.replace('sha256:', ''),
      ].join('\n'),
    );
    expect(terminal.screen.writes.join('')).toMatch(/\[=+>-+\] [\d.]+ [kM]B \/ 3 MB/);
  });

  it('is given up by Ctrl-C, which leaves nothing in the store', async () => {
    const image = await buildImage({
      layers: [[{ name: 'never', content: Buffer.alloc(100_000) }]],
      compression: 'none',
    });
    const name = scene.serve('interrupted', image);
    const layersBefore = await layerRecords(scene.store.root);
    scene.registry.fault = ({ url }) => (url.includes('/blobs/') ? { stallAfter: 50_000 } : undefined);
    const terminal = onTerminal(process.execPath, [program, '--url', scene.daemon.address, 'pull', name]);
    await terminal.shows(/50 kB|Copying blob/);
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    scene.registry.fault = undefined;
    expect(terminal.screen.text()).not.toContain('Error');
    expect(await layerRecords(scene.store.root)).toEqual(layersBefore);
    expect((await imagectl('image', 'exists', name)).code).toBe(1);
    // What the pull had staged goes a moment after the caller does.
    const deadline = Date.now() + 10_000;
    while ((await untidiness(scene.store.root)).length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await untidiness(scene.store.root)).toEqual([]);
  });
});

describe('without imaged', () => {
  it('says where it looked, in one line', async () => {
    const missing = await run(process.execPath, [program, '--url', 'unix:/nonexistent', 'images']);
    expect([missing.stdout, missing.stderr, missing.code]).toEqual([
      '',
      'Error: cannot connect to imaged at unix:/nonexistent: no such file or directory (start it with `systemctl start imaged.socket`, or say where it is with --url)\n',
      125,
    ]);
  });

  it('does not mind when nobody reads its output to the end', async () => {
    const pipe = `set -o pipefail; "$0" "$1" --url "$2" images --format json | head -c 1`;
    const { stdout, stderr } = await run('bash', [
      '-c',
      pipe,
      process.execPath,
      program,
      scene.daemon.address,
    ]);
    expect([stdout, stderr]).toEqual(['[', '']);
  });
});

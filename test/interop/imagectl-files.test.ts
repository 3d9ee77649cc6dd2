// imagectl's push, save, load, import and search against a service, and podman beside it.
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { buildTar } from '../peers/sample-image.js';
import { untilExchanged } from './support/old-client.js';
import { type Finished, run } from './support/process.js';
import { buildRichImage } from './support/rich-image.js';
import { Scene } from './support/scene.js';
import { imageRecords } from './support/store-content.js';

jest.setTimeout(60_000);

const program = join(process.cwd(), 'dist', 'imagectl.js');

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
  await mkdir(path('tmp'));
  await scene.clear();
  id = await scene.daemon.pull(name);
});

afterEach(async () => {
  await untilExchanged(scene.store.root);
});

afterAll(async () => {
  await scene.close();
});

function imagectl(...args: readonly string[]): Promise<Finished> {
  return shell(`exec "$0" "$@"`, program, ...args);
}

/** A line in which `$0 $@` is imagectl with these arguments. */
function shell(line: string, ...args: readonly string[]): Promise<Finished> {
  const { PATH, TMPDIR } = { PATH: process.env['PATH'], TMPDIR: path('tmp') };
  const env = { PATH, TMPDIR, IMAGED_ADDRESS: scene.daemon.address };
  return run('sh', ['-c', line, process.execPath, ...args], { env });
}

function path(file: string): string {
  return join(place, file);
}

const said = ({ code, stdout }: Finished): unknown => [code, stdout];

describe('save and load', () => {
  it.each(['docker-archive', 'oci-archive'])('carry an image in a file: %s', async (format) => {
    const saved = await imagectl('save', '--format', format, '-o', path('saved.tar'), name);
    expect(said(saved)).toEqual([0, '']);
    expect(saved.stderr).toMatch(/^Getting image source signatures\nCopying blob .*\nStoring signatures\n$/s);
    await imagectl('rmi', name);
    expect(said(await imagectl('load', '-q', '-i', path('saved.tar')))).toEqual([
      0,
      `Loaded image: ${name}\n`,
    ]);
    expect(await imageRecords(scene.store.root)).toHaveLength(1);
    expect((await readdir(place)).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  it('carry an image through a pipe, by way of a file that nobody can see', async () => {
    const line = `"$0" "$@" save -q ${name} | cat | "$0" "$@" load`;
    const piped = await shell(line, program);
    expect(said(piped)).toEqual([0, `Loaded image: ${name}\n`]);
    expect(await readdir(path('tmp'))).not.toContainEqual(expect.stringMatching(/^imagectl-/));
  });

  it('read standard input that is a file as it is, and write standard output', async () => {
    const line = `"$0" "$@" save -q ${name} > ${path('a.tar')} && "$0" "$@" load -q < ${path('a.tar')}`;
    expect(said(await shell(line, program))).toEqual([0, `Loaded image: ${name}\n`]);
  });

  it.each(['oci-dir', 'docker-dir'])('make a directory of the format %s', async (format) => {
    expect((await imagectl('save', '--format', format, '-o', path('saved'), name)).code).toBe(0);
    await scene.store.skopeoOutput(
      'copy',
      '--insecure-policy',
      `dir:${path('saved')}`,
      `dir:${path('copy')}`,
    );
    const again = await imagectl('save', '--format', format, '-o', path('saved'), name);
    expect([again.code, again.stderr]).toEqual([
      125,
      `Error: ${path('saved')}: the directory is not empty\n`,
    ]);
  });

  it('leave what is there alone', async () => {
    await writeFile(path('there'), 'precious');
    const refused = await imagectl('save', '-o', path('there'), name);
    expect([refused.code, refused.stderr]).toEqual([
      125,
      "Error: docker-archive doesn't support modifying existing images\n",
    ]);
    expect(await readFile(path('there'), 'utf8')).toBe('precious');
    const failed = await imagectl('save', '-o', path('new'), 'no-such-image');
    expect(failed.code).toBe(125);
    await expect(stat(path('new'))).rejects.toThrow('ENOENT');
  });

  it("say in podman's words what is wrong", async () => {
    const errors = async (...args: string[]): Promise<string> => (await imagectl(...args)).stderr;
    expect(await errors('save', '--format', 'zip', '-o', 'x', name)).toBe(
      'Error: format value must be one of oci-dir oci-archive docker-dir docker-archive\n',
    );
    expect(await errors('load', '-i', path('missing'))).toBe(
      `Error: open ${path('missing')}: no such file or directory\n`,
    );
    expect(await errors('load', '-i', scene.store.directory)).toBe('Error: only regular files can be sent\n');
  });
});

describe('import', () => {
  it('takes a file or standard input, and prints the id that podman prints', async () => {
    const tar = path('rootfs.tar');
    await writeFile(tar, await buildTar([{ name: 'a', content: 'a' }]));
    const imported = await imagectl(
      'import',
      '-m',
      'why',
      '-c',
      'CMD ["/a"]',
      '--change',
      'ENV=a=b',
      tar,
      'imp:1',
    );
    expect(said(imported)).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)]);
    const format = '{{.Config.Cmd}} {{.Config.Env}} {{.Comment}}';
    expect(await scene.store.podmanOutput('image', 'inspect', '--format', format, 'localhost/imp:1')).toBe(
      '[/a] [a=b] why',
    );
    const piped = await shell(`cat ${tar} | "$0" "$@" import -`, program);
    expect(said(piped)).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)]);
    const bad = await imagectl('import', '-c', 'FOO x', tar);
    expect(bad.stderr).toBe('Error: invalid change "FOO x" - invalid instruction FOO\n');
  });
});

describe('push', () => {
  it('copies to a directory of the host, saying what it does unless it is quiet', async () => {
    const pushed = await imagectl('push', name, `dir:${path('out')}`);
    expect([said(pushed), pushed.stderr]).toEqual([
      [0, ''],
      expect.stringMatching(/\nStoring signatures\n$/),
    ]);
    const quiet = await imagectl('push', '-q', '--format', 'v2s2', id, `dir:${path('out')}`);
    expect([said(quiet), quiet.stderr]).toEqual([[0, ''], '']);
    await mkdir(path('foreign'));
    await writeFile(path('foreign/file'), '');
    const refused = await imagectl('push', '-q', name, `dir:${path('foreign')}`);
    expect(refused.stderr).toMatch(/^Error: .*not a containers image directory/);
  });
});

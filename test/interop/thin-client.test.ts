// The client as a package of its own: packed, installed where nothing else is, and used.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { output, run } from './support/process.js';

jest.setTimeout(60_000);

let store: PeerStore;
let daemon: Imaged;
let directory: string;
let installed: string;

beforeAll(async () => {
  store = await PeerStore.create();
  daemon = await Imaged.start(store);
  directory = await mkdtemp(join(tmpdir(), 'imagectl-package-'));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const cache = join(directory, 'cache');
  await mkdir(cache);
  // An empty cache and no network: what is not in the tarball cannot be had.
  const env = { PATH: process.env['PATH'], HOME: directory, npm_config_cache: cache };
  const npm = (...args: readonly string[]): Promise<string> =>
    output('npm', ['--silent', '--offline', ...args], { env, cwd: directory });
  const name = await npm('pack', '--pack-destination', directory, join(process.cwd(), 'dist', 'imagectl'));
  await npm('install', `./${name.trim()}`);
  installed = join(directory, 'node_modules', 'imagectl');
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
  await rm(directory, { recursive: true, force: true });
});

function imagectl(...args: readonly string[]) {
  const env = { PATH: process.env['PATH'] };
  return run(join(directory, 'node_modules', '.bin', 'imagectl'), ['--url', daemon.address, ...args], {
    env,
  });
}

describe('the package imagectl', () => {
  it('installs alone, small and without anything native', async () => {
    expect((await readdir(join(directory, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      'imagectl',
    ]);
    const files = await readdir(installed, { recursive: true, withFileTypes: true });
    const sizes = files.map((file) => stat(join(file.parentPath, file.name)));
    const bytes = (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeLessThan(1_500_000);
    const kinds = new Set(
      files.filter((file) => file.isFile()).map(({ name }) => /[^.]+$/.exec(name)?.[0] ?? name),
    );
    expect([...kinds].toSorted()).toEqual(['LICENSE', 'js', 'json', 'md', 'ts', 'txt']);
  });

  it('answers, and moves images in and out', async () => {
    const tar = join(directory, 'root.tar');
    await writeFile(join(directory, 'file'), 'content');
    await output('tar', ['-cf', tar, '-C', directory, 'file']);
    expect(await imagectl('import', tar, 'thin:1')).toMatchObject({ code: 0, stderr: '' });
    expect((await imagectl('images')).stdout).toMatch(/^REPOSITORY .*\nlocalhost\/thin +1 /);
    const saved = await imagectl('save', '-q', '-o', join(directory, 'saved.tar'), 'thin:1');
    expect(saved).toMatchObject({ code: 0, stderr: '' });
    expect((await imagectl('--help')).stdout).toMatch(/^Usage: imagectl /);
  });

  it('is a library with types, too', async () => {
    const lines = [
      "import { connect, ImageNotFound, IoPodmanClient, type Image } from 'imagectl';",
      `const connection = await connect('${daemon.address}');`,
      'const podman = new IoPodmanClient(connection);',
      "const found: readonly Image[] | ImageNotFound = await podman.getImage({ id: 'none' }).then(",
      '  ({ image }) => [image],',
      '  (error: unknown) => { if (error instanceof ImageNotFound) return error; throw error; },',
      ');',
      'console.log(found instanceof ImageNotFound && found.parameters.id);',
      'await connection.close();',
    ];
    await writeFile(join(directory, 'use.ts'), lines.join('\n'));
    const options =
      '--strict --module node16 --moduleResolution node16 --target es2022 --exactOptionalPropertyTypes';
    const roots = ['--types', 'node', '--typeRoots', join(process.cwd(), 'node_modules', '@types')];
    const tsc = join(process.cwd(), 'node_modules', '.bin', 'tsc');
    const compiled = await run(tsc, [...options.split(' '), ...roots, 'use.ts'], { cwd: directory });
    expect([compiled.stdout, compiled.code]).toEqual(['', 0]);
    const used = await run(process.execPath, ['use.js'], { cwd: directory });
    expect([used.stdout, used.stderr]).toEqual(['none\n', '']);
  });

  it('has the version of imaged, and the licenses of what is in it', async () => {
    const manifest = async (file: string): Promise<{ version: string }> =>
      JSON.parse(await readFile(file, 'utf8')) as { version: string };
    expect((await manifest(join(installed, 'package.json'))).version).toBe(
      (await manifest('package.json')).version,
    );
    expect((await imagectl('--version')).stdout).toContain((await manifest('package.json')).version);
    const licenses = await readFile(join(installed, 'licenses.txt'), 'utf8');
    expect(licenses).toMatch(/^commander .*\(MIT\)$/m);
    expect(licenses).toContain('Copyright (c) 2011 TJ Holowaychuk');
  });
});

describe('its command line', () => {
  it('reads only what a command needs', async () => {
    const script = join(installed, 'imagectl.js');
    const opened = async (...args: readonly string[]): Promise<string[]> => {
      const trace = join(directory, 'trace');
      const words = ['-f', '-e', 'trace=openat', '-o', trace, process.execPath, script, ...args];
      expect((await run('strace', words)).code).toBe(0);
      const lines = (await readFile(trace, 'utf8')).matchAll(/"[^"]*\/imagectl\/([^"]+\.js)"[^)]*\) = \d/g);
      return [...lines].map(([, name = '']) => name.replace(/-[\w-]{8}\.js$/, ''));
    };
    expect(await opened('--version')).toEqual(['imagectl.js', 'parts/version']);
    const files = await opened('--url', daemon.address, 'images');
    expect(files).toContain('parts/images');
    expect(files).not.toContain('parts/build');
    expect(files.filter((name) => /pull|tar-fs|jsonrpc/.test(name))).toEqual([]);
  });
});

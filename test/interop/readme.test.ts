// What README.md says is run: the quickstart's transcript, the commands, the options and the links.
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildShellImage } from '../peers/shell-image.js';
import { putImage } from '../peers/sample-image.js';
import { Imaged, imagedProgram } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { type Finished, output, run } from './support/process.js';
import { Scene } from './support/scene.js';

jest.setTimeout(120_000);

const directory = process.cwd();
let readme: string;

beforeAll(async () => {
  readme = await readFile(join(directory, 'README.md'), 'utf8');
});

/** The contents of the fenced blocks of one language. */
function blocks(language: string, page = readme): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );
}

/** What of a transcript is the same on every machine and in every run. */
function lasting(transcript: string): string[] {
  return transcript
    .replace(/\/tmp\/imaged-quickstart-\w+/g, 'DIRECTORY')
    .replace(/127\.0\.0\.1:\d+/g, 'REGISTRY')
    .replace(/[0-9a-f]{11,64}/g, 'HEX')
    .replace(/[\d.]+ [kMG]?B\b/g, 'SIZE')
    .replace(/(?:Less than a second|About a \w+|\d+ \w+) ago/g, 'AGE')
    .replace(/--runtime \w+ /g, '')
    .replace(/ +/g, ' ')
    .split('\n')
    .map((line) => line.trimEnd());
}

describe('the quickstart', () => {
  it('goes as the README shows it, and leaves nothing behind', async () => {
    const [shown = ''] = blocks('console');
    const before = await output('sh', ['-c', 'ls -d /tmp/imaged-quickstart-* 2>/dev/null || true']);
    const script = 'exec "$0" dist/test/peers/quickstart.js 2>&1';
    const actual = lasting(await output('sh', ['-c', script, process.execPath], { cwd: directory }));
    // Three dots stand for lines that are left out.
    for (const part of lasting(shown).join('\n').trimEnd().split('\n...\n')) {
      expect(actual.join('\n')).toContain(part);
    }
    expect(await output('sh', ['-c', 'ls -d /tmp/imaged-quickstart-* 2>/dev/null || true'])).toBe(before);
  });
});

describe('the commands for the real store', () => {
  let scene: Scene;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    scene = await Scene.open();
    putImage(scene.registry, 'library/busybox', 'latest', await buildShellImage());
    // The same names, and a registry that is at hand.
    await writeFile(
      scene.store.registriesConf,
      `[[registry]]\nprefix = "docker.io"\nlocation = "${scene.registry.host}"\ninsecure = true\n`,
    );
    environment = { ...scene.store.environment, IMAGED_ADDRESS: scene.daemon.address };
  });
  afterAll(() => scene?.close());

  function shell(line: string): Promise<Finished> {
    const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');
    const functions = [
      `imagectl() { ${quoted([process.execPath, join(directory, 'dist', 'imagectl.js')])} "$@"; }`,
      `podman() { command podman ${quoted(scene.store.podmanOptions())} "$@"; }`,
    ];
    return run('bash', ['-c', [...functions, line].join('\n')], { env: environment });
  }

  it('all succeed, one after the other', async () => {
    const block = blocks('sh').find((text) => text.includes('imagectl pull')) ?? '';
    const lines = block.split('\n').filter((line) => /^(?:imagectl|podman) /.test(line));
    expect(lines).toHaveLength(5);
    const printed: string[] = [];
    for (const line of lines) {
      const { code, stdout, stderr } = await shell(line);
      expect([line, code, code === 0 ? '' : stdout + stderr]).toEqual([line, 0, '']);
      printed.push(stdout);
    }
    expect(printed[3]).toBe(await output('uname', ['-m']));
    expect((await shell('imagectl images -q')).stdout).toBe('');
  });

  it('can be had from any varlink client', async () => {
    const block = blocks('sh').find((text) => text.startsWith('python3')) ?? '';
    const path = scene.daemon.address.replace('unix:', '');
    const { stdout, stderr } = await shell(block.replace('/run/imaged/io.podman', path));
    expect([stdout.includes("'remote_api_version': 1"), stderr]).toEqual([true, '']);
  });
});

describe('JSON-RPC', () => {
  it('is spoken as the README shows it', async () => {
    const store = await PeerStore.create();
    const socket = join(store.directory, 'jsonrpc');
    const daemon = await Imaged.start(store, { args: ['--jsonrpc', `unix:${socket}`] });
    try {
      const block = blocks('sh').find((text) => text.startsWith('python3 - /run/imaged/jsonrpc')) ?? '';
      const { stdout, stderr } = await run('bash', ['-c', block.replace('/run/imaged/jsonrpc', socket)]);
      expect([[stdout], stderr]).toEqual([blocks('json'), '']);
    } finally {
      await daemon.close();
      await store.close();
    }
  });
});

describe('the page on mirrors', () => {
  it('has a configuration by which a mirror is asked, and the image keeps its name', async () => {
    const page = await readFile(join(directory, 'docs', 'mirrors.md'), 'utf8');
    const configuration = blocks('toml', page)[0] ?? '';
    const scene = await Scene.open();
    try {
      const image = await buildShellImage();
      putImage(scene.registry, 'hub/library/busybox', 'latest', image);
      const mirror = `"${scene.registry.host}/hub"\ninsecure = true`;
      await writeFile(
        scene.store.registriesConf,
        configuration.replace('"mirror.example.com:5000/hub"', mirror),
      );
      const id = await scene.daemon.pull('docker.io/library/busybox');
      expect(id).toBe(image.config.digest.replace('sha256:', ''));
      expect(await scene.store.podmanOutput('images', '-n', '--format', '{{.Repository}}')).toBe(
        'docker.io/library/busybox',
      );
    } finally {
      await scene.close();
    }
  });
});

describe('the reference', () => {
  it('has the options that imaged has', async () => {
    expect(blocks('text')).toContain(await output(process.execPath, [imagedProgram, '--help']));
  });

  it('has the commands and flags that imagectl has', async () => {
    const imagectl = (...args: readonly string[]): Promise<string> =>
      output(process.execPath, [join(directory, 'dist', 'imagectl.js'), ...args]);
    const rows = [...readme.matchAll(/^\| (`[a-z]+`(?:, `[a-z ]+`)*) \|(.*)\|$/gm)];
    const documented = rows.map(([, commands = '', flags = '']) => ({
      commands: [...commands.matchAll(/`([^`]+)`/g)].map(([, command = '']) => command),
      flags: [...flags.matchAll(/--?[a-z-]+|-[A-Z]\b/gi)].map(([flag]) => flag),
    }));
    const commands = [...(await imagectl('--help')).matchAll(/^ {2}([a-z]+)(?:, [a-z]+)? {2,}/gm)];
    const names = commands.map(([, name = '']) => name).filter((name) => name !== 'help' && name !== 'image');
    expect(documented.flatMap((row) => row.commands).toSorted()).toEqual(expect.arrayContaining(names));
    for (const { commands: spelled, flags } of documented) {
      for (const command of spelled) {
        const help = await imagectl(...command.split(' '), '--help');
        for (const flag of flags) expect([command, help]).toEqual([command, expect.stringContaining(flag)]);
      }
    }
  });

  it('links to files that are there', async () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) await access(join(directory, link));
  });
});

// The commands of docs/transports.md are run as they stand there, with a registry that is at hand.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildImage, buildIndex, goArchitecture, putIndex } from '../peers/sample-image.js';
import { run } from './support/process.js';
import { Scene } from './support/scene.js';

jest.setTimeout(120_000);

let scene: Scene;
let commands: readonly string[];

beforeAll(async () => {
  const page = await readFile(join(process.cwd(), 'docs', 'transports.md'), 'utf8');
  commands = (/^```sh\n([^]*?)^```/m.exec(page)?.[1] ?? '').split('\n').filter((line) => line !== '');
  scene = await Scene.open();
  const layers = [[{ name: 'hello', content: 'hello' }]];
  const own = await buildImage({ layers });
  const other = await buildImage({
    layers,
    architecture: goArchitecture() === 'arm64' ? 'amd64' : 'arm64',
  });
  putIndex(scene.registry, 'library/busybox', 'latest', buildIndex([own, other]), [own, other]);
  await writeFile(
    scene.store.registriesConf,
    `[[registry]]\nprefix = "docker.io"\nlocation = "${scene.registry.host}"\ninsecure = true\n`,
  );
});
afterAll(() => scene?.close());

describe('the page on transports', () => {
  it('has commands that all succeed, one after the other', async () => {
    expect(commands).toHaveLength(6);
    const program = [process.execPath, join(process.cwd(), 'dist', 'imagectl.js')];
    const imagectl = `imagectl() { ${program.map((word) => `'${word}'`).join(' ')} "$@"; }`;
    const env = { ...scene.store.environment, IMAGED_ADDRESS: scene.daemon.address };
    for (const command of commands) {
      const line = command.replaceAll('/tmp/', `${scene.store.directory}/`);
      const { code, stdout, stderr } = await run('bash', ['-c', `${imagectl}\n${line}`], { env });
      expect([command, code, code === 0 ? '' : stderr]).toEqual([command, 0, '']);
      expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    }
    const images = await scene.store.podmanOutput('images', '-n', '--format', '{{.Repository}}:{{.Tag}}');
    expect(images.split('\n').toSorted()).toEqual(['localhost/box:1', 'localhost/box:arm64']);
  });
});

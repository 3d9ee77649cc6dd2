// The commands of docs/build.md are run as they stand there.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { run } from './support/process.js';

jest.setTimeout(120_000);

let store: PeerStore;
let daemon: Imaged;
let page: string;

beforeAll(async () => {
  page = await readFile(join(process.cwd(), 'docs', 'build.md'), 'utf8');
  store = await PeerStore.create();
  daemon = await Imaged.start(store);
});

afterAll(async () => {
  await daemon?.close();
  await store?.close();
});

const program = [process.execPath, join(process.cwd(), 'dist', 'imagectl.js')];

describe('the page on builds', () => {
  it('has commands that all succeed, one after the other', async () => {
    const commands = (/^```sh\n([^]*?)^```/m.exec(page)?.[1] ?? '').split('\n').filter((line) => line !== '');
    expect(commands).toHaveLength(9);
    const imagectl = `set -o pipefail; imagectl() { ${program.map((word) => `'${word}'`).join(' ')} "$@"; }`;
    const env = { ...store.environment, IMAGED_ADDRESS: daemon.address };
    for (const command of commands) {
      const line = command.replaceAll('/tmp/', `${store.directory}/`);
      const { code, stderr } = await run('bash', ['-c', `${imagectl}\n${line}`], { env });
      expect([command, code, stderr]).toEqual([command, 0, '']);
    }
    const images = await store.podmanOutput('images', '-n', '--format', '{{.Repository}}:{{.Tag}}');
    const names = images.split('\n').filter((name) => !name.startsWith('<none>'));
    expect(names.toSorted()).toEqual(
      ['2', 'docker', 'latest', 'more', 'sent'].map((tag) => `localhost/app:${tag}`),
    );
    expect(await readFile(join(store.directory, 'app.id'), 'utf8')).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('names only flags that there are', async () => {
    const { stdout: help } = await run(program[0] ?? '', [program[1] ?? '', 'build', '--help']);
    const { stdout: daemonHelp } = await run(program[0] ?? '', [
      join(process.cwd(), 'dist', 'imaged.js'),
      '--help',
    ]);
    const flags = new Set(page.match(/(?<=[ `(])--[a-z][a-z-]+/g));
    expect(flags.size).toBeGreaterThan(20);
    // Named as one that is not offered, and as RUN's own.
    for (const known of ['--creds', '--from', '--mount', '--security']) flags.delete(known);
    const missing = [...flags].filter((flag) => !help.includes(flag) && !daemonHelp.includes(flag));
    expect(missing).toEqual([]);
  });
});

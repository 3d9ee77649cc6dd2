// The package as others get it: packed, unpacked into an empty folder, and used by the names that docs/client.md lists.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { output, run } from './support/process.js';

jest.setTimeout(120_000);

/** What the client library may load beside Node itself; nothing of it is native. */
const allowed =
  'inherits json-rpc-2.0 json-stringify-safe minimist ndjson readable-stream safe-buffer split2 string_decoder through through2 util-deprecate';
const modules = join(process.cwd(), 'node_modules');

let directory: string;
let page: string;
/** The archive that `npm pack` made. */
let packed: string;

beforeAll(async () => {
  page = await readFile('docs/client.md', 'utf8');
  directory = await mkdtemp(join(tmpdir(), 'imaged-package-'));
  const unpacked = join(directory, 'node_modules', 'imaged');
  await mkdir(unpacked, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const env = { ...process.env, npm_config_loglevel: 'error' };
  const name = await output('npm', ['pack', '--silent', '--pack-destination', directory], { env });
  packed = join(directory, name.trim());
  await output('tar', ['-xzf', packed, '-C', unpacked, '--strip-components=1']);
  for (const module of allowed.split(' '))
    await symlink(join(modules, module), join(directory, 'node_modules', module)).catch(() => {});
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Compiles TypeScript as strictly as can be, with the module resolution of Node 16 and newer. */
async function compile(file: string): Promise<void> {
  const types = join(directory, 'node_modules', '@types', 'node');
  await mkdir(dirname(types), { recursive: true });
  await symlink(join(modules, '@types', 'node'), types).catch(() => {});
  const options = ['--strict', '--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022'];
  const { stdout, code } = await run(
    join(modules, '.bin', 'tsc'),
    [...options, '--exactOptionalPropertyTypes', '--types', 'node', file],
    { cwd: directory },
  );
  expect([stdout, code]).toEqual(['', 0]);
}

describe('the packed package', () => {
  it('has every name that the page lists, for Node and for TypeScript', async () => {
    const listed = [...page.matchAll(/`(imaged(?:\/[\w/-]+)?)`/g)].map(([, name]) => name);
    const names = [
      ...new Set(listed),
      'imaged/interfaces/io-imaged',
      'imaged/interfaces/org-varlink-service',
    ];
    expect(names).toContain('imaged/rpc/jsonrpc');
    const lines = names.map((name, index) => `import * as module${index} from '${name}';`);
    const uses = names.map((_, index) => `console.log(Object.keys(module${index}).length > 0);`);
    await writeFile(join(directory, 'names.ts'), [...lines, ...uses].join('\n'));
    await compile('names.ts');
    const { stdout, stderr } = await run(process.execPath, ['names.js'], { cwd: directory });
    expect([stdout, stderr]).toEqual(['true\n'.repeat(names.length), '']);
  });

  it('has programs that start', async () => {
    for (const program of ['imagectl', 'imaged-idl']) {
      const path = join(directory, 'node_modules', 'imaged', 'dist', `${program}.js`);
      await symlink(join(modules, 'commander'), join(directory, 'node_modules', 'commander')).catch(() => {});
      const { code, stderr } = await run(process.execPath, [path, '--help'], { cwd: directory });
      expect([program, code, stderr]).toEqual([program, 0, '']);
    }
  });

  it('installs for everybody, with its programs, units, pages and completions', async () => {
    const prefix = join(directory, 'prefix');
    const args = [
      'install',
      '--global',
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--prefix',
      prefix,
    ];
    const env = { ...process.env, npm_config_loglevel: 'error' };
    await output('npm', [...args, packed], { env });
    for (const program of ['imagectl', 'imaged'])
      expect(await output(join(prefix, 'bin', program), ['--version'])).toMatch(/ \d+\.\d+\.\d+\n$/);
    const share = join(prefix, 'lib/node_modules/imaged/dist/share');
    const man = await output('man', ['--manpath', join(share, 'man'), '--where', 'imagectl-pull', 'imaged']);
    expect(man.trim().split('\n')).toHaveLength(2);
    for (const shell of ['bash', 'fish', 'zsh'])
      expect(await readFile(join(share, 'completions', `imagectl.${shell}`), 'utf8')).toContain('__complete');
    const units = await readdir(join(share, '../../systemd'));
    expect(units).toEqual(
      expect.arrayContaining(['imaged.service', 'imaged.socket', 'imaged-pull@.service']),
    );
  });
});

// systemd/: what systemd's own tools say of the units, and each socket unit served by the daemon that it starts.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Activated, startActivated } from './support/activation.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { PeerStore } from './support/peer-store.js';
import { output, run } from './support/process.js';
import { VarlinkConnection } from './support/varlink.js';

let directory: string;

beforeAll(async () => {
  directory = await temporaryDirectory('units');
  // Programs are checked where they are; these are not installed.
  for (const place of ['.', 'user']) {
    await mkdir(join(directory, place), { recursive: true });
    for (const name of await unitsIn(place)) {
      const text = await readFile(join('systemd', place, name), 'utf8');
      const path = process.execPath;
      await writeFile(
        join(directory, place, name),
        text.replaceAll(/^ExecStart=(unshare .*)?(imaged|imagectl) /gm, `ExecStart=${path} $2 `),
      );
    }
  }
});

afterAll(() => removeTree(directory));

async function unitsIn(place: string): Promise<string[]> {
  return (await readdir(join('systemd', place))).filter((name) => /\.(service|socket)$/.test(name));
}

/** The lines of a unit's section [Service] that set something. */
async function directives(unit: string): Promise<string[]> {
  const [, text = ''] = (await readFile(join('systemd', unit), 'utf8')).split('[Service]\n');
  return text.split('\n').flatMap((line) => /^\w+(?==)/.exec(line)?.[0] ?? []);
}

describe('the units', () => {
  it.each([
    ['of the system', '.', '--system'],
    ['of a user', 'user', '--user'],
  ])('%s are as systemd wants them', async (_, place, manager) => {
    const units = (await unitsIn(place)).map((name) => join(directory, place, name));
    expect(units.length).toBeGreaterThan(2);
    const env = { ...process.env, XDG_RUNTIME_DIR: directory };
    const verified = await run('systemd-analyze', ['verify', manager, '--man=no', ...units], { env });
    expect([verified.stderr, verified.code]).toEqual(['', 0]);
  });

  it('leave the service no more than it needs', async () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=76'];
    const { code, stdout, stderr } = await run('systemd-analyze', [
      ...args,
      join(directory, 'imaged.service'),
    ]);
    expect([code, /Overall.*/.exec(stdout)?.[0] ?? stderr]).toEqual([0, expect.stringMatching(/ 7\.\d /)]);
  });

  it('have the reason of each of their directives in the page beside them', async () => {
    const page = await readFile('systemd/README.md', 'utf8');
    for (const unit of ['imaged.service', 'user/imaged.service', 'imaged-pull@.service'])
      for (const name of await directives(unit))
        expect([unit, page]).toEqual([unit, expect.stringContaining(`\`${name}=`)]);
  });

  it('forbid no system call that podman leaves to the commands of every container', async () => {
    const [unit, sets, profile] = await Promise.all([
      readFile('systemd/imaged.service', 'utf8'),
      output('systemd-analyze', ['syscall-filter', '--no-pager']),
      readFile('/usr/share/containers/seccomp.json', 'utf8'),
    ]);
    const [, denied = '', allowed = ''] = /^SystemCallFilter=~(.*)\nSystemCallFilter=(.*)$/m.exec(unit) ?? [];
    const calls = denied.split(' ').flatMap((set) => membersOf(sets, set));
    expect(calls).toContain('init_module');
    const { syscalls } = JSON.parse(profile) as { syscalls: Rule[] };
    const everywhere = syscalls.filter(
      ({ action, includes, args }) =>
        action === 'SCMP_ACT_ALLOW' && Object.keys(includes ?? {}).length === 0 && (args ?? []).length === 0,
    );
    const usual = new Set(everywhere.flatMap(({ names }) => names));
    // Of the container's own processes it ends the container; of ours nothing can be restarted without CAP_SYS_BOOT.
    const forbidden = calls.filter((name) => usual.has(name) && name !== 'reboot');
    expect(forbidden.filter((name) => !allowed.split(' ').includes(name))).toEqual([]);
  });
});

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly includes?: object;
  readonly args?: readonly unknown[] | null;
}

/** The system calls of a set, as `systemd-analyze syscall-filter` lists it. */
function membersOf(sets: string, name: string): string[] {
  const [, body = ''] = new RegExp(`^${name}\\n((?: .*\\n)*)`, 'm').exec(sets) ?? [];
  return body.split('\n').flatMap((line) => /^ +([a-z]\w*)$/.exec(line)?.[1] ?? []);
}

describe('the sockets', () => {
  let store: PeerStore;
  let activated: Activated | undefined;

  beforeAll(async () => {
    store = await PeerStore.create();
  });

  afterAll(async () => {
    await activated?.close();
    await store?.close();
  });

  it('are each served for what their names say, by one daemon', async () => {
    const units = (await unitsIn('.')).filter((name) => name.endsWith('.socket'));
    const names = await Promise.all(
      units.map(
        async (unit) =>
          /^FileDescriptorName=(.*)$/m.exec(await readFile(join('systemd', unit), 'utf8'))?.[1] ?? '',
      ),
    );
    expect(names.toSorted()).toEqual(['jsonrpc', 'metrics', 'readonly', 'varlink']);
    const socket = (name: string): string => join(store.directory, `${name}.sock`);
    activated = await startActivated(store, names.map(socket), { names });
    for (const name of ['varlink', 'readonly']) {
      const connection = await VarlinkConnection.connect(`unix:${socket(name)}`);
      await expect(connection.call('io.podman.GetVersion')).resolves.toBeDefined();
      const removed = connection.call('io.podman.RemoveImage', { name: 'nothing', force: false });
      await expect(removed).rejects.toThrow(name === 'readonly' ? /PermissionDenied/ : /ImageNotFound/);
      connection.close();
    }
    expect(await get(socket('metrics'), '/healthz')).toBe(200);
    const json = await run('node', [
      'dist/imagectl.js',
      '--url',
      `jsonrpc+unix:${socket('jsonrpc')}`,
      'version',
    ]);
    expect(json.stdout).toContain('Server:');
  });
});

function get(socketPath: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

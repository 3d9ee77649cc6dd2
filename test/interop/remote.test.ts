// Services on other hosts: through one ssh and through two, with one login, and images from host to host.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { buildTar } from '../peers/sample-image.js';
import { Imaged } from './support/imaged.js';
import { exchangedFiles, untilExchanged } from './support/old-client.js';
import { PeerStore } from './support/peer-store.js';
import { ended, type Finished, run, Transcript } from './support/process.js';
import { type Sshd, startSshd } from './support/sshd.js';

jest.setTimeout(60_000);

const program = join(process.cwd(), 'dist', 'imagectl.js');
const path = process.env['PATH'] ?? '';

const stores: PeerStore[] = [];
let near: Imaged;
let far: Imaged;
let gate: Sshd;
let inner: Sshd;
let place: string;

beforeAll(async () => {
  stores.push(await PeerStore.create(), await PeerStore.create());
  const [first, second] = stores as [PeerStore, PeerStore];
  [near, far] = await Promise.all([Imaged.start(first), Imaged.start(second)]);
  place = first.directory;
  const programs = join(place, 'programs');
  await mkdir(programs);
  await symlink(program, join(programs, 'imagectl'));
  const there = { PATH: `${programs}:${dirname(process.execPath)}:${path}`, IMAGED_ADDRESS: far.address };
  for (const name of ['gate', 'inner']) await mkdir(join(place, name), { mode: 0o700 });
  [gate, inner] = await Promise.all([
    startSshd(join(place, 'gate'), there),
    startSshd(join(place, 'inner'), there),
  ]);
  const config = join(place, 'gate', 'ssh_config');
  const gateConfig = (await readFile(config, 'utf8')).replace('Host far', '');
  const innerConfig = (await readFile(join(place, 'inner', 'ssh_config'), 'utf8')).replace('Host far', '');
  const wrongHosts = join(place, 'wrong_hosts');
  const port = /Port (\d+)/.exec(innerConfig)?.[1] ?? '';
  const userKey = await readFile(join(place, 'gate', 'user.pub'), 'utf8');
  await writeFile(wrongHosts, `[127.0.0.1]:${port} ${userKey}`);
  await appendFile(config, `\nHost inner\nProxyJump far\n${innerConfig}\n`);
  const strict = innerConfig
    .replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${wrongHosts}`)
    .replace('accept-new', 'yes');
  await appendFile(config, `Host held\nControlPath ${place}/held\n${gateConfig}\n`);
  await appendFile(config, `Host shared\nControlMaster auto\nControlPath ${place}/shared\n${gateConfig}\n`);
  await appendFile(config, `Host wrong\n${strict}\n`);
  process.env['PATH'] = `${gate.bin}:${path}`;
});

afterAll(async () => {
  process.env['PATH'] = path;
  await Promise.all([gate?.close(), inner?.close(), near?.close(), far?.close()]);
  for (const store of stores) await store.close();
});

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CONFIG_HOME: join(place, 'config'), IMAGED_ADDRESS: near.address };
}

function imagectl(...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: environment(), timeout: 30_000 });
}

const said = ({ code, stdout, stderr }: Finished): unknown => [code, stdout, stderr];

describe('a service behind ssh', () => {
  it.each(['ssh://root@far/', 'ssh://inner'])('answers at %s', async (address) => {
    expect(said(await imagectl('--url', address, 'images', '-q'))).toEqual([0, '', '']);
  });

  it('whose key is another than is known is not spoken to, and ssh says why', async () => {
    const { code, stderr } = await imagectl('--url', 'ssh://wrong', 'images');
    expect([code, stderr]).toEqual([125, expect.stringContaining('Host key verification failed')]);
  });

  it.each([
    ['far', 'nothing about that'],
    ['held', 'a ControlPath, and no master for it'],
    ['shared', 'a master of its own'],
  ])('is logged in to once by all connections of a command to %s, which has %s', async (host) => {
    const library = join(process.cwd(), 'dist', 'client');
    const code = `
      import { execFileSync } from 'node:child_process';
      import { withService } from '${library}/connection.js';
      import { IoPodmanClient } from '${library}/index.js';
      const { signal } = new AbortController();
      const at = { address: 'ssh://${host}', tls: {} };
      const context = { now: Date.now, signal };
      await withService(context, at, signal, async (one) => {
        await new IoPodmanClient(one).listImages({});
        await withService(context, at, signal, async (two) => {
          await new IoPodmanClient(two).listImages({});
          // Each login is a process below sshd.
          console.log(execFileSync('ps', ['--no-headers', '-o', 'pid', '--ppid', '${gate.pid}']).toString().trim());
        });
      });`;
    const args = ['--input-type=module', '--eval', code];
    const { stdout, stderr } = await run(process.execPath, args, { env: environment(), timeout: 30_000 });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^\d+\n$/), '']);
  });

  it('that cannot be reached any more ends the command, and the service forgets what it was sent', async () => {
    const child = spawn(process.execPath, [program, '--url', 'ssh://far', 'load'], { env: environment() });
    const log = new Transcript(child.stderr);
    child.stdin.on('error', () => undefined);
    child.stdin.write(Buffer.alloc(2_000_000));
    const store = stores[1] as PeerStore;
    while ((await exchangedFiles(store.root)).length === 0) await new Promise((wake) => setTimeout(wake, 20));
    for (const pid of await sshBelow(child)) process.kill(pid, 'SIGKILL');
    await ended(child);
    expect(child.exitCode).toBe(125);
    expect(log.text).toMatch(/^Error: /);
    await untilExchanged(store.root);
  });
});

describe('an image', () => {
  it('goes from host to host by the names of connections, and only once', async () => {
    const tar = join(place, 'a.tar');
    await writeFile(tar, await buildTar([{ name: 'a', content: 'a' }]));
    const { stdout } = await imagectl('import', tar, 'a:1');
    expect(said(await imagectl('connection', 'add', 'there', 'ssh://far'))).toEqual([0, '', '']);
    expect(said(await imagectl('scp', '-q', 'a:1', 'there::'))).toEqual([
      0,
      'Loaded image: localhost/a:1\n',
      '',
    ]);
    const again = await imagectl('scp', 'a:1', 'there::b:1');
    expect([again.code, again.stdout]).toEqual([0, 'Loaded image: b:1\n']);
    expect(again.stderr).toContain('there already');
    const { images } = await far.call<{ images: { id: string; repoTags: string[] }[] }>('ListImages');
    expect(images.map(({ id, repoTags }) => [`sha256:${id}\n`, repoTags.toSorted()])).toEqual([
      [stdout, ['localhost/a:1', 'localhost/b:1']],
    ]);
    expect(said(await imagectl('scp', '-q', 'there::b:1'))).toEqual([0, 'Loaded image: localhost/b:1\n', '']);
  });

  it.each([
    [['scp', 'a:1'], 'the image is to come from one host and go to another'],
    [['scp', 'there::', 'x::'], 'there::: the image is missing'],
    [['scp', 'a:1', 'b:1'], 'b:1: expected HOST:: or HOST::NAME'],
  ])('is not copied by %j', async (args, reason) => {
    const { code, stderr } = await imagectl(...args);
    expect([code, stderr]).toEqual([125, expect.stringContaining(`Error: ${reason}`)]);
  });
});

/** What a program has started that is ssh. */
async function sshBelow({ pid = 0 }: ChildProcess): Promise<number[]> {
  const started = await below(pid);
  return started.map(([child]) => child);
}

async function below(parent: number): Promise<(readonly [pid: number, name: string])[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.allSettled(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
  return stats.flatMap((stat) => {
    const found = stat.status === 'fulfilled' ? /^(\d+) \((.*)\) \w (\d+)/.exec(stat.value) : null;
    return found !== null && Number(found[3]) === parent ? [[Number(found[1]), found[2] ?? ''] as const] : [];
  });
}

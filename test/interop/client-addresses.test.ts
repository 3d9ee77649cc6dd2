// The client library and imagectl at services that are started for them, here and behind a real sshd.
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { connect, IoImagedClient, IoPodmanClient } from '../../client/index.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { type Finished, output, run } from './support/process.js';
import { type Sshd, startSshd } from './support/sshd.js';

jest.setTimeout(60_000);

const program = join(process.cwd(), 'dist', 'imagectl.js');
const path = process.env['PATH'] ?? '';
/** A name that a socket has without a file. */
const abstract = `unix:@imaged-test-${process.pid}`;

let store: PeerStore;
let daemon: Imaged;
let sshd: Sshd;
/** Where the daemon listens, without `unix:`. */
let socket: string;

beforeAll(async () => {
  store = await PeerStore.create();
  daemon = await Imaged.start(store, { args: ['--address', abstract] });
  socket = daemon.address.slice('unix:'.length);
  const programs = join(store.directory, 'programs');
  await mkdir(programs);
  await symlink(program, join(programs, 'imagectl'));
  const files = join(store.directory, 'ssh');
  await mkdir(files, { mode: 0o700 });
  sshd = await startSshd(files, {
    PATH: `${programs}:${dirname(process.execPath)}:${path}`,
    IMAGED_ADDRESS: daemon.address,
  });
  process.env['PATH'] = `${sshd.bin}:${path}`;
});

afterAll(async () => {
  process.env['PATH'] = path;
  await sshd?.close();
  await daemon?.close();
  await store?.close();
});

function imagectl(...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: process.env, timeout: 30_000 });
}

/** Runs a program of the client library that finds our ssh; returns its output. */
async function script(text: string): Promise<string> {
  const library = join(process.cwd(), 'dist', 'client', 'index.js');
  const code = `import { connect, IoImagedClient, IoPodmanClient } from '${library}';\n${text}`;
  return await output(process.execPath, ['--input-type=module', '--eval', code], {
    env: process.env,
    timeout: 30_000,
  });
}

/** How many sockets the daemon has. */
async function connections(): Promise<number> {
  return (await daemon.descriptors()).filter((target) => target.startsWith('socket:')).length;
}

/** Resolves when the condition holds; the test's own deadline ends the waiting. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** The programs that this process has started and that have not gone, zombies among them. */
async function children(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.allSettled(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
  return stats.flatMap((stat) => {
    const [, name, parent] = (stat.status === 'fulfilled' && /^\d+ \((.*)\) \w (\d+)/.exec(stat.value)) || [];
    return name !== undefined && Number(parent) === process.pid ? [name] : [];
  });
}

describe('a service that is started for the connection', () => {
  let command: string;
  let before: string[];

  beforeAll(async () => {
    command = [process.execPath, ...Imaged.arguments(store)].join(' ');
    before = await children();
  });

  it('answers imagectl, and ends with it', async () => {
    const { code, stdout, stderr } = await imagectl('--url', `exec:${command}`, 'version');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Server:       imaged');
  });

  it('is gone when the connection is closed', async () => {
    const connection = await connect(`exec:${command}`);
    const podman = new IoPodmanClient(connection);
    expect(await podman.listImages({})).toEqual({ images: [] });
    expect(await children()).toHaveLength(before.length + 1);
    await connection.close();
    expect(await children()).toEqual(before);
  });

  it('is gone when a loop over its replies is left', async () => {
    const connection = await connect(`exec:${command}`);
    for await (const { operations } of new IoImagedClient(connection).watchOperationsMore({})) {
      expect(operations).toEqual([]);
      break;
    }
    await connection.close();
    expect(await children()).toEqual(before);
  });

  it('is quoted when it cannot start', async () => {
    const { code, stderr } = await imagectl('--url', `exec:${command} --bogus`, 'images');
    expect(code).toBe(125);
    expect(stderr).toMatch(/^Error: io\.podman\.ListImages: .*exec:.*: exit status [12]: imaged: .+\n$/);
  });
});

it('answers imagectl through an abstract socket', async () => {
  const { code, stdout, stderr } = await imagectl('--url', abstract, 'version');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Server:       imaged');
});

describe('a service on another host', () => {
  it.each([
    ['its usual address', () => 'ssh:far'],
    ['a user and a path', () => `ssh:root@far:${socket}`],
    ['a command', () => `ssh-exec:far:imagectl bridge --connect '${daemon.address}'`],
    ['a bridge here', () => `bridge:${process.execPath} ${program} bridge --connect ${daemon.address}`],
  ])('answers imagectl through %s', async (_, address) => {
    const { code, stdout, stderr } = await imagectl('--url', address(), 'version');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Server:       imaged');
  });

  it('gives several calls their replies, and errors', async () => {
    const outcomes = await script(`
      const connection = await connect('ssh:far');
      const podman = new IoPodmanClient(connection);
      const outcomes = await connection.pipeline(() => [podman.getImage({ id: 'missing' }), podman.listImages({})]);
      console.log(JSON.stringify(outcomes.map(({ value, reason }) => value ?? [reason.name, reason.parameters.id])));
      await connection.close();
    `);
    expect(JSON.parse(outcomes)).toEqual([['ImageNotFound', 'missing'], { images: [] }]);
  });

  it('loses its caller when a loop is left', async () => {
    const before = await connections();
    const watched = await script(`
      const connection = await connect('ssh:far');
      for await (const { operations } of new IoImagedClient(connection).watchOperationsMore({})) {
        console.log(operations.length);
        break;
      }
      await connection.close();
    `);
    expect(watched).toBe('0\n');
    await until(async () => (await connections()) === before);
  });

  it('is named with what ssh says of it', async () => {
    const { code, stderr } = await imagectl('--url', 'ssh:nowhere.invalid', 'images');
    expect(code).toBe(125);
    expect(stderr).toMatch(/: ssh:nowhere\.invalid: exit status 255: ssh: Could not resolve/);
  });

  it('gets no options from the name of a host', async () => {
    const { code, stderr } = await imagectl('--url', 'ssh:-oProxyCommand=touch /tmp/x', 'images');
    expect([code, stderr]).toEqual([
      125,
      'Error: address ssh:-oProxyCommand=touch /tmp/x: expected [USER@]HOST behind ssh:\n',
    ]);
  });
});

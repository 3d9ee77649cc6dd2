// The life of the process: options, readiness, idle exit, end.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Imaged, imagedProgram } from './support/imaged.js';
import { listenForNotifications } from './support/notify.js';
import { PeerStore } from './support/peer-store.js';
import { ended, type Finished, output, run, stop, Transcript } from './support/process.js';
import { VarlinkConnection } from './support/varlink.js';

jest.setTimeout(60_000);

let store: PeerStore;

beforeEach(async () => {
  store = await PeerStore.create();
});

afterEach(async () => {
  await store.close();
});

/** Runs imaged with options that make it end at once. */
function imaged(...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [imagedProgram, ...args], { env: store.environment, timeout: 20_000 });
}

describe('the command line', () => {
  it.each([
    [['--no-such-option'], 'no-such-option'],
    [['--root'], 'root'],
    [['pull'], 'pull'],
    [['--idle-timeout', 'soon'], 'idle-timeout'],
    [['--idle-timeout', '-1'], 'idle-timeout'],
    [['--log-level', 'loud'], 'log-level'],
    [['--address', 'http://127.0.0.1'], 'http://127.0.0.1'],
    [['--address', 'unix:'], 'unix:'],
    [['--storage-opt', 'overlay.mountopt'], 'overlay.mountopt'],
    [['--access', '/no/such/access.toml'], '/no/such/access.toml: there is no such file'],
  ])('%j ends with exit code 2 and one line that names the trouble', async (args, trouble) => {
    const { code, stdout, stderr } = await imaged(...args);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toContain(trouble);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('--help and --version print to standard output and succeed', async () => {
    const help = await imaged('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const option of ['--address', '--root', '--runroot', '--registries-conf', '--idle-timeout']) {
      expect(help.stdout).toContain(option);
    }
    const version = await imaged('--version');
    expect(version.code).toBe(0);
    expect(version.stdout).toMatch(/\d+\.\d+\.\d+/);
  });

  it('an address that cannot be listened on leaves no socket of the ones before it behind', async () => {
    const first = join(store.directory, 'first');
    const second = join(store.directory, 'missing', 'second');
    const addresses = [first, second].flatMap((path) => ['--address', `unix:${path}`]);
    const { code } = await imaged(...addresses, '--root', store.root, '--runroot', store.runroot);
    expect(code).toBe(1);
    expect(existsSync(first)).toBe(false);
  });

  it('an address that cannot be listened on ends with exit code 1 and one line', async () => {
    const args = [
      ...Imaged.arguments(store).slice(1),
      '--address',
      `unix:${store.directory}/none/imaged.sock`,
    ];
    const { code, stderr } = await imaged(...args);
    expect(stderr).toMatch(/^[^\n]*none\/imaged\.sock[^\n]*\n$/);
    expect(code).toBe(1);
  });
});

describe('a started daemon', () => {
  it('prints one line with its addresses and answers on each of them', async () => {
    const second = `unix:${join(store.directory, 'second.sock')}`;
    const daemon = await Imaged.start(store, { args: ['--address', second] });
    try {
      const lines = daemon.log.text.split('\n').filter((line) => line.includes('unix:'));
      expect(lines.length).toBe(1);
      expect(lines[0]).toContain(daemon.address);
      expect(lines[0]).toContain(second);
      for (const address of [daemon.address, second]) {
        const connection = await VarlinkConnection.connect(address);
        const { version } = await connection.call('io.podman.GetVersion');
        expect(version).toMatch(/^\d+\.\d+\.\d+/);
        connection.close();
      }
    } finally {
      await daemon.close();
    }
  });

  it('gives its socket to its own user only', async () => {
    const daemon = await Imaged.start(store);
    try {
      const { mode } = await stat(daemon.address.slice('unix:'.length));
      expect((mode & 0o777).toString(8)).toBe('600');
    } finally {
      await daemon.close();
    }
  });

  it('gives the sockets it makes to a group, without a moment in which others get in', async () => {
    const [, , gid = ''] = (await output('getent', ['group', 'games'])).split(':');
    const [first, second] = ['a.sock', 'b.sock'].map((name) => join(store.directory, name));
    const args = [
      '--group',
      'games',
      '--address',
      `unix:${first}`,
      '--read-only',
      `unix:${second};mode=0666`,
    ];
    const before = process.umask(0);
    const starting = Imaged.start(store, { args });
    process.umask(before);
    const daemon = await starting;
    try {
      const found = [first, second].map((path) => statSync(path ?? ''));
      expect(found.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['660', '666']);
      expect(found.map((status) => status.gid)).toEqual([Number(gid), Number(gid)]);
      // The one that is open to all is for reading.
      expect(daemon.log.text).not.toContain('every user of this host');
    } finally {
      await daemon.close();
    }
  });

  it('ends at SIGTERM with exit code 0, removes its socket and leaves no mount', async () => {
    const daemon = await Imaged.start(store);
    await daemon.call('ListImages');
    const socket = daemon.address.slice('unix:'.length);
    expect(existsSync(socket)).toBe(true);
    await daemon.close();
    expect(daemon.child.exitCode).toBe(0);
    expect(existsSync(socket)).toBe(false);
  });

  it('ends at SIGINT too', async () => {
    const daemon = await Imaged.start(store);
    daemon.child.kill('SIGINT');
    await ended(daemon.child);
    expect(daemon.child.exitCode).toBe(0);
  });

  it('takes over the socket a killed daemon has left', async () => {
    const address = `unix:${join(store.directory, 'same.sock')}`;
    const first = await Imaged.start(store, { args: ['--address', address] });
    await first.kill();
    expect(existsSync(address.slice('unix:'.length))).toBe(true);
    const second = await Imaged.start(store, { args: ['--address', address] });
    try {
      const connection = await VarlinkConnection.connect(address);
      await connection.call('io.podman.GetVersion');
      connection.close();
    } finally {
      await second.close();
    }
  });

  it('does not take the socket of a daemon that lives', async () => {
    const daemon = await Imaged.start(store);
    try {
      const args = [...Imaged.arguments(store).slice(1), '--address', daemon.address];
      const { code, stderr } = await imaged(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^[^\n]+\n$/);
      await expect(daemon.call('GetVersion')).resolves.toBeDefined();
    } finally {
      await daemon.close();
    }
  });

  it('is found by the names of its interfaces where it is asked to be, until it ends', async () => {
    const registry = join(store.directory, 'registry');
    const daemon = await Imaged.start(store, { args: [`--registry=${registry}`] });
    try {
      const links = await readdir(registry);
      expect(links.toSorted()).toEqual(['io.imaged', 'io.podman']);
      const connection = await VarlinkConnection.connect(`unix:${join(registry, 'io.imaged')}`);
      await expect(connection.call('org.varlink.service.GetInfo')).resolves.toBeDefined();
      connection.close();
      const address = `unix:${join(store.directory, 'second.sock')}`;
      const args = [...Imaged.arguments(store).slice(1), '--address', address, `--registry=${registry}`];
      const { code, stderr } = await imaged(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^[^\n]+io\.podman: another service answers there\n$/);
      expect(existsSync(address.slice('unix:'.length))).toBe(false);
    } finally {
      await daemon.close();
    }
    expect(await readdir(registry)).toEqual([]);
  });

  it('tells the service manager when it is ready, reads its rules again, and ends', async () => {
    const path = join(store.directory, 'notify.sock');
    const manager = await listenForNotifications(path);
    try {
      const daemon = await Imaged.start(store, { env: { NOTIFY_SOCKET: path } });
      expect(await manager.said.match(/^READY=1$/m, () => false)).toBeDefined();
      daemon.child.kill('SIGHUP');
      const reloaded = /^RELOADING=1\nMONOTONIC_USEC=\d+\n+READY=1$/m;
      expect(await manager.said.match(reloaded, () => false)).toBeDefined();
      await daemon.close();
      expect(await manager.said.match(/^STOPPING=1$/m, () => false)).toBeDefined();
    } finally {
      await manager.close();
    }
  });

  it('answers GetInfo with its store, its registries and what podman says of the same store', async () => {
    const daemon = await Imaged.start(store);
    try {
      const { info } = await daemon.call<{
        info: { store: Record<string, unknown>; registries: object; host: Record<string, unknown> };
      }>('GetInfo');
      const podman = await store.podmanJson<{
        store: Record<string, unknown>;
        host: Record<string, unknown>;
      }>('info', '--format', 'json');
      expect(info.registries).toEqual({ search: [], insecure: [], blocked: [] });
      expect(info.store).toMatchObject({
        images: 0,
        containers: 0,
        graph_driver_name: podman.store['graphDriverName'],
        graph_root: podman.store['graphRoot'],
        run_root: podman.store['runRoot'],
      });
      const status = podman.store['graphStatus'] as Record<string, string>;
      expect(info.store['graph_status']).toEqual({
        backing_filesystem: status['Backing Filesystem'],
        native_overlay_diff: status['Native Overlay Diff'],
        supports_d_type: status['Supports d_type'],
      });
      expect(info.host).toMatchObject({ arch: podman.host['arch'], cpus: podman.host['cpus'], os: 'linux' });
    } finally {
      await daemon.close();
    }
  });
});

describe('an idle daemon', () => {
  it('ends by itself after the time given, with exit code 0', async () => {
    const daemon = await Imaged.start(store, { args: ['--idle-timeout', '1'] });
    await ended(daemon.child);
    expect(daemon.child.exitCode).toBe(0);
  });

  it('does not end while a connection is open', async () => {
    const daemon = await Imaged.start(store, { args: ['--idle-timeout', '1'] });
    const connection = await daemon.connect();
    await connection.call('io.podman.GetVersion');
    await new Promise((resolve) => {
      setTimeout(resolve, 2500);
    });
    await expect(connection.call('io.podman.GetVersion')).resolves.toBeDefined();
    connection.close();
    await ended(daemon.child);
    expect(daemon.child.exitCode).toBe(0);
  });

  it('never ends when no time is given', async () => {
    const daemon = await Imaged.start(store, { args: ['--idle-timeout', '0'] });
    await new Promise((resolve) => {
      setTimeout(resolve, 1500);
    });
    expect(daemon.child.exitCode).toBeNull();
    await daemon.close();
  });
});

describe('configuration', () => {
  it('of the store comes from the file that CONTAINERS_STORAGE_CONF names', async () => {
    const root = join(store.directory, 'elsewhere');
    const conf = join(store.directory, 'other.conf');
    await writeFile(
      conf,
      `[storage]\ndriver = "overlay"\ngraphroot = "${root}"\nrunroot = "${join(store.directory, 'elserun')}"\n`,
    );
    const address = `unix:${join(store.directory, 'conf.sock')}`;
    const env = { ...store.environment, CONTAINERS_STORAGE_CONF: conf };
    const child = spawn(process.execPath, [imagedProgram, '--address', address], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      const log = new Transcript(child.stdout, child.stderr);
      expect(await log.match(/unix:.*\n/, () => child.exitCode !== null)).toBeDefined();
      const connection = await VarlinkConnection.connect(address);
      const { info } = (await connection.call('io.podman.GetInfo')) as {
        info: { store: { graph_root: string } };
      };
      expect(info.store.graph_root).toBe(root);
      connection.close();
    } finally {
      await stop(child);
    }
  });

  it('that is broken fails the call that needs it, not the daemon', async () => {
    await writeFile(store.registriesConf, 'unqualified-search-registries = [');
    const daemon = await Imaged.start(store);
    try {
      await expect(daemon.call('GetInfo')).rejects.toMatchObject({
        error: 'io.podman.ErrorOccurred',
        reason: expect.stringContaining('registries.conf'),
      });
      await expect(daemon.call('ListImages')).resolves.toEqual({ images: [] });
    } finally {
      await daemon.close();
    }
  });
});

// imaged started by a connection to a socket of the service manager.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type Activated, startActivated } from './support/activation.js';
import { Imaged } from './support/imaged.js';
import { PeerStore } from './support/peer-store.js';
import { ended, stop, Transcript } from './support/process.js';
import { VarlinkConnection } from './support/varlink.js';

jest.setTimeout(60_000);

let store: PeerStore;

beforeEach(async () => {
  store = await PeerStore.create();
});

afterEach(async () => {
  await store.close();
});

describe('under socket activation', () => {
  let activated: Activated | undefined;

  afterEach(async () => {
    await activated?.close();
    activated = undefined;
  });

  it('the first connection starts the daemon, and is answered', async () => {
    const socket = join(store.directory, 'activated.sock');
    activated = await startActivated(store, socket);
    const connection = await VarlinkConnection.connect(`unix:${socket}`);
    const { version } = await connection.call('io.podman.GetVersion');
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    connection.close();
    expect(await activated.log.match(/^imaged \S+ ready at/m, () => false)).toBeDefined();
  });

  it('of several sockets those named varlink are served', async () => {
    const sockets = [join(store.directory, 'other.sock'), join(store.directory, 'varlink.sock')];
    activated = await startActivated(store, sockets, { names: ['other', 'varlink'] });
    const connection = await VarlinkConnection.connect(`unix:${sockets[1]}`);
    await expect(connection.call('io.podman.GetVersion')).resolves.toBeDefined();
    connection.close();
    const ignored = await VarlinkConnection.connect(`unix:${sockets[0]}`);
    ignored.send({ method: 'io.podman.GetVersion' });
    const answered = await Promise.race([
      ignored.receive().then(
        () => true,
        () => false,
      ),
      new Promise<boolean>((resolve) => {
        setTimeout(resolve, 500, false);
      }),
    ]);
    expect(answered).toBe(false);
    ignored.close();
  });

  it('those named readonly are for reading, whoever calls, and also where there is no other', async () => {
    const paths = ['full.sock', 'read.sock', 'only.sock'].map((name) => join(store.directory, name));
    const prune = async (path: string | undefined): Promise<unknown> => {
      const connection = await VarlinkConnection.connect(`unix:${path}`);
      await expect(connection.call('io.podman.GetVersion')).resolves.toBeDefined();
      const ended = await connection.call('io.podman.DeleteUnusedImages').catch((error: unknown) => error);
      connection.close();
      return ended;
    };
    const refused = {
      error: 'org.varlink.service.PermissionDenied',
      reason: expect.stringMatching(/user \d+ has the role read \(descriptor \d \(read-only\)\)$/),
    };
    activated = await startActivated(store, paths.slice(0, 2), { names: ['varlink', 'readonly'] });
    expect(await prune(paths[0])).toEqual({ images: [] });
    expect(await prune(paths[1])).toMatchObject(refused);
    await activated.close();
    activated = await startActivated(store, paths.slice(2), { names: ['readonly'] });
    expect(await prune(paths[2])).toMatchObject(refused);
  });

  it('the daemon ends when it is idle, and leaves the socket to the manager', async () => {
    const socket = join(store.directory, 'activated.sock');
    activated = await startActivated(store, socket, { args: ['--idle-timeout', '1'] });
    const connection = await VarlinkConnection.connect(`unix:${socket}`);
    await connection.call('io.podman.GetVersion');
    connection.close();
    await ended(activated.child);
    expect(activated.child.exitCode).toBe(0);
    expect(existsSync(socket)).toBe(true);
  });

  it('the daemon serves one connected socket and ends with it', async () => {
    const socket = join(store.directory, 'accepted.sock');
    const env = store.environment;
    const names = Object.keys(env).flatMap((name) => ['--setenv', name]);
    const accepting = ['--accept', '--listen', socket, '--fdname', 'varlink', ...names];
    const child = spawn(
      'systemd-socket-activate',
      [...accepting, process.execPath, ...Imaged.arguments(store)],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    try {
      const log = new Transcript(child.stdout, child.stderr);
      expect(await log.match(/Listening on/, () => child.exitCode !== null)).toBeDefined();
      const connection = await VarlinkConnection.connect(`unix:${socket}`);
      await expect(connection.call('io.podman.GetVersion')).resolves.toBeDefined();
      connection.close();
      expect(await log.match(/Child \d+ died with code 0/, () => false)).toBeDefined();
    } finally {
      await stop(child);
    }
  });

  it('variables meant for another process are not taken for its own', async () => {
    await mkdir(join(store.directory, 'runtime'));
    const daemon = await Imaged.start(store, {
      env: { LISTEN_PID: '1', LISTEN_FDS: '1', XDG_RUNTIME_DIR: join(store.directory, 'runtime') },
    });
    await expect(daemon.call('GetVersion')).resolves.toBeDefined();
    await daemon.close();
  });
});

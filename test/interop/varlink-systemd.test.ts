// systemd at both ends: its varlinkctl calls ours, and our client calls its services.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { OrgVarlinkServiceClient } from '../../src/generated/org-varlink-service.js';
import { parseInterface } from '../../src/idl/index.js';
import { ExpectedMore, InterfaceNotFound, UnknownError } from '../../src/rpc/index.js';
import { connect } from '../../src/rpc/client.js';
import type { Connection } from '../../src/rpc/transport.js';
import type { DebianRelease } from './support/debian-release.js';
import { removeTree, temporaryDirectory } from './support/files.js';
import { Imaged } from './support/imaged.js';
import { openSystemd, systemdReleases } from './support/newer-systemd.js';
import { PeerStore } from './support/peer-store.js';
import { type Finished, output, run } from './support/process.js';
import { probeServer } from './support/proof.js';
import { type ServerProcess, startServer } from './support/server-process.js';

jest.setTimeout(120_000);

describe.each(systemdReleases)('systemd of Debian %s', (name) => {
  let release: DebianRelease;
  let directory: string;
  let varlinkctl: string;

  beforeAll(async () => {
    release = await openSystemd(name);
    directory = await temporaryDirectory('systemd');
    varlinkctl = await release.program('usr/bin/varlinkctl');
  });

  afterAll(async () => {
    await removeTree(directory);
  });

  describe('varlinkctl and the probe server', () => {
    let server: ServerProcess;

    beforeAll(async () => {
      const address = `unix:${join(directory, 'probe.sock')}`;
      server = await startServer(address, process.execPath, [probeServer, address]);
    });

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    async function call(method: string, parameters: object, ...flags: string[]): Promise<Finished> {
      const target = `org.example.probe.${method}`;
      return await run(varlinkctl, [
        '--json=short',
        ...flags,
        'call',
        server.address,
        target,
        JSON.stringify(parameters),
      ]);
    }

    it('shows what the service says of itself', async () => {
      const said = await output(varlinkctl, ['info', server.address]);
      expect(said).toMatch(/Product: probe-server\n/);
      expect(said).toMatch(/org\.example\.probe\n\s*org\.varlink\.service/);
      const listed = await output(varlinkctl, ['list-interfaces', server.address]);
      expect(listed.trim().split('\n').toSorted()).toEqual(['org.example.probe', 'org.varlink.service']);
    });

    it('gets every value back that it sends', async () => {
      for (const [method, value] of [
        ['EchoInt', -9007199254740991],
        ['EchoFloat', 0.1],
        ['EchoString', 'grüße \u2028 <&> 😀'],
        ['EchoObject', { a: null, b: [1, { c: 'two' }], constructor: 1 }],
        ['EchoColor', 'dark_blue'],
      ] as const) {
        const { stdout } = await call(method, { value });
        expect(JSON.parse(stdout)).toEqual({ value });
      }
      expect(JSON.parse((await call('EchoNullable', { value: null })).stdout)).toEqual({});
    });

    it('gets every reply of a stream', async () => {
      const { stdout } = await call('Stream', { count: 3, size: 2 }, '--more');
      // Older ones write a text sequence, each record behind a record separator.
      const lines = stdout.replaceAll('\u001e', '').trim().split('\n');
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
        [0, 1, 2].map((index) => ({ index, payload: 'xx' })),
      );
    });

    it('leaves no reply behind with a oneway call', async () => {
      const before = JSON.parse((await call('Counter', {})).stdout) as { value: number };
      expect(await call('Increment', {}, '--oneway')).toMatchObject({ code: 0, stdout: '' });
      const after = JSON.parse((await call('Counter', {})).stdout) as { value: number };
      expect(after.value).toBe(before.value + 1);
    });

    it.each([
      ['Fail', { code: 3 }, /org\.example\.probe\.Failed/, { code: 3 }],
      ['Stream', { count: 1, size: 1 }, /ExpectedMore|more/i, {}],
      ['EchoString', { valu: 'x' }, /InvalidParameter|Invalid argument/, { parameter: 'valu' }],
      [
        'Unimplemented',
        {},
        /MethodNotImplemented|Inappropriate ioctl/,
        { method: 'org.example.probe.Unimplemented' },
      ],
      ['Forbidden', {}, /PermissionDenied|Permission denied/, {}],
      ['Gone', {}, /MethodNotFound|No such device/, { method: 'org.example.probe.Gone' }],
    ])('understands how %s(%j) fails', async (method, parameters, message, fields) => {
      const { code, stdout, stderr } = await call(method, parameters);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(message);
      expect(JSON.parse(stdout)).toEqual(fields);
    });

    it('tells it what wants an upgrade, and hands the connection over where it can ask for one', async () => {
      const refused = await call('Upgrade', {});
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(/org\.example\.probe\.UpgradeRequired/);
      const help = await output(varlinkctl, ['--help']);
      if (!help.includes('--upgrade')) return;
      const args = ['--upgrade', 'call', server.address, 'org.example.probe.Upgrade', '{}'];
      const { stdout } = await run(varlinkctl, args, { input: 'louder, please\n' });
      expect(stdout).toBe('LOUDER, PLEASE\n');
    });

    it('starts the server itself', async () => {
      const program = `exec:${probeServer}`;
      const said = await output(varlinkctl, ['info', program]);
      expect(said).toMatch(/Product: probe-server\n/);
    });
  });

  describe('varlinkctl and imaged', () => {
    let store: PeerStore;
    let daemon: Imaged;
    let readOnly: string;

    beforeAll(async () => {
      store = await PeerStore.create();
      readOnly = `unix:${join(store.directory, 'read.sock')}`;
      daemon = await Imaged.start(store, { args: ['--read-only', readOnly] });
    });

    afterAll(async () => {
      await daemon.close();
      await store.close();
    });

    it('reads every interface', async () => {
      for (const name of ['io.podman', 'io.imaged', 'org.varlink.service']) {
        const { code, stdout, stderr } = await run(varlinkctl, ['introspect', daemon.address, name]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(stdout).toContain(`interface ${name}\n`);
      }
    });

    it('finds our interface files valid', async () => {
      for (const name of ['io.podman', 'io.imaged', 'org.varlink.service']) {
        const file = join(process.cwd(), 'interfaces', `${name}.varlink`);
        expect(await run(varlinkctl, ['validate-idl', file])).toMatchObject({ code: 0 });
      }
    });

    it('calls', async () => {
      const call = ['--json=short', 'call', daemon.address];
      const listed = await output(varlinkctl, [...call, 'io.podman.ListImages', '{}']);
      expect(JSON.parse(listed)).toEqual({ images: [] });
      const failed = await run(varlinkctl, [...call, 'io.podman.GetImage', '{"id":"gone"}']);
      expect(failed.stderr).toMatch(/io\.podman\.ImageNotFound/);
    });

    it('knows a refusal, and shows the reason that its own declaration has no field for', async () => {
      const call = ['--json=short', 'call', readOnly, 'io.podman.DeleteUnusedImages', '{}'];
      const { code, stdout, stderr } = await run(varlinkctl, call);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/PermissionDenied|Permission denied/);
      expect(JSON.parse(stdout)).toEqual({ reason: expect.stringContaining('needs the role admin; user 0') });
    });
  });

  describe('its services', () => {
    async function start(path: string): Promise<Connection> {
      return await connect(`exec:${await release.program(path)}`);
    }

    it.each(['usr/bin/systemd-creds', 'usr/bin/systemd-sysext'])(
      '%s describes interfaces that we can read',
      async (path) => {
        await using connection = await start(path);
        const service = new OrgVarlinkServiceClient(connection);
        const { vendor, interfaces } = await service.getInfo({});
        expect(vendor).toBe('The systemd Project');
        expect(interfaces.length).toBeGreaterThan(2);
        for (const name of interfaces) {
          const { description } = await service.getInterfaceDescription({ interface: name });
          expect(parseInterface(description).name).toBe(name);
        }
        const unknown = service.getInterfaceDescription({ interface: 'org.example.gone' });
        await expect(unknown).rejects.toBeInstanceOf(InterfaceNotFound);
      },
    );

    it('fail as ours understand, and the connection goes on', async () => {
      await using connection = await start('usr/bin/systemd-sysext');
      const list = 'io.systemd.sysext.List';
      const any = (reply: unknown): unknown => reply;
      await expect(connection.call(list, {}, any)).rejects.toBeInstanceOf(ExpectedMore);
      await connection.oneway('io.systemd.sysext.Gone', {});
      const streamed = async (): Promise<void> => {
        for await (const _ of connection.more(list, { class: 'confext' }, any));
      };
      await expect(streamed()).rejects.toMatchObject({ error: 'io.systemd.sysext.NoImagesFound' });
      await expect(streamed()).rejects.toBeInstanceOf(UnknownError);
      expect(await new OrgVarlinkServiceClient(connection).getInfo({})).toHaveProperty('version');
    });
  });
});

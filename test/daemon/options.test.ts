import { describe, expect, it } from '@jest/globals';
import { speaksJsonRpc } from '../../src/daemon/activation.js';
import { readOptions, type DaemonOptions, type Environment } from '../../src/daemon/options.js';

function read(argv: readonly string[], environment: Environment = {}, uid = 0): DaemonOptions {
  const options = readOptions(argv, environment, { pid: 100, uid });
  if (typeof options === 'string') throw new TypeError(`unexpected ${options}`);
  return options;
}

describe('the options of imaged', () => {
  it('listens at the well-known place of root and of users', () => {
    expect(read([]).addresses).toEqual(['unix:/run/imaged/io.podman']);
    expect(read([], { XDG_RUNTIME_DIR: '/run/user/7' }, 7).addresses).toEqual([
      'unix:/run/user/7/imaged/io.podman',
    ]);
    expect(() => read([], {}, 7)).toThrow('XDG_RUNTIME_DIR is not set');
  });

  it('links its socket in the registry of root, of users, or where it is told', () => {
    expect(read([]).registry).toBeUndefined();
    expect(read(['--registry']).registry).toEqual({
      directory: '/run/varlink/registry',
      socket: '/run/imaged/io.podman',
    });
    expect(read(['--registry'], { XDG_RUNTIME_DIR: '/run/user/7' }, 7).registry).toEqual({
      directory: '/run/user/7/varlink/registry',
      socket: '/run/user/7/imaged/io.podman',
    });
    const addresses = ['--allow-plain-tcp', '--address', 'tcp:127.0.0.1:1', '--address', 'unix:/a;mode=0666'];
    expect(read(['--registry=/srv', ...addresses], {}, 7).registry).toEqual({
      directory: '/srv',
      socket: '/a',
    });
    expect(() => read(['--registry', ...addresses], {}, 7)).toThrow('--registry=DIR');
    expect(() => read(['--registry', '--address', 'unix:@a'])).toThrow('no socket file');
  });

  it('takes sockets for reading, and gives all that it makes to a group', () => {
    const flags = ['--read-only', 'unix:/ro;mode=0666', '--group', 'images', '--jsonrpc', 'unix:@a'];
    expect(read(flags)).toMatchObject({
      addresses: ['unix:/run/imaged/io.podman;group=images', 'unix:/ro;mode=0666;role=read;group=images'],
      jsonrpc: ['unix:@a'],
    });
    expect(read(['--address', 'unix:/a;group=x', '--group=y']).addresses).toEqual(['unix:/a;group=x']);
  });

  it('looks for rules where root and users have them', () => {
    const found = (environment: Environment, ...flags: string[]): unknown =>
      read(['--address', 'unix:/a', ...flags], environment, 7).access;
    expect(read([]).access).toEqual({ path: '/etc/imaged/access.toml', required: false });
    expect(found({ HOME: '/h' })).toEqual({ path: '/h/.config/imaged/access.toml', required: false });
    expect(found({ HOME: '/h', XDG_CONFIG_HOME: '/c' })).toMatchObject({ path: '/c/imaged/access.toml' });
    expect(found({ HOME: '' })).toBeUndefined();
    expect(found({}, '--access', 'x')).toEqual({ path: 'x', required: true });
  });

  it('takes repeated addresses and storage options in order', () => {
    const options = read([
      '--address',
      'unix:/a',
      '--address=unix:@b',
      '--storage-opt',
      'a=1',
      '--storage-opt=b=2=3',
    ]);
    expect(options.addresses).toEqual(['unix:/a', 'unix:@b']);
    expect(options.storage.options).toEqual(['a=1', 'b=2=3']);
  });

  it('listens for JSON-RPC where it is told to, beside varlink', () => {
    const { addresses, jsonrpc } = read([
      '--allow-plain-tcp',
      '--jsonrpc',
      'unix:/a',
      '--jsonrpc=tcp:127.0.0.1:1',
    ]);
    expect(jsonrpc).toEqual(['unix:/a', 'tcp:127.0.0.1:1']);
    expect(addresses).toEqual(['unix:/run/imaged/io.podman']);
    expect(read([]).jsonrpc).toEqual([]);
  });

  it.each([
    [['--address', 'tcp:127.0.0.1:1'], '--allow-plain-tcp'],
    [['--jsonrpc', 'tls:0.0.0.0:1'], '--tls-cert, --tls-key and --tls-client-ca go together'],
    [['--tls-cert', '/a'], '--tls-cert, --tls-key and --tls-client-ca go together'],
    [['--nonsense'], '--nonsense'],
    [['positional'], 'positional'],
    [['--idle-timeout', 'soon'], '--idle-timeout soon'],
    [['--idle-timeout=-1'], '--idle-timeout -1'],
    [['--registry-timeout', '0'], '--registry-timeout 0'],
    [['--registry-timeout', '1.5'], '--registry-timeout 1.5'],
    [['--log-level', 'loud'], '--log-level loud'],
    [['--storage-opt', 'novalue'], 'expected KEY=VALUE'],
    [['--root='], '--root: the value is empty'],
    [['--address'], '--address'],
    [['--address', 'http://127.0.0.1'], 'http://127.0.0.1'],
    [['--address', 'unix:'], 'unix:'],
    [['--address', 'unix:/a', '--address', 'unix:/a;mode=0660'], 'given twice'],
    [['--jsonrpc', 'http://127.0.0.1'], 'http://127.0.0.1'],
    [['--jsonrpc', 'unix:/a', '--address', 'unix:/a'], '--jsonrpc unix:/a: given twice'],
    [['--metrics', 'unix:@m'], '--metrics unix:@m'],
    [['--metrics', 'unix:/m;role=read'], '--metrics unix:/m;role=read'],
    [['--metrics', 'unix:/a', '--address', 'unix:/a'], 'unix:/a: given twice'],
    [['--jsonrpc', 'unix:/run/imaged/io.podman'], 'given twice'],
    [['--read-only', 'unix:/run/imaged/io.podman'], 'given twice'],
    [['--address', 'unix:/a;role=read', '--jsonrpc', 'unix:/a'], 'given twice'],
    [['--address', 'unix:/a;role=write'], 'role: expected read, pull, admin'],
    [['--jsonrpc', 'tcp:127.0.0.1:1;role=none'], 'role: expected read'],
    [['--read-only', 'unix:/a;role=admin'], 'its role is read'],
    [['--group', 'a;role=admin'], '--group a;role=admin'],
  ])('refuses %j in one line that names the option', (argv, part) => {
    let message = '';
    try {
      read(argv);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(part);
    expect(message).not.toContain('\n');
  });

  it('waits for registries as long as it is told', () => {
    expect(read([]).registryTimeout).toBeUndefined();
    expect(read(['--registry-timeout', '5']).registryTimeout).toBe(5);
  });

  it('never ends when idle unless it was activated or told so', () => {
    expect(read([]).idleTimeout).toBe(0);
    expect(read(['--idle-timeout', '5']).idleTimeout).toBe(5);
    expect(read([], { LISTEN_PID: '100', LISTEN_FDS: '1' }).idleTimeout).toBeGreaterThan(0);
    expect(read(['--idle-timeout', '0'], { LISTEN_PID: '100', LISTEN_FDS: '1' }).idleTimeout).toBe(0);
  });
});

describe('socket activation', () => {
  it('takes a socket for metrics beside the usual ones, or instead', () => {
    const names = (text: string): Environment => ({
      LISTEN_PID: '100',
      LISTEN_FDS: String(text.split(':').length),
      LISTEN_FDNAMES: text,
    });
    const both = read(['--metrics', 'unix:/m'], names('varlink:metrics'));
    expect(both.activated).toEqual([{ fd: 3, name: 'varlink' }]);
    expect(both.metrics).toEqual([{ fd: 4, name: 'metrics' }, 'unix:/m']);
    expect(both.addresses).toEqual([]);
    const alone = read([], names('metrics'));
    expect(alone.metrics).toEqual([{ fd: 3, name: 'metrics' }]);
    expect(alone.addresses).toEqual(['unix:/run/imaged/io.podman']);
    expect(alone.idleTimeout).toBeGreaterThan(0);
  });

  it('takes a single socket whatever its name', () => {
    const { activated, addresses } = read([], {
      LISTEN_PID: '100',
      LISTEN_FDS: '1',
      LISTEN_FDNAMES: 'anything',
    });
    expect(activated).toEqual([{ fd: 3, name: 'anything' }]);
    expect(addresses).toEqual([]);
  });

  it('takes of several sockets those named varlink and jsonrpc', () => {
    const environment = {
      LISTEN_PID: '100',
      LISTEN_FDS: '4',
      LISTEN_FDNAMES: 'jsonrpc:varlink:other:varlink',
    };
    const { activated } = read([], environment);
    expect(activated.map(({ fd }) => fd)).toEqual([3, 4, 6]);
    expect(activated.map(speaksJsonRpc)).toEqual([true, false, false]);
  });

  it('leaves sockets alone that are meant for another process', () => {
    expect(read([], { LISTEN_PID: '99', LISTEN_FDS: '1' }).activated).toEqual([]);
    expect(read([], { LISTEN_PID: '100', LISTEN_FDS: 'x' }).activated).toEqual([]);
  });

  it('listens at a given address beside the activated socket', () => {
    const options = read(['--address', 'unix:/a'], { LISTEN_PID: '100', LISTEN_FDS: '1' });
    expect([options.addresses.length, options.activated.length]).toEqual([1, 1]);
  });
});

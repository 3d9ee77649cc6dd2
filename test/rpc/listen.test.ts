// Where a server listens, and who it gives way to.
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { ListenOptions, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AddressError, padsAbstractNames, parseAddress } from '../../src/rpc/address.js';
import { openLink } from '../../src/rpc/connect.js';
import type { Listening } from '../../src/rpc/listen.js';
import { listen, listenOnDescriptor } from '../../src/rpc/listen.js';
import { bindAbstract } from '../../src/sys/abstract-socket.js';
import { declare } from '../../src/sys/libc.js';

const unix = 1;
const stream = 1;
const socket = declare('int socket(int domain, int type, int protocol)');
const bind = declare('int bind(int fd, const void *address, uint size)');

/** One that files can be given to. */
const group = process.getuid?.() === 0 ? 4711 : process.getgid?.();

describe('parseAddress', () => {
  it.each([
    ['unix:/run/x', { kind: 'unix', path: '/run/x', mode: 0o600 }],
    ['unix:/run/x;mode=0666', { kind: 'unix', path: '/run/x', mode: 0o666 }],
    ['unix:/run/x;com.example=1;mode=660', { kind: 'unix', path: '/run/x', mode: 0o660 }],
    ['unix:relative', { kind: 'unix', path: 'relative', mode: 0o600 }],
    ['unix:@name', { kind: 'abstract', name: 'name' }],
    ['unix:@name;mode=0666', { kind: 'abstract', name: 'name' }],
    ['unix:/run/x;role=read', { kind: 'unix', path: '/run/x', mode: 0o600, role: 'read' }],
    ['unix:/run/x;group=a', { kind: 'unix', path: '/run/x', mode: 0o660, group: 'a' }],
    ['unix:/run/x;group=a;mode=0600', { kind: 'unix', path: '/run/x', mode: 0o600, group: 'a' }],
    ['unix:@name;role=pull', { kind: 'abstract', name: 'name', role: 'pull' }],
    ['tcp:[::1]:80;role=read', { kind: 'tcp', host: '::1', port: 80, role: 'read' }],
    ['tcp:127.0.0.1:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }],
    ['tcp:localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['unix:///run/x', { kind: 'unix', path: '/run/x', mode: 0o600 }],
    ['tcp://localhost:80', { kind: 'tcp', host: 'localhost', port: 80 }],
    ['tls://[::1]:8443/', { kind: 'tls', host: '::1', port: 8443 }],
    ['tls:0.0.0.0:8443;role=pull', { kind: 'tls', host: '0.0.0.0', port: 8443, role: 'pull' }],
    ['tcp:[::1]:12345', { kind: 'tcp', host: '::1', port: 12345 }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    ['', 'expected unix:PATH, unix:@NAME, tcp:HOST:PORT or tls:HOST:PORT'],
    ['unix://run/x', 'the path must be absolute: unix:///PATH'],
    ['tls:8443', 'expected tls:HOST:PORT'],
    ['tcp://localhost/x', 'expected tcp:HOST:PORT'],
    ['/run/x', 'expected unix:PATH'],
    ['http://x', 'expected unix:PATH'],
    ['unix:', 'the path is empty'],
    ['unix:@', 'the path is empty'],
    ['unix:/x\0y', 'the path has a NUL in it'],
    [`unix:/${'x'.repeat(107)}`, 'the path is longer than 107 bytes'],
    [`unix:/${'é'.repeat(54)}`, 'the path is longer than 107 bytes'],
    ['unix:/x;mode=rw', 'the mode is not octal'],
    ['unix:/x;mode', 'the mode is not octal'],
    ['unix:/x;role=', 'the role is empty'],
    ['tcp:localhost:1;role', 'the role is empty'],
    ['unix:/x;group=', 'the group is empty'],
    ['tcp:localhost', 'expected tcp:HOST:PORT'],
    ['tcp:::1:80', 'expected tcp:HOST:PORT'],
    ['tcp:localhost:65536', 'expected tcp:HOST:PORT'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseAddress(text)).toThrow(problem);
    expect(() => parseAddress(text)).toThrow(AddressError);
  });
});

describe('padsAbstractNames', () => {
  it.each([
    ['1.46.0', true],
    ['1.48.0', false],
    ['2.0.0', false],
  ])('knows what libuv %s does', (libuv, pads) => {
    expect(padsAbstractNames(libuv)).toBe(pads);
  });
});

describe('listen', () => {
  let directory: string;
  let path: string;
  const greet = (peer: Socket): void => {
    peer.on('error', () => {});
    peer.end('hello');
  };
  const servers: { close(): unknown }[] = [];

  /** `onBound` is told the path at the moment at which the file has come to be. */
  function server(onBound?: (path: string) => void): ReturnType<typeof createServer> {
    const created = createServer(greet);
    const start = created.listen.bind(created) as (options: ListenOptions) => typeof created;
    if (onBound !== undefined) {
      created.listen = ((options: ListenOptions) => {
        start(options);
        onBound(options.path ?? '');
        return created;
      }) as typeof created.listen;
    }
    servers.push(created);
    return created;
  }

  async function greeting(address: string): Promise<string> {
    const { socket } = await openLink(address);
    let text = '';
    for await (const bytes of socket) text += String(bytes);
    return text;
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'listen-'));
    path = join(directory, 'socket');
  });

  afterEach(() => {
    for (const created of servers.splice(0)) created.close();
    rmSync(directory, { recursive: true });
  });

  /** Makes a socket file that nobody listens on. */
  function leaveStale(place: string): void {
    const fd = socket(unix, stream, 0) as number;
    const name = Buffer.from(`\u0001\0${place}\0`);
    expect(bind(fd, name, name.length)).toBe(0);
    closeSync(fd);
  }

  it.each([
    ['', 0o600],
    [';mode=0666', 0o666],
    [';mode=0700', 0o700],
  ])('makes the socket file of unix:PATH%s with its mode', async (parameters, mode) => {
    await listen(server(), `unix:${path}${parameters}`);
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect(await greeting(`unix:${path}${parameters}`)).toBe('hello');
  });

  it.each([
    ['', 0o600, 0o600],
    [';mode=0640', 0o640, 0o640],
    [`;group=${group}`, 0o600, 0o660],
    [`;group=${group};mode=0666`, 0o600, 0o666],
  ])('never has a file that is open wider, whatever the umask: %s', async (parameters, first, last) => {
    const before = process.umask(0);
    try {
      const seen: number[] = [];
      await listen(
        server((bound) => seen.push(statSync(bound).mode & 0o777)),
        `unix:${path}${parameters}`,
      );
      expect(seen).toEqual([first]);
      expect(statSync(path).mode & 0o777).toBe(last);
      expect(statSync(path).gid).toBe(parameters.includes('group') ? group : process.getgid?.());
    } finally {
      process.umask(before);
    }
  });

  it('gives its file to nobody if the group is none, and leaves nothing', async () => {
    const groupId = (name: string): Promise<number> => Promise.reject(new Error(`there is no group ${name}`));
    await expect(listen(server(), `unix:${path};group=x`, { groupId })).rejects.toThrow(
      'there is no group x',
    );
    await expect(listen(server(), `unix:${path};group=x`)).rejects.toThrow('group x: expected a number');
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each(['rol=read', 'mod=0600', 'constructor=1'])('does not pass over %s', async (parameter) => {
    const [name = ''] = parameter.split('=');
    for (const address of [`unix:${path}`, `unix:@${path}`, 'tcp:127.0.0.1:0'])
      await expect(listen(server(), `${address};${parameter}`)).rejects.toThrow(
        `there is no parameter ${name}`,
      );
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves the umask of the process as it was', async () => {
    const before = process.umask();
    await listen(server(), `unix:${path}`);
    await expect(listen(server(), `unix:${directory}/no/such/directory`)).rejects.toThrow(
      'no such directory',
    );
    expect(process.umask()).toBe(before);
  });

  it('listens on abstract and on loopback addresses', async () => {
    const name = `unix:@${path}`;
    expect(await listen(server(), name, { bindAbstract })).toMatchObject({ address: name });
    expect(await greeting(name)).toBe('hello');
    const { address } = await listen(server(), 'tcp:127.0.0.1:0');
    expect(address).toMatch(/^tcp:127\.0\.0\.1:[1-9]\d*$/);
    expect(await greeting(address)).toBe('hello');
  });

  it('listens under an abstract name that others find', async () => {
    await listen(server(), `unix:@${path}`, { bindAbstract });
    const names = readFileSync('/proc/net/unix', 'utf8').split('\n');
    expect(names.filter((line) => line.endsWith(` @${path}`))).toHaveLength(1);
    await expect(listen(server(), `unix:@${path}`, { bindAbstract })).rejects.toThrow('EADDRINUSE');
  });

  it('lets nobody call over a network', async () => {
    await expect(listen(server(), 'tcp:0.0.0.0:0')).rejects.toThrow('not a loopback address');
    await expect(listen(server(), 'tcp:example.org:0')).rejects.toThrow('not a loopback address');
  });

  it('takes the place of a socket that nobody listens on', async () => {
    leaveStale(path);
    expect(existsSync(path)).toBe(true);
    await listen(server(), `unix:${path}`);
    expect(await greeting(`unix:${path}`)).toBe('hello');
  });

  it('does not take the place of a living one', async () => {
    await listen(server(), `unix:${path}`);
    await expect(listen(server(), `unix:${path}`)).rejects.toThrow('another process listens there');
    expect(await greeting(`unix:${path}`)).toBe('hello');
  });

  it('removes its socket file when it stops listening', async () => {
    const listening = await listen(server(), `unix:${path}`);
    expect(readdirSync(directory)).toEqual(['socket']);
    await listening.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves the socket file of another that has taken its place', async () => {
    const listening = await listen(server(), `unix:${path}`);
    rmSync(path);
    await listen(server(), `unix:${path}`);
    await listening.close();
    expect(await greeting(`unix:${path}`)).toBe('hello');
  });

  it('leaves the socket file of whoever has bound a descriptor', async () => {
    const bound = server();
    await listen(bound, `unix:${path}`);
    const { fd } = (bound as unknown as { _handle: { fd: number } })._handle;
    const inherited = declare('int dup(int fd)')(fd) as number;
    const listening = await listenOnDescriptor(server(), inherited);
    await listening.close();
    expect(await greeting(`unix:${path}`)).toBe('hello');
  });

  it('lets only one of many take the place of a stale socket', async () => {
    for (let round = 0; round < 20; round++) {
      leaveStale(path);
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, async () => await listen(server(), `unix:${path}`)),
      );
      const [winner, ...others] = results.filter(({ status }) => status === 'fulfilled');
      expect(others).toEqual([]);
      expect(await greeting(`unix:${path}`)).toBe('hello');
      for (const result of results.filter(({ status }) => status === 'rejected'))
        expect((result as PromiseRejectedResult).reason).toMatchObject({ code: 'INVALID_ADDRESS' });
      expect(readdirSync(directory)).toEqual(['socket']);
      await (winner as PromiseFulfilledResult<Listening>).value.close();
    }
  });

  it('takes the longest path there is', async () => {
    const long = join(directory, 'x'.repeat(106 - Buffer.byteLength(directory)));
    const listening = await listen(server(), `unix:${long}`);
    expect(await greeting(`unix:${long}`)).toBe('hello');
    await listening.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does not remove a file that is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(listen(server(), `unix:${path}`)).rejects.toThrow('there is a file that is no socket');
    chmodSync(path, 0o600);
    expect(statSync(path).size).toBe(8);
  });

  it('listens on a descriptor that is bound already', async () => {
    await listenOnDescriptor(server(), bindAbstract(path));
    expect(await greeting(`unix:@${path}`)).toBe('hello');
  });
});

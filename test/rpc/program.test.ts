// Services and bridges that are started for a connection.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { abstractRelay } from '../../src/rpc/abstract-relay.js';
import { connect } from '../../src/rpc/client.js';
import { startProgram } from '../../src/rpc/program.js';
import { bindAbstract } from '../../src/sys/abstract-socket.js';

const raw = (value: unknown): unknown => value;
const node = process.execPath;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'program-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** The address of a script; the shell's quotes keep it in one word. */
function program(scheme: string, text: string): string {
  const path = join(directory, 'a program.cjs');
  writeFileSync(path, text);
  return `${scheme}:${node} '${path}' 'an argument'`;
}

/** Whether a process is there: a zombie is. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Answers every call with what `value` is. */
const answering = (value: string): string =>
  `socket.on('data', () => socket.write(JSON.stringify({ parameters: ${value} }) + '\\0'));`;

describe('a program at the other end', () => {
  it('gets a connected socket as a service manager passes it', async () => {
    const address = program(
      'exec',
      `const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
      const socket = new (require('node:net').Socket)({ fd: 3 });
      ${answering('{ LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, pid: process.pid, args: process.argv.slice(2) }')}`,
    );
    const connection = await connect(address);
    const reply = (await connection.call('a.b.C', {}, raw)) as { pid: number };
    expect(reply).toEqual({
      LISTEN_PID: String(reply.pid),
      LISTEN_FDS: '1',
      LISTEN_FDNAMES: 'varlink',
      pid: expect.any(Number),
      args: ['an argument'],
    });
    expect(exists(reply.pid)).toBe(true);
    await connection.close();
    expect(exists(reply.pid)).toBe(false);
  });

  it('gets its standard input and output', async () => {
    await using connection = await connect(
      program(
        'bridge',
        `process.stdin.on('data', () => process.stdout.write('{"parameters":{"to":"stdout"}}\\0'));`,
      ),
    );
    expect(await connection.call('a.b.C', {}, raw)).toEqual({ to: 'stdout' });
  });

  it('connects to an abstract socket where Node cannot, and passes on both ends of it', async () => {
    const name = `program-test-${process.pid}`;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => socket.write(bytes));
      socket.on('end', () => socket.end('end'));
    });
    server.listen({ fd: bindAbstract(name) });
    try {
      const { socket, ended } = startProgram(`unix:@${name}`, abstractRelay(name));
      const large = 'x'.repeat(1_000_000);
      socket.end(large);
      let text = '';
      for await (const bytes of socket) text += String(bytes);
      expect(text === `${large}end`).toBe(true);
      expect(await ended).toBe('');
    } finally {
      server.close();
    }
    const refused = startProgram('unix:@none', abstractRelay(`${name}-none`));
    refused.socket.resume().end();
    expect(await refused.ended).toBe('unix:@none: exit status 111: connect: Connection refused');
  });

  it('is told to end, and killed, when it does not end with its connection', async () => {
    const address = program(
      'exec',
      `require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'pid'))}, String(process.pid));
      process.on('SIGTERM', () => require('node:fs').writeFileSync(${JSON.stringify(join(directory, 'told'))}, ''));
      setInterval(() => {}, 1000);
      const socket = new (require('node:net').Socket)({ fd: 3 });
      ${answering('{}')}`,
    );
    const connection = await connect(address);
    await connection.call('a.b.C', {}, raw);
    await connection.close();
    expect(exists(Number(readFileSync(join(directory, 'pid'))))).toBe(false);
    expect(readFileSync(join(directory, 'told'), 'utf8')).toBe('');
  });

  it.each([
    ['exec:exit-with-nothing', /exec:exit-with-nothing: exit status 127: .*not found$/],
    [`exec:${node} -e 'process.exit(3)'`, /: exit status 3$/],
    [`exec:${node} -e 'process.kill(process.pid, "SIGABRT")'`, /: SIGABRT$/],
    [`bridge:${node} -e 'console.error("one\\ntwo"); process.exit(1)'`, /: exit status 1: one; two$/],
    [`bridge:${node} -e 'console.error("x".repeat(1e6)); process.exit(1)'`, /: exit status 1: x{4000,4100}$/],
    [`bridge:${node} -e ''`, /^a\.b\.C: the service has closed the connection$/],
  ])('is blamed for the end of the connection: %s', async (address, message) => {
    await using connection = await connect(address);
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
      message: expect.stringMatching(message),
    });
  });

  it('is not started when connecting was given up before', async () => {
    const signal = AbortSignal.abort(new RangeError('enough'));
    await expect(connect(`exec:touch ${directory}/started`, { signal })).rejects.toThrow('enough');
  });
});

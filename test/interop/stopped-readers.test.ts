// What clients cost that call and do not read.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type ServerProcess, startServer } from './support/server-process.js';
import { VarlinkConnection } from './support/varlink.js';

jest.setTimeout(60_000);

const readers = 100;
const mebibyte = 1024 * 1024;
const payload = 'x'.repeat(1000);

/** A stream that would never end, and more calls than any buffer holds. */
const endless = { count: 2 ** 40, size: payload.length };
const streaming = callOf('Stream', endless, ',"more":true');
const calling = callOf('EchoString', { value: payload }).repeat(10_000);
const streamingRequest = requestOf(1, 'Stream', endless);
const requesting = Array.from({ length: 10_000 }, (_, id) =>
  requestOf(id, 'EchoString', { value: payload }),
).join('');

function callOf(method: string, parameters: object, flag = ''): string {
  return `{"method":"org.example.probe.${method}","parameters":${JSON.stringify(parameters)}${flag}}\0`;
}

function requestOf(id: number, method: string, params: object): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method: `org.example.probe.${method}`, params })}\n`;
}

describe('a client that stops reading', () => {
  let directory: string;
  let server: ServerProcess;
  const sockets: Socket[] = [];

  /** Opens connections that send and never read. */
  async function stop(count: number, text: string): Promise<void> {
    const path = text.startsWith('{"jsonrpc"') ? `${directory}/jsonrpc` : `${directory}/socket`;
    for (let i = 0; i < count; i++) {
      const socket = connect(path).pause();
      socket.on('error', () => undefined);
      socket.write(text);
      sockets.push(socket);
    }
    await idle();
    expect(sockets.filter((socket) => socket.connecting || socket.destroyed)).toEqual([]);
  }

  /** Resolves when the server has used no processor time for a while. */
  async function idle(): Promise<void> {
    for (let before = -1, now = ticks(); before !== now; now = ticks()) {
      before = now;
      await pause(300);
    }
  }

  function ticks(): number {
    const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(' ');
    return Number(fields[13]) + Number(fields[14]);
  }

  function memory(): number {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'readers-'));
    const address = `unix:${join(directory, 'socket')}`;
    const program = join(process.cwd(), 'dist', 'probe-server.js');
    server = await startServer(address, process.execPath, [
      program,
      `jsonrpc+unix:${directory}/jsonrpc`,
      address,
    ]);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['in the middle of a stream', streaming],
    ['and goes on calling', calling],
    ['in the middle of a stream of JSON-RPC', streamingRequest],
    ['and goes on calling through JSON-RPC', requesting],
  ])('%s costs less than 1 MiB and holds nobody up', async (_, text) => {
    await stop(10, text);
    const before = memory();
    await stop(readers, text);
    expect((memory() - before) / readers).toBeLessThan(mebibyte);
    const connection = await VarlinkConnection.connect(server.address);
    for (let i = 0; i < 100; i++)
      expect(await connection.call('org.example.probe.EchoInt', { value: i })).toEqual({ value: i });
    connection.close();
  });

  it('leaves nothing running when it is gone', async () => {
    await stop(20, callOf('Forever', {}, ',"more":true'));
    for (const socket of sockets) socket.destroy();
    const connection = await VarlinkConnection.connect(server.address);
    let left: unknown = sockets.length;
    for (const end = Date.now() + 10_000; left !== 0 && Date.now() < end; await pause(5))
      left = (await connection.call('org.example.probe.ForeverCount'))['running'];
    expect(left).toBe(0);
    connection.close();
  });
});

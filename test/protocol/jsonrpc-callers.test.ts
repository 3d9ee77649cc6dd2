// Callers of the JSON-RPC door that leave, do not read or ask for too much, and what both doors share.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Admission, ConnectionClosedError } from '../../src/rpc/index.js';
import { JsonRpcServer } from '../../src/rpc/jsonrpc/server.js';
import { VarlinkServer } from '../../src/rpc/varlink/server.js';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { pause, settled, until } from './until.js';

const jsonrpc = '2.0';
const flags = 'org.example.flags';
const talk = (id: unknown): object => ({ jsonrpc, id, method: `${flags}.Talk` });
const talked = (id: unknown): object => ({ jsonrpc, id, result: { protocol: 'varlink' } });
const fail = (id: number, code: number, message = ''): object => ({
  jsonrpc,
  id,
  method: `${flags}.Fail`,
  params: { code, message },
});
const countForEver = (id: number): object => ({
  jsonrpc,
  id,
  method: `${flags}.Count`,
  params: { to: 1e15 },
});

describe('a JSON-RPC server', () => {
  let running: Running;
  let service: FlagsService;
  let activity: { connections: number; calls: number };
  let failures: { code?: string }[];

  const open = (): RawClient => new RawClient(running.path, '\n');
  const idle = async (): Promise<void> => await until(() => activity.connections + activity.calls === 0);

  beforeEach(async () => {
    service = new FlagsService();
    activity = { connections: 0, calls: 0 };
    failures = [];
    running = await serve([[orgExampleFlags, service]], {
      door: JsonRpcServer,
      limits: { message: 100_000, unfinished: 50, connectionsPerUser: 3 },
      onActivity: (now) => {
        activity = { ...now };
      },
      onFailure: (error) => failures.push(error as { code?: string }),
    });
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it.each<[string, object[], boolean]>([
    ['waits for answers', [fail(1, 100), countForEver(2)], false],
    ['has finished sending', [fail(1, 100)], true],
    [
      'has sent more than is read ahead',
      [fail(1, 100), ...Array.from({ length: 3000 }, (_, i) => fail(i + 2, 102))],
      false,
    ],
  ])('aborts all calls of one who leaves while it %s', async (_, requests, halfClose) => {
    const client = open();
    client.send(...requests);
    if (halfClose) client.socket.end();
    const { signal } = await service.waiting.promise;
    await pause(60);
    expect(signal.aborted).toBe(false);
    const aborted = once(signal, 'abort');
    client.socket.destroy();
    const left = performance.now();
    await aborted;
    expect(performance.now() - left).toBeLessThan(1000);
    expect(signal.reason).toBeInstanceOf(ConnectionClosedError);
    service.go.resolve();
    await idle();
  });

  it('makes no more replies than a caller reads, however many streams it has', async () => {
    using client = open();
    client.socket.pause();
    client.send(...Array.from({ length: 50 }, (_, id) => countForEver(id)));
    await until(() => service.counted > 2);
    await settled(() => service.counted);
    // What the sockets hold, not what memory could.
    expect(service.counted).toBeLessThan(20_000);
    client.socket.destroy();
    expect(await service.abandoned.promise).toBe('returned');
    await idle();
  });

  it('stops reading while a caller takes no answers', async () => {
    using client = open();
    client.socket.pause();
    let flushed = 0;
    const filler = 'x'.repeat(10_000);
    for (let id = 0; id < 800; id++)
      client.socket.write(`${JSON.stringify(fail(id, 1, filler))}\n`, () => flushed++);
    expect(await settled(() => flushed)).toBeLessThan(400);
    client.socket.resume();
    const ids = new Set<unknown>();
    for (let i = 0; i < 800; i++) ids.add(((await client.next()) as { id: unknown }).id);
    expect(ids.size).toBe(800);
  });

  it('answers nonsense no faster than its caller reads', async () => {
    using client = open();
    client.socket.pause();
    let flushed = 0;
    const nonsense = 'x\n'.repeat(5000);
    for (let i = 0; i < 100; i++) client.socket.write(nonsense, () => flushed++);
    expect(await settled(() => flushed)).toBeLessThan(70);
    using other = open();
    other.send(talk(1));
    expect(await other.next()).toEqual(talked(1));
  });

  it('reads a cancellation while as many calls run as may', async () => {
    using client = open();
    client.send(...Array.from({ length: 300 }, (_, id) => fail(id, 102)));
    await until(() => activity.calls === 64);
    client.send({ jsonrpc, method: '$/cancel', params: { id: 299 } });
    expect(await client.next()).toMatchObject({ id: 299, error: { code: -32001 } });
    service.go.resolve();
  });

  it('answers a line that is too long, and ends', async () => {
    using client = open();
    client.write(`"${'x'.repeat(100_000)}"`);
    expect(await client.rest()).toEqual([
      { jsonrpc, id: null, error: { code: -32700, message: 'a message is longer than 100000 bytes' } },
    ]);
    expect(failures).toMatchObject([{ code: 'PROTOCOL_VIOLATION' }]);
  });

  it('gives a line up that has begun and does not go on', async () => {
    using client = open();
    client.write('{"jsonrpc":');
    expect(await client.rest()).toEqual([]);
    expect(failures).toMatchObject([{ code: 'PROTOCOL_VIOLATION' }]);
  });

  it('leaves one alone who is idle between lines', async () => {
    using client = open();
    client.send(talk(1));
    expect(await client.next()).toEqual(talked(1));
    await pause(150);
    client.send(talk(2));
    expect(await client.next()).toEqual(talked(2));
  });

  it('is not harmed by one who leaves in the middle of anything', async () => {
    const lines = [countForEver(1), fail(2, 100), [talk(3), fail(4, 100)]].map(
      (line) => `${JSON.stringify(line)}\n`,
    );
    const text = lines.join('');
    for (let cut = 0; cut <= text.length; cut += 7) {
      const socket = connect(running.path);
      socket.on('error', () => {});
      await once(socket, 'connect');
      await new Promise<void>((resolve) => socket.write(text.slice(0, cut), () => resolve()));
      socket.destroy();
      await once(socket, 'close');
      await idle();
    }
    using client = open();
    client.send(talk(1));
    expect(await client.next()).toEqual(talked(1));
  });

  it('serves a thousand connections at once', async () => {
    await using crowded = await serve([[orgExampleFlags, service]], { door: JsonRpcServer });
    const clients = Array.from({ length: 1000 }, () => new RawClient(crowded.path, '\n'));
    try {
      for (const [id, client] of clients.entries()) client.send(talk(id), fail(-id - 1, 102));
      for (const [id, client] of clients.entries()) expect(await client.next()).toEqual(talked(id));
      service.go.resolve();
      for (const [id, client] of clients.entries())
        expect(await client.next()).toMatchObject({ id: -id - 1 });
    } finally {
      for (const client of clients) client.socket.destroy();
    }
  });

  describe('when it stops', () => {
    it('lets calls end, but takes no further ones', async () => {
      using client = open();
      using other = open();
      other.send(talk(0));
      await other.next();
      client.send(fail(1, 102), fail(2, 102));
      await until(() => activity.calls === 2);
      const closed = running.server.close(60_000);
      client.send(talk(3));
      service.go.resolve();
      await closed;
      expect(await client.rest()).toMatchObject([{ id: 1 }, { id: 2 }]);
      expect(await other.rest()).toEqual([]);
    });

    it('aborts what has not ended in time', async () => {
      using client = open();
      client.send(fail(1, 100));
      await service.waiting.promise;
      const closed = running.server.close(20);
      expect(await service.abandoned.promise).toMatchObject({ message: 'the service stops' });
      await closed;
      expect(await client.rest()).toEqual([]);
    });
  });

  it('shares its limits and its activity with the varlink door', async () => {
    let shared = { connections: 0, calls: 0 };
    const admission = new Admission({
      limits: { connectionsPerUser: 2 },
      onActivity: (now) => {
        shared = { ...now };
      },
    });
    const { dispatcher } = running;
    const doors = [
      new VarlinkServer({ dispatcher, admission }),
      new JsonRpcServer({ dispatcher, admission }),
    ];
    const paths = [`${running.path}-1`, `${running.path}-2`];
    try {
      for (const [index, door] of doors.entries()) await door.listen(`unix:${paths[index]}`);
      using _varlink = new RawClient(paths[0] ?? '');
      using lines = new RawClient(paths[1] ?? '', '\n');
      lines.send(fail(1, 102));
      await until(() => shared.connections === 2 && shared.calls === 1);
      using refused = new RawClient(paths[0] ?? '');
      expect(await refused.rest()).toEqual([]);
      using alsoRefused = new RawClient(paths[1] ?? '', '\n');
      expect(await alsoRefused.rest()).toEqual([]);
      service.go.resolve();
      await until(() => shared.calls === 0);
    } finally {
      for (const door of doors) await door.close();
    }
  });
});

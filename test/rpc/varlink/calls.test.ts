// How calls are sent, given up and told apart, at a service whose every byte the test decides.
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ImageNotFound, IoPodmanClient } from '../../../src/generated/io-podman.js';
import { OrgVarlinkServiceClient } from '../../../src/generated/org-varlink-service.js';
import { listen } from '../../../src/rpc/listen.js';
import type { VarlinkConnection } from '../../../src/rpc/varlink/client.js';
import { connect } from '../../../src/rpc/varlink/client.js';

const raw = (value: unknown): unknown => value;
const creds = { username: '', password: '' };
const closed = { name: 'ConnectionClosedError', code: 'CONNECTION_CLOSED' };

let directory: string;
let server: Server;
let address: string;
let connection: VarlinkConnection;
/** What the service does with what arrives. */
let answer: (socket: Socket, text: string) => void;
/** What arrived, read by read. */
let received: string[];
/** Resolves when the first call is there. */
let called: Promise<void>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'calls-'));
  received = [];
  answer = () => {};
  let tell = (): void => {};
  called = new Promise((resolve) => {
    tell = resolve;
  });
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      received.push(bytes.toString());
      tell();
      answer(socket, bytes.toString());
    });
  });
  ({ address } = await listen(server, `unix:${directory}/socket`));
  connection = await connect(address);
});

afterEach(async () => {
  await connection.close();
  server.close();
  rmSync(directory, { recursive: true });
});

function methods(text: string): string[] {
  return text
    .split('\0')
    .slice(0, -1)
    .map((message) => (JSON.parse(message) as { method: string }).method);
}

describe('a pipeline', () => {
  it('goes out in one write and comes back in order, with an error in the middle', async () => {
    answer = (socket) =>
      socket.write(
        '{"parameters":{"images":[]}}\0' +
          '{"error":"io.podman.ImageNotFound","parameters":{"id":"x","reason":"none"}}\0' +
          '{"parameters":{"exists":1}}\0',
      );
    const podman = new IoPodmanClient(connection);
    const [images, missing, exists] = await connection.pipeline(() => [
      podman.listImages({}),
      podman.getImage({ id: 'x' }),
      podman.imageExists({ name: 'x' }),
    ]);
    expect(received.map(methods)).toEqual([
      ['io.podman.ListImages', 'io.podman.GetImage', 'io.podman.ImageExists'],
    ]);
    expect(images).toEqual({ status: 'fulfilled', value: { images: [] } });
    expect(missing).toMatchObject({ status: 'rejected', reason: { parameters: { id: 'x' } } });
    expect(missing.status === 'rejected' && missing.reason).toBeInstanceOf(ImageNotFound);
    expect(exists).toEqual({ status: 'fulfilled', value: { exists: 1 } });
  });

  it('is one write, too, where calls are made without waiting', async () => {
    answer = (socket, text) => socket.write('{}\0'.repeat(methods(text).length));
    await Promise.all(Array.from({ length: 100 }, () => connection.call('a.b.C', {}, raw)));
    expect(received).toHaveLength(1);
  });

  it('has an outcome for each call that the end of the connection keeps from its reply', async () => {
    answer = (socket) => socket.end('{"parameters":{"n":1}}\0');
    const outcomes = await connection.pipeline(() => [
      connection.call('a.b.C', {}, raw),
      connection.call('a.b.D', {}, raw),
    ]);
    expect(outcomes).toMatchObject([{ value: { n: 1 } }, { reason: { ...closed, mayHaveRun: true } }]);
  });
});

describe('a call that fails with its connection', () => {
  it('says that it may have run when it was sent', async () => {
    answer = (socket) => socket.destroy();
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject({
      ...closed,
      mayHaveRun: true,
      message: 'a.b.C: the service has closed the connection',
    });
  });

  it('says that it has not run when it was not sent', async () => {
    await connection.close();
    const failure = { ...closed, mayHaveRun: false, message: 'a.b.C: not sent, the connection is closed' };
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject(failure);
    await expect(connection.oneway('a.b.C', {})).rejects.toMatchObject(failure);
    await expect(connection.more('a.b.C', {}, raw).next()).rejects.toMatchObject(failure);
  });

  it('says so, too, when it waited for an upgraded one', async () => {
    answer = (socket) => socket.write('{}\0');
    await connection.upgrade('a.b.C', {}, raw);
    const behind = connection.call('a.b.D', {}, raw).catch((error: unknown) => error);
    await connection.close();
    expect(await behind).toMatchObject({ ...closed, mayHaveRun: false });
    expect(received.flatMap(methods)).toEqual(['a.b.C']);
  });
});

describe('a timeout', () => {
  it('leaves no timer behind when its call is over, or was not sent', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const clear = jest.spyOn(globalThis, 'clearTimeout');
    const options = { timeout: 1e6 };
    answer = (socket, text) => (text.includes('Last') ? socket.destroy() : socket.write('{}\0'));
    await connection.call('a.b.C', {}, raw, options);
    for await (const _ of connection.more('a.b.C', {}, raw, options)) continue;
    await expect(connection.call('a.b.Last', {}, raw, options)).rejects.toMatchObject(closed);
    await expect(connection.call('a.b.C', {}, raw, options)).rejects.toMatchObject(closed);
    const started = set.mock.calls.flatMap(([, time], index) =>
      time === options.timeout ? [set.mock.results[index]?.value] : [],
    );
    const cleared = new Set(clear.mock.calls.map(([timer]): unknown => timer));
    jest.restoreAllMocks();
    expect(started).toHaveLength(4);
    expect(started.filter((timer) => !cleared.has(timer))).toEqual([]);
  });

  it('ends the call and the connection, for the reply could be taken for another', async () => {
    const call = connection.call('a.b.C', {}, raw, { timeout: 50 }).catch((error: unknown) => error);
    const behind = connection.call('a.b.D', {}, raw).catch((error: unknown) => error);
    expect(await call).toMatchObject({
      name: 'TimeoutError',
      code: 'TIMEOUT',
      message: 'a.b.C: no reply in 50 ms',
      mayHaveRun: true,
    });
    expect(await behind).toMatchObject({
      ...closed,
      mayHaveRun: true,
      message: 'a.b.D: the connection was given up with a.b.C',
    });
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject(closed);
  });

  it('holds for all calls with one reply if the connection says so, unless a call says otherwise', async () => {
    await using impatient = await connect(address, { callTimeout: 50 });
    const replies = impatient.more('a.b.More', {}, raw);
    const first = replies.next().catch((error: unknown) => error);
    const patient = impatient.call('a.b.C', {}, raw, { timeout: 10_000 }).catch((error: unknown) => error);
    await called;
    await expect(impatient.call('a.b.D', {}, raw)).rejects.toMatchObject({
      message: 'a.b.D: no reply in 50 ms',
    });
    expect(await first).toMatchObject(closed);
    expect(await patient).toMatchObject(closed);
  });

  it('counts for each reply of a stream', async () => {
    let sent = 0;
    answer = (socket) => {
      const timer = setInterval(() => {
        socket.write(`{"parameters":{"n":${sent}},"continues":true}\0`);
        if (++sent === 5) clearInterval(timer);
      }, 100);
    };
    const numbers: unknown[] = [];
    const loop = (async () => {
      for await (const reply of connection.more('a.b.C', {}, raw, { timeout: 400 })) numbers.push(reply);
    })();
    await expect(loop).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(numbers).toHaveLength(5);
  });

  it('does not hurt the connection where the call had not been sent', async () => {
    answer = (socket) => socket.write('{}\0');
    const { release } = await connection.upgrade('a.b.C', {}, raw);
    await expect(connection.call('a.b.D', {}, raw, { timeout: 20 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    release();
    expect(await connection.call('a.b.E', {}, raw)).toEqual({});
    expect(received.flatMap(methods)).toEqual(['a.b.C', 'a.b.E']);
  });
});

describe('a stream', () => {
  it('can be left while it waits for a reply', async () => {
    const replies = connection.more('a.b.C', {}, raw);
    const waiting = replies.next();
    await called;
    expect(await replies.return()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject(closed);
  });

  it('gives steps that are asked for at once their replies in order', async () => {
    answer = (socket) => socket.write('{"parameters":{"n":1},"continues":true}\0{"parameters":{"n":2}}\0');
    const replies = connection.more('a.b.C', {}, raw);
    expect(await Promise.all([replies.next(), replies.next(), replies.next()])).toEqual([
      { done: false, value: { n: 1 } },
      { done: false, value: { n: 2 } },
      { done: true, value: undefined },
    ]);
  });

  it('tells an error once, also one that came while nobody waited', async () => {
    answer = (socket) => socket.write('{"continues":true}\0');
    const abort = new AbortController();
    const replies = connection.more('a.b.C', {}, raw, { signal: abort.signal });
    await replies.next();
    abort.abort(new RangeError('enough'));
    await expect(replies.next()).rejects.toThrow('enough');
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with its connection where a reply is not as declared', async () => {
    answer = (socket) => socket.write('{"parameters":{"reply":{"logs":5}},"continues":true}\0');
    const loop = (async () => {
      for await (const _ of new IoPodmanClient(connection).pullImageMore({ name: 'x', creds })) continue;
    })();
    await expect(loop).rejects.toMatchObject({
      name: 'InvalidReplyError',
      message: expect.stringContaining('reply.logs'),
    });
    await expect(connection.call('a.b.C', {}, raw)).rejects.toMatchObject(closed);
  });

  it('sends nothing before its loop begins, and nothing when it never does', async () => {
    answer = (socket) => socket.write('{}\0');
    await connection.more('a.b.Unused', {}, raw).return();
    connection.more('a.b.Unused', {}, raw);
    await connection.call('a.b.C', {}, raw);
    expect(received.flatMap(methods)).toEqual(['a.b.C']);
  });
});

describe('an older service', () => {
  it('may call an interface that it does not have a bad parameter', async () => {
    answer = (socket) =>
      socket.write(
        '{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"interface"}}\0',
      );
    const service = new OrgVarlinkServiceClient(connection);
    await expect(service.getInterfaceDescription({ interface: 'a.b' })).rejects.toMatchObject({
      name: 'InterfaceNotFound',
      parameters: { interface: 'a.b' },
    });
  });

  it('may leave out of a reply what is empty, or all of it, and say null', async () => {
    const replies = ['{}', '{"parameters":null}', '{"parameters":{"images":null}}', '{"error":null}'];
    answer = (socket) => socket.write(replies.map((reply) => `${reply}\0`).join(''));
    const podman = new IoPodmanClient(connection);
    expect(await Promise.all(replies.map(() => podman.listImages({})))).toEqual(
      replies.map(() => ({ images: [] })),
    );
  });
});

it('keeps fields of a reply that its interface does not declare', async () => {
  answer = (socket) => socket.write('{"parameters":{"exists":0,"since":"later"},"com.example.trace":1}\0');
  expect(await new IoPodmanClient(connection).imageExists({ name: 'x' })).toEqual({
    exists: 0,
    since: 'later',
  });
});

// How much of everything one caller may use.
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { pause, until } from './until.js';

const talk = { method: 'org.example.flags.Talk' };
const talked = { parameters: { protocol: 'varlink' } };

function forget(size: number): string {
  const call = JSON.stringify({ method: 'org.example.flags.Forget', parameters: { what: '' } });
  return `${call.replace('""', `"${'x'.repeat(size - call.length)}"`)}\0`;
}

/** Resolves to the client when the server has closed its connection. */
async function ended(client: RawClient): Promise<RawClient> {
  await once(client.socket, 'end');
  return client;
}

describe('limits', () => {
  let running: Running;
  let service: FlagsService;
  let failures: { code?: string }[];
  let uid: number;
  /** Long enough to never matter, unless a test says otherwise. */
  let unfinished = 60_000;
  let connections = 0;

  beforeEach(async () => {
    service = new FlagsService();
    failures = [];
    uid = 1000;
    running = await serve([[orgExampleFlags, service]], {
      limits: {
        message: 200_000,
        readAhead: 1000,
        connections: 6,
        connectionsPerUser: 3,
        unfinished,
        unfinishedBytes: 350_000,
        unfinishedBytesPerUser: 250_000,
      },
      peerOf: () => ({ uid, gid: 7, pid: 42 }),
      onActivity: (activity) => {
        ({ connections } = activity);
      },
      onFailure: (error) => failures.push(error as { code?: string }),
    });
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  async function open(): Promise<RawClient> {
    const client = new RawClient(running.path);
    client.send(talk);
    expect(await client.next()).toEqual(talked);
    return client;
  }

  it('takes a message of the greatest length and closes at one byte more', async () => {
    using client = new RawClient(running.path);
    client.write(forget(200_000));
    expect(await client.next()).toEqual({ parameters: {} });
    client.write(forget(200_001));
    expect(await client.rest()).toEqual([]);
    expect(failures).toMatchObject([{ code: 'PROTOCOL_VIOLATION' }]);
  });

  it('closes at a message without an end as soon as it is too long', async () => {
    using client = new RawClient(running.path);
    client.write('x'.repeat(200_001));
    expect(await client.rest()).toEqual([]);
    expect(failures).toMatchObject([{ code: 'PROTOCOL_VIOLATION' }]);
  });

  describe('of patience', () => {
    beforeAll(() => {
      unfinished = 50;
    });

    afterAll(() => {
      unfinished = 60_000;
    });

    it('give a message up that has begun and does not go on', async () => {
      using client = new RawClient(running.path);
      client.write('{"method":');
      expect(await client.rest()).toEqual([]);
      expect(failures).toMatchObject([
        { code: 'PROTOCOL_VIOLATION', message: expect.stringContaining('begun') },
      ]);
    });

    it('give a message up that comes a byte at a time', async () => {
      using client = new RawClient(running.path);
      const trickle = setInterval(() => client.write('x'), 5);
      expect(await client.rest()).toEqual([]);
      clearInterval(trickle);
    });

    it('let a long message take its time as long as it goes on', async () => {
      using client = new RawClient(running.path);
      const message = forget(200_000);
      for (let at = 0; at < message.length; at += 67_000) {
        client.write(message.slice(at, at + 67_000));
        await pause(40);
      }
      expect(await client.next()).toEqual({ parameters: {} });
    });

    it('leave a connection alone that is idle between calls, or while a call runs', async () => {
      using client = await open();
      using other = await open();
      other.send({ method: 'org.example.flags.Fail', parameters: { code: 102 } });
      other.write('{"method":');
      await pause(150);
      client.send(talk);
      expect(await client.next()).toEqual(talked);
      service.go.resolve();
      expect(await other.next()).toMatchObject({ parameters: { code: 102 } });
    });
  });

  it('let the unfinished messages of one user hold so much, and hurt no other user', async () => {
    using a = await open();
    using b = await open();
    const message = forget(200_000);
    a.write(message.slice(0, 150_000));
    b.write(message.slice(0, 150_000));
    const closed = await Promise.race([a, b].map(ended));
    expect(failures).toEqual([
      expect.objectContaining({
        code: 'TOO_MANY_UNFINISHED_BYTES',
        message: 'user 1000: more than 250000 bytes of unfinished messages',
      }),
    ]);
    uid = 1001;
    using other = await open();
    other.write(message);
    expect(await other.next()).toEqual({ parameters: {} });
    const left = closed === a ? b : a;
    left.write(message.slice(150_000));
    expect(await left.next()).toEqual({ parameters: {} });
    // What was held is free again.
    uid = 1000;
    using again = await open();
    again.write(message);
    expect(await again.next()).toEqual({ parameters: {} });
  });

  it('let the unfinished messages of all users hold so much', async () => {
    using a = await open();
    uid = 1001;
    using b = await open();
    const message = forget(200_000);
    a.write(message.slice(0, 190_000));
    b.write(message.slice(0, 190_000));
    await Promise.race([a, b].map(ended));
    expect(failures).toMatchObject([{ message: 'all users: more than 350000 bytes of unfinished messages' }]);
  });

  it('refuses one user too many connections, and no other user', async () => {
    using _a = await open();
    using _b = await open();
    using c = await open();
    using refused = new RawClient(running.path);
    expect(await refused.rest()).toEqual([]);
    expect(failures).toMatchObject([{ code: 'TOO_MANY_CONNECTIONS' }]);
    uid = 1001;
    using _d = await open();
    c.socket.destroy();
    await until(() => connections === 3);
    uid = 1000;
    using _e = await open();
  });

  it('refuses connections when there are too many in all', async () => {
    const clients: RawClient[] = [];
    try {
      for (uid = 0; uid < 6; uid++) clients.push(await open());
      using refused = new RawClient(running.path);
      expect(await refused.rest()).toEqual([]);
      expect(failures).toMatchObject([{ code: 'TOO_MANY_CONNECTIONS' }]);
    } finally {
      for (const client of clients) client.socket.destroy();
    }
  });

  it('tells a method who is calling', async () => {
    using client = new RawClient(running.path);
    client.send({ method: 'org.example.flags.Fail', parameters: { code: 100 } });
    const { peer } = await service.waiting.promise;
    const socket = { address: expect.stringMatching(/^unix:/), guarded: true };
    expect(peer).toEqual({ uid: 1000, gid: 7, pid: 42, socket });
  });
});

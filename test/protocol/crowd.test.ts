// Many connections at once, and what they cost while nothing happens on them.
import { once } from 'node:events';
import { getActiveResourcesInfo } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { settled, until } from './until.js';

function timers(): number {
  return getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('a varlink server', () => {
  let running: Running;
  let service: FlagsService;
  let calls = 0;
  const clients: RawClient[] = [];

  async function open(count: number): Promise<void> {
    for (let i = 0; i < count; i++) clients.push(new RawClient(running.path));
    await Promise.all(
      clients.map(async ({ socket }) => socket.connecting && (await once(socket, 'connect'))),
    );
  }

  beforeEach(async () => {
    service = new FlagsService();
    running = await serve([[orgExampleFlags, service]], {
      onActivity: (activity) => {
        ({ calls } = activity);
      },
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.destroy();
    await running[Symbol.asyncDispose]();
  });

  it('serves a thousand connections at once', async () => {
    await open(1000);
    for (let round = 0; round < 3; round++) {
      for (const [index, client] of clients.entries())
        client.send({ method: 'org.example.flags.Fail', parameters: { code: 1000 + index } });
      for (const [index, client] of clients.entries())
        expect(await client.next()).toEqual({
          error: 'org.example.flags.Failed',
          parameters: { code: 1000 + index },
        });
    }
  });

  it('serves others while a thousand calls run', async () => {
    await open(1000);
    for (const client of clients)
      client.send({ method: 'org.example.flags.Fail', parameters: { code: 102 } });
    await until(() => calls === 1000);
    using client = new RawClient(running.path);
    client.send({ method: 'org.example.flags.Talk' });
    expect(await client.next()).toEqual({ parameters: { protocol: 'varlink' } });
    service.go.resolve();
    for (const other of clients) expect(await other.next()).toMatchObject({ parameters: { code: 102 } });
  });

  it('sets no timer for connections that are idle, nor for calls that run', async () => {
    const before = await settled(timers);
    await open(50);
    for (const client of clients) client.send({ method: 'org.example.flags.Talk' });
    for (const client of clients) await client.next();
    expect(timers()).toBe(before);
    for (const client of clients)
      client.send({ method: 'org.example.flags.Fail', parameters: { code: 102 } });
    await until(() => calls === 50);
    expect(timers()).toBe(before);
    // Callers who have finished sending would leave unnoticed: one timer looks after all of them.
    for (const client of clients) client.socket.end();
    await until(() => timers() > before);
    expect(timers()).toBe(before + 1);
    service.go.resolve();
    await until(() => timers() === before);
  });
});

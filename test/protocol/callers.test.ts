// Callers that leave, do not read, or hang; and what becomes of the calls they made.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Server, TcpNetConnectOpts } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectionClosedError } from '../../src/rpc/index.js';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { pause, settled, until } from './until.js';

const wait = { method: 'org.example.flags.Fail', parameters: { code: 100 } };
const countForEver = { method: 'org.example.flags.Count', parameters: { to: 1e15 }, more: true };
const talk = { method: 'org.example.flags.Talk' };

/** Sends calls from another process, optionally finishes sending, and waits to be killed. */
async function callerProcess(
  place: string | TcpNetConnectOpts,
  calls: object[],
  halfClose: boolean,
): Promise<() => void> {
  const options = typeof place === 'string' ? { path: place } : place;
  const program = `
    const [place, calls] = JSON.parse(process.argv[1]);
    const text = calls.map((call) => JSON.stringify(call) + '\\0').join('');
    const socket = require('node:net').connect({ ...place, allowHalfOpen: true }).pause();
    socket.${halfClose ? 'end' : 'write'}(text, () => process.stdout.write('sent'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', program, JSON.stringify([options, calls])]);
  await once(child.stdout, 'data');
  return () => void child.kill('SIGKILL');
}

describe('a varlink server', () => {
  let running: Running;
  let service: FlagsService;
  let activity: { connections: number; calls: number };

  const idle = async (): Promise<void> => await until(() => activity.connections === 0);

  beforeEach(async () => {
    service = new FlagsService();
    activity = { connections: 0, calls: 0 };
    running = await serve([[orgExampleFlags, service]], {
      onActivity: (now) => {
        activity = { ...now };
      },
    });
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  describe.each([
    ['a socket file', () => `${running.path}2`],
    ['an abstract socket', () => `\0${running.path}`],
    ['TCP', () => ({ host: '127.0.0.1', port: 0 })],
  ])('over %s', (_kind, wanted) => {
    let place: string | TcpNetConnectOpts;
    let listener: Server;

    beforeEach(async () => {
      listener = createServer(
        { allowHalfOpen: true, noDelay: true },
        (socket) => void running.server.serve(socket),
      );
      const at = wanted();
      listener.listen(typeof at === 'string' ? { path: at } : at);
      await once(listener, 'listening');
      place = typeof at === 'string' ? at : { ...at, port: (listener.address() as AddressInfo).port };
    });

    afterEach(() => {
      listener.close();
    });

    it.each([
      ['waits for the reply', [wait], false],
      ['has finished sending', [wait], true],
      ['has sent further calls', [wait, talk, talk], false],
      ['has sent more calls than are read ahead', [wait, ...Array.from({ length: 3000 }, () => talk)], false],
      ['has sent too many calls and finished', [wait, ...Array.from({ length: 3000 }, () => talk)], true],
    ])('aborts the call of a process that is killed while it %s', async (_, calls, halfClose) => {
      const kill = await callerProcess(place, calls, halfClose);
      const { signal } = await service.waiting.promise;
      expect(signal.aborted).toBe(false);
      kill();
      expect(await service.abandoned.promise).toBeInstanceOf(ConnectionClosedError);
      await idle();
    });

    it('ends the stream of a process that is killed while it does not read', async () => {
      const kill = await callerProcess(place, [countForEver], false);
      await until(() => service.counted > 2);
      await settled(() => service.counted);
      kill();
      expect(await service.abandoned.promise).toBe('returned');
      await idle();
    });

    it('answers one who has finished sending', async () => {
      using client = new RawClient(place);
      const failed = { error: 'org.example.flags.Failed', parameters: { code: 102 } };
      client.send({ method: 'org.example.flags.Fail', parameters: { code: 102 } }, talk);
      client.socket.end();
      await once(client.socket, 'finish');
      // Several of the intervals at which the server looks for its caller.
      await pause(200);
      service.go.resolve();
      expect(await client.rest()).toEqual([failed, { parameters: { protocol: 'varlink' } }]);
    });
  });

  it('does not abort the call of one who has only finished sending', async () => {
    using client = new RawClient(running.path);
    client.send(wait);
    client.socket.end();
    const { signal } = await service.waiting.promise;
    // Several of the intervals at which the server looks for its caller.
    await pause(200);
    expect(signal.aborted).toBe(false);
  });

  it('ends the stream of a caller who leaves', async () => {
    using client = new RawClient(running.path);
    client.send(countForEver);
    expect(await client.next()).toEqual({ parameters: { number: 1 }, continues: true });
    client.socket.destroy();
    expect(await service.abandoned.promise).toBe('returned');
    await idle();
  });

  it('makes no more replies than a caller reads, and ends when it is killed', async () => {
    const kill = await callerProcess(running.path, [countForEver], false);
    await until(() => service.counted > 2);
    await settled(() => service.counted);
    // What the socket holds, not what memory could.
    expect(service.counted).toBeLessThan(100_000);
    kill();
    expect(await service.abandoned.promise).toBe('returned');
    await idle();
  });

  it('stops reading while a caller takes no replies', async () => {
    using client = new RawClient(running.path);
    client.socket.pause();
    const filler = 'x'.repeat(10_000);
    const call = { method: 'org.example.flags.Fail', parameters: { code: 1, message: filler } };
    let flushed = 0;
    for (let i = 0; i < 800; i++) client.socket.write(`${JSON.stringify(call)}\0`, () => flushed++);
    expect(await settled(() => flushed)).toBeLessThan(400);
    client.socket.resume();
    for (let i = 0; i < 800; i++) {
      expect(await client.next()).toEqual({
        error: 'org.example.flags.Failed',
        parameters: { code: 1, message: filler },
      });
    }
  });

  it('answers one caller while others hang, flood or talk nonsense', async () => {
    using hanging = new RawClient(running.path);
    using flooding = new RawClient(running.path);
    using nonsense = new RawClient(running.path);
    hanging.send(wait);
    flooding.socket.pause();
    flooding.send(...Array.from({ length: 20_000 }, () => talk), countForEver);
    nonsense.write('x'.repeat(100_000));
    nonsense.write('\0');
    expect(await nonsense.rest()).toEqual([]);
    using client = new RawClient(running.path);
    client.send(talk);
    expect(await client.next()).toEqual({ parameters: { protocol: 'varlink' } });
  });

  it('counts connections and calls until the last has ended', async () => {
    using client = new RawClient(running.path);
    client.send(talk);
    await client.next();
    expect(activity).toEqual({ connections: 1, calls: 0 });
    client.send(wait);
    await service.waiting.promise;
    expect(activity).toEqual({ connections: 1, calls: 1 });
    client.socket.destroy();
    await idle();
    expect(activity).toEqual({ connections: 0, calls: 0 });
  });

  describe('when it stops', () => {
    it('lets a call end, but takes no further one', async () => {
      using client = new RawClient(running.path);
      using other = new RawClient(running.path);
      other.send(talk);
      await other.next();
      const failed = { error: 'org.example.flags.Failed', parameters: { code: 102 } };
      client.send({ method: 'org.example.flags.Fail', parameters: { code: 102 } }, talk);
      await until(() => activity.calls === 1);
      const closed = running.server.close(60_000);
      service.go.resolve();
      await closed;
      expect(await client.rest()).toEqual([failed]);
      expect(await other.rest()).toEqual([]);
    });

    it('aborts what has not ended in time', async () => {
      using client = new RawClient(running.path);
      client.send(wait);
      await service.waiting.promise;
      const closed = running.server.close(20);
      expect(await service.abandoned.promise).toMatchObject({ message: 'the service stops' });
      await closed;
      expect(await client.rest()).toEqual([]);
    });

    it('lets nobody connect any more', async () => {
      await running.server.close();
      using client = new RawClient(running.path);
      const [error] = (await once(client.socket, 'error').catch((problem: unknown) => [problem])) as [
        unknown,
      ];
      expect(error).toMatchObject({ code: 'ENOENT' });
    });
  });
});

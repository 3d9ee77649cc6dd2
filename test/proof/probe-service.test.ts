// The probe's methods do what the comments of its interface say.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { RawClient } from '../protocol/raw-client.js';
import { type Running, serve } from '../protocol/serve.js';
import { pause } from '../protocol/until.js';
import { orgExampleProbe } from './generated/org-example-probe.js';
import { ProbeService } from './probe-service.js';

describe('the probe', () => {
  let running: Running;
  let client: RawClient;

  beforeEach(async () => {
    running = await serve([[orgExampleProbe, new ProbeService()]]);
    client = new RawClient(running.path);
  });

  afterEach(async () => {
    client[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  function send(method: string, parameters: object = {}, flags: object = {}): void {
    client.send({ method: `org.example.probe.${method}`, parameters, ...flags });
  }

  async function call(method: string, parameters: object = {}, flags: object = {}): Promise<unknown> {
    send(method, parameters, flags);
    return await client.next();
  }

  const everything = {
    b: true,
    i: -9007199254740991,
    f: 0.1,
    s: 'grüße\u0000',
    o: { deep: [null, { x: [] }] },
    e: 'dark_blue',
    inline_enum: 'left',
    inline_struct: { x: 1 },
    list: [1, 2],
    map: { constructor: 'a', '': 'b' },
    nullable_list: [{ id: 1, label: 'one' }],
    list_of_nullable: [1, null],
    nested: { a: [{ id: 2 }], b: [] },
  };

  it.each([
    ['EchoInt', 42],
    ['EchoFloat', 1.5],
    ['EchoString', ''],
    ['EchoObject', { a: null, b: [1, 'two', { __proto__: null, constructor: 1 }] }],
    ['EchoColor', 'green'],
    ['EchoNullable', 'here'],
    ['EchoEverything', everything],
  ])('%s replies with its argument', async (method, value) => {
    expect(await call(method, { value })).toEqual({ parameters: { value } });
  });

  it('EchoNullable has nothing to say to null or nothing', async () => {
    for (const parameters of [{}, { value: null }])
      expect(await call('EchoNullable', parameters)).toEqual({ parameters: {} });
  });

  it('Stream sends as many replies as it is asked for, and only with more', async () => {
    send('Stream', { count: 3, size: 4 }, { more: true });
    for (const index of [0, 1, 2]) {
      const continues = index < 2 ? { continues: true } : {};
      expect(await client.next()).toEqual({ parameters: { index, payload: 'xxxx' }, ...continues });
    }
    expect(await call('Stream', { count: 3, size: 4 })).toMatchObject({
      error: 'org.varlink.service.ExpectedMore',
    });
    for (const [parameter, values] of Object.entries({
      count: { count: 0, size: 1 },
      size: { count: 1, size: 2 ** 40 },
    })) {
      expect(await call('Stream', values, { more: true })).toEqual({
        error: 'org.varlink.service.InvalidParameter',
        parameters: { parameter },
      });
    }
  });

  it('Forever counts until its caller goes away, and once without more', async () => {
    expect(await call('Forever')).toEqual({ parameters: { index: 0 } });
    const other = new RawClient(running.path);
    other.send({ method: 'org.example.probe.Forever', more: true });
    for (const index of [0, 1, 2])
      expect(await other.next()).toEqual({ parameters: { index }, continues: true });
    expect(await call('ForeverCount')).toEqual({ parameters: { running: 1 } });
    other[Symbol.dispose]();
    while (JSON.stringify(await call('ForeverCount')) !== '{"parameters":{"running":0}}') await pause(1);
  });

  it('Sleep replies, and refuses what no timer can wait', async () => {
    expect(await call('Sleep', { milliseconds: 1 })).toEqual({ parameters: {} });
    for (const milliseconds of [-1, 2 ** 40])
      expect(await call('Sleep', { milliseconds })).toMatchObject({
        error: 'org.varlink.service.InvalidParameter',
      });
  });

  it('Increment is counted though nobody is told', async () => {
    send('Increment', {}, { oneway: true });
    expect(await call('Counter')).toEqual({ parameters: { value: 1 } });
  });

  it.each([
    ['Fail', { code: 3, message: 'no' }, 'org.example.probe.Failed', { code: 3, message: 'no' }],
    ['Fail', { code: 3 }, 'org.example.probe.Failed', { code: 3 }],
    [
      'Unimplemented',
      {},
      'org.varlink.service.MethodNotImplemented',
      { method: 'org.example.probe.Unimplemented' },
    ],
    ['Forbidden', {}, 'org.varlink.service.PermissionDenied', {}],
    ['Upgrade', {}, 'org.example.probe.UpgradeRequired', {}],
  ])('%s fails as declared', async (method, parameters, error, fields) => {
    expect(await call(method, parameters)).toEqual({ error, parameters: fields });
  });

  it('Crash is answered with an error, and the connection goes on', async () => {
    expect(await call('Crash')).toHaveProperty('error');
    expect(await call('Counter')).toEqual({ parameters: { value: 0 } });
  });

  it('Upgrade echoes bytes in upper case until its caller has said all', async () => {
    client.send({ method: 'org.example.probe.Upgrade', upgrade: true });
    client.write(Buffer.from('early é', 'latin1'));
    expect(await client.next()).toEqual({ parameters: { protocol: 'upper' } });
    client.write(Buffer.from([0, 0x7a, 0x7b, 0xff]));
    client.socket.end();
    expect(await client.bytes(11)).toBe('EARLY \u00e9\0Z{\u00ff');
    await client.closed;
  });
});

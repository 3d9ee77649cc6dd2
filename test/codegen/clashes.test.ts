// Names that are wanted by several at once: each call still reaches its method with its own checks.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Anonymous, OrgExampleClashesService } from './golden/org-example-clashes.js';
import {
  Client,
  OrgExampleClashesClient,
  orgExampleClashes,
  Promise_,
  VarlinkError_,
} from './golden/org-example-clashes.js';
import { InvalidParameter } from '../../src/rpc/index.js';
import type { VarlinkConnection } from '../../src/rpc/varlink/client.js';
import { connect } from '../../src/rpc/varlink/client.js';
import type { Running } from '../protocol/serve.js';
import { serve } from '../protocol/serve.js';

const service: OrgExampleClashesService = {
  checkHealth: async (params) => {
    if (params.int.i === 1) throw new VarlinkError_('m', 'n', undefined, 'c', 2, 3);
    if (params.int.i === 2) throw new Promise_(1, 2, 'w', {}, 'v', { a: [4] });
    if (params.int.i === 3) throw new Client({ transport: 't' }, { service: 's' });
    return { lonely: ['Lonely', 'Stream'] };
  },
  writeFile: async (params) => ({ writtenBytes: Object.keys(params.mapped).length + params.fileName.length }),
  async *echo(params) {
    yield params;
    return params;
  },
  echoMore: async (params) => params,
  take: async (_, call) => {
    call.upgrade?.(async (connection) => await connection.write(Buffer.from('raw')));
    return { nothing: {}, empty: {} };
  },
  takeUpgrade: async () => ({}),
  transport: async () => ({ string: { string: 's', String: [] }, undefined: { undefined: 1 } }),
  hasOwnProperty_: async (params) => params,
};

const raw = (value: unknown): unknown => value;

describe('clashing names', () => {
  let running: Running;
  let connection: VarlinkConnection;
  let client: OrgExampleClashesClient;

  beforeEach(async () => {
    running = await serve([[orgExampleClashes, service]]);
    connection = await connect(running.address);
    client = new OrgExampleClashesClient(connection);
  });

  afterEach(async () => {
    await connection.close();
    await running[Symbol.asyncDispose]();
  });

  const health = (i: number): Parameters<OrgExampleClashesClient['checkHealth']>[0] => ({
    check: { a: 1 },
    object: { o: {} },
    int: { i },
    bools: [{ b: true }],
  });

  it('leave methods called like checks and writers alone', async () => {
    expect(await client.checkHealth(health(0))).toEqual({ lonely: ['Lonely', 'Stream'] });
    expect(await client.writeFile({ fileName: 'four', mapped: { a: { a: 1 } } })).toEqual({
      writtenBytes: 5,
    });
  });

  it('leave both a stream and a method that is called like one', async () => {
    const params = { value: { parameters: 'p' }, other: { reply: 'r' } };
    const replies: object[] = [];
    for await (const reply of client.echoMore_(params)) replies.push(reply);
    expect(replies).toEqual([params, params]);
    expect(await client.echo(params)).toEqual(params);
    const { reply, raw: bytes, release } = await client.takeUpgrade_({});
    expect(reply).toEqual({ nothing: {}, empty: {} });
    for await (const part of bytes.read(3)) expect(part.toString()).toBe('raw');
    release();
    expect(await client.takeUpgrade({})).toEqual({});
  });

  it('tell lists of Int from lists of int, and nullable ones from those of NullableInt', async () => {
    const good = {
      fields: { fields: { value: 1, path: 'p', unknown: true, list: [1], map: { a: 1 }, key: 'k', i: 2 } },
      ints: { ints: [1], more: [{ i: 1 }], lists: [[1]], listsOf: [[{ i: 1 }]] },
      nullables: { x: [null, 1], y: [{ n: 1 }], z: [null, { i: 1 }] },
    };
    expect(await client.echoMore(good)).toEqual(good);
    const { listsOf, ...ints } = good.ints;
    const wire = { ...good, ints: { ...ints, lists_of: listsOf } };
    const call = (change: object): Promise<unknown> =>
      connection.call('org.example.clashes.EchoMore', { ...wire, ...change }, raw);
    await expect(call({ ints: { ...wire.ints, ints: [{ i: 1 }] } })).rejects.toEqual(
      new InvalidParameter('ints.ints[0]'),
    );
    await expect(call({ ints: { ...wire.ints, more: [1] } })).rejects.toEqual(
      new InvalidParameter('ints.more[0]'),
    );
    await expect(call({ ints: { ...wire.ints, lists_of: [[1]] } })).rejects.toEqual(
      new InvalidParameter('ints.lists_of[0][0]'),
    );
    await expect(call({ nullables: { ...good.nullables, x: [{ n: 1 }] } })).rejects.toEqual(
      new InvalidParameter('nullables.x[0]'),
    );
    await expect(call({ nullables: { ...good.nullables, y: [null] } })).rejects.toEqual(
      new InvalidParameter('nullables.y[0]'),
    );
  });

  it('give structs without a name different ones', async () => {
    const anonymous: Anonymous = { a: { bC: { d: 1 } }, a_b: { c: { d: 2 } }, aB: { c: { d: 'three' } } };
    const reply = await client.hasOwnProperty_({ anonymous, a: { b: 1 }, list: { x: 1 } });
    expect(reply).toEqual({ anonymous });
  });

  it('bring errors over whose fields are called like those of every error', async () => {
    await expect(client.checkHealth(health(1))).rejects.toMatchObject({
      name: 'VarlinkError',
      message: 'm',
      parameters: { message: 'm', name: 'n', cause: 'c', error: 2, options: 3 },
    });
    const error = await client.checkHealth(health(2)).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(Promise_);
    expect((error as Promise_).parameters).toMatchObject({
      wire: 'w',
      VarlinkError: 'v',
      fromUs: { a: [4] },
    });
    await expect(client.checkHealth(health(3))).rejects.toEqual(
      new Client({ transport: 't' }, { service: 's' }),
    );
  });
});

// JSON-RPC on the wire: lines, requests and batches, answers in any order, streams, cancellation.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ioPodman } from '../../src/generated/io-podman.js';
import { orgVarlinkService } from '../../src/generated/org-varlink-service.js';
import { JsonRpcServer } from '../../src/rpc/jsonrpc/server.js';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { until } from './until.js';

const jsonrpc = '2.0';
const flags = 'org.example.flags';
const talk = (id: unknown): object => ({ jsonrpc, id, method: `${flags}.Talk` });
const talked = (id: unknown): object => ({ jsonrpc, id, result: { protocol: 'varlink' } });
const fail = (id: unknown, code: number): object => ({
  jsonrpc,
  id,
  method: `${flags}.Fail`,
  params: { code },
});
const forget = (what: string): object => ({ jsonrpc, method: `${flags}.Forget`, params: { what } });
const count = (id: unknown, to: number): object => ({
  jsonrpc,
  id,
  method: `${flags}.Count`,
  params: { to },
});
const reply = (id: unknown, number: number): object => ({
  jsonrpc,
  method: '$/reply',
  params: { id, parameters: { number } },
});
const cancel = (id: unknown): object => ({ jsonrpc, method: '$/cancel', params: { id } });
const cancelled = (id: unknown): object => ({
  jsonrpc,
  id,
  error: { code: -32001, message: 'the call was cancelled' },
});
const refused = (id: unknown, code: number): object => ({
  jsonrpc,
  id,
  error: { code, message: expect.any(String) },
});

describe('a JSON-RPC server', () => {
  let running: Running;
  let service: FlagsService;
  let unexpected: unknown[];
  let failures: unknown[];
  let calls: number;

  beforeEach(async () => {
    service = new FlagsService();
    [unexpected, failures] = [[], []];
    const podman = { getImage: async (params: { id: string }) => ({ image: { id: params.id } }) };
    running = await serve(
      [
        [orgExampleFlags, service],
        [ioPodman, podman],
      ],
      {
        door: JsonRpcServer,
        log: { unexpected: (error) => unexpected.push(error) },
        onFailure: (error) => failures.push(error),
        onActivity: (activity) => {
          ({ calls } = activity);
        },
      },
    );
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  const open = (): RawClient => new RawClient(running.path, '\n');

  /** Everything that is answered to `text` by one who then finishes sending. */
  async function answers(text: string | Uint8Array): Promise<unknown[]> {
    using client = open();
    client.write(text);
    client.socket.end();
    return await client.rest();
  }

  it('reads requests however the bytes are split', async () => {
    const whats = ['é', '\u0000', '😀'.repeat(9), '}{"\\\n', ''];
    const text = whats.map((what, id) => `${JSON.stringify({ ...forget(what), id })}\r\n`).join('');
    const bytes = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        using client = open();
        service.forgotten.length = 0;
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        for (const [index, start] of edges.entries()) {
          client.write(bytes.subarray(start, edges[index + 1]));
          // Lets the piece go out alone.
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
        for (const _ of whats) expect(await client.next()).toMatchObject({ result: {} });
        expect(service.forgotten).toEqual(whats);
      }),
      { numRuns: 30 },
    );
  });

  it('answers calls as they end, not as they came', async () => {
    using client = open();
    client.send(fail('slow', 102), talk(1), talk(null), talk('x'), talk(1.5));
    const first = [await client.next(), await client.next(), await client.next(), await client.next()];
    expect(first).toEqual([talked(1), talked(null), talked('x'), talked(1.5)]);
    service.go.resolve();
    expect(await client.next()).toMatchObject({ id: 'slow', error: { code: -32000 } });
  });

  it('answers no notification, however it ends', async () => {
    const notifications = [
      forget('x'),
      { jsonrpc, method: `${flags}.Fail`, params: { code: 1 } },
      { jsonrpc, method: `${flags}.Fail`, params: { code: 101 } },
      { jsonrpc, method: `${flags}.Fail`, params: { code: 'x' } },
      { jsonrpc, method: `${flags}.Count`, params: { to: 5 } },
      { jsonrpc, method: `${flags}.Watch`, params: { to: 5 } },
      { jsonrpc, method: 'org.example.gone.Gone' },
      { jsonrpc, method: 'nonsense' },
      { jsonrpc, method: 'rpc.discover' },
      cancel(7),
      { jsonrpc, method: '$/cancel' },
      { jsonrpc, method: '$/cancel', params: [7] },
    ];
    const lines = [...notifications, notifications].map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(await answers(lines)).toEqual([]);
    expect(service.forgotten).toEqual(['x', 'x']);
  });

  it('executes notifications whose caller has left', async () => {
    const client = open();
    client.send(...Array.from({ length: 200 }, (_, i) => forget(String(i))));
    client.socket.end(() => client.socket.destroy());
    await client.closed;
    await until(() => service.forgotten.length === 200);
    expect(service.forgotten).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
  });

  it.each<[string, string, unknown]>([
    ['no JSON', 'GET / HTTP/1.1', refused(null, -32700)],
    ['half an object', '{"jsonrpc":"2.0","id":1', refused(null, -32700)],
    ['two values', '{} {}', refused(null, -32700)],
    ['white space', '  ', refused(null, -32700)],
    ['NaN', 'NaN', refused(null, -32700)],
    ['null', ' null', refused(null, -32600)],
    ['a number', '1', refused(null, -32600)],
    ['an empty object', '{}', refused(null, -32600)],
    ['JSON-RPC 1', '{"id":1,"method":"a.b.C","params":[]}', refused(1, -32600)],
    ['no method', '{"jsonrpc":"2.0","id":"a"}', refused('a', -32600)],
    ['a method that is no name', '{"jsonrpc":"2.0","id":2,"method":{}}', refused(2, -32600)],
    ['a notification that is none', '{"jsonrpc":"2.0","method":1}', refused(null, -32600)],
    ['a response', '{"jsonrpc":"2.0","id":3,"result":{}}', refused(3, -32600)],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"a.b.C"}', refused(null, -32600)],
    ['an id that is true', '{"jsonrpc":"2.0","id":true,"method":"a.b.C"}', refused(null, -32600)],
    [
      'an id that JSON.parse rounds',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"x"}',
      refused(null, -32600),
    ],
    ['an id too great', '{"jsonrpc":"2.0","id":1e400,"method":"a.b.C"}', refused(null, -32600)],
    [
      'params that are a string',
      '{"jsonrpc":"2.0","id":4,"method":"a.b.C","params":"x"}',
      refused(4, -32600),
    ],
    ['more that is no flag', '{"jsonrpc":"2.0","id":5,"method":"a.b.C","more":1}', refused(5, -32600)],
    [
      'keys every object has',
      '{"__proto__":{"jsonrpc":"2.0","method":"x"},"id":6,"constructor":1}',
      refused(6, -32600),
    ],
    ['an empty batch', '[]', refused(null, -32600)],
    ['a batch of nonsense', '[1,[],null]', [1, 2, 3].map(() => refused(null, -32600))],
    ['too large a batch', `[${'1,'.repeat(1000)}1]`, refused(null, -32600)],
    ['too deep a nest', `${'['.repeat(300)}${']'.repeat(300)}`, refused(null, -32700)],
  ])('answers %s and goes on', async (_, line, answer) => {
    using client = open();
    client.write(`${line}\n\n\r\n${JSON.stringify(talk('after'))}\n`);
    expect(await client.next()).toEqual(answer);
    expect(await client.next()).toEqual(talked('after'));
    expect(failures).toEqual([]);
  });

  it('answers bytes that are not UTF-8, and shows nothing of them', async () => {
    const line = Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"secret'), Buffer.of(0xff, 0x7d, 10)]);
    expect(await answers(line)).toEqual([
      { jsonrpc, id: null, error: { code: -32700, message: 'a message is not UTF-8' } },
    ]);
    expect(JSON.stringify(await answers('"secret" x\n'))).not.toContain('secret');
  });

  it('survives garbage of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            fc.json().map((text) => Buffer.from(text)),
          ),
        ),
        async (parts) => {
          const lines = parts.map((part) =>
            Buffer.concat([part.filter((byte) => byte !== 10), Buffer.of(10)]),
          );
          const all = await answers(
            Buffer.concat([...lines, Buffer.from(`${JSON.stringify(talk('end'))}\n`)]),
          );
          expect(all).toContainEqual(talked('end'));
        },
      ),
      { numRuns: 100 },
    );
    expect(failures).toEqual([]);
  });

  it.each<[string, object, object]>([
    ['null for the parameters', { ...talk(1), params: null }, talked(1)],
    ['no parameter by position', { ...talk(1), params: [] }, talked(1)],
    ['a key of an extension', { ...talk(1), 'com.example.trace': {} }, talked(1)],
    [
      'parameters by position',
      { ...fail(1, 0), params: [7, 'text'] },
      { error: { data: { parameters: { code: 7 } } } },
    ],
    [
      'fewer parameters by position than there are',
      { ...fail(1, 0), params: [7] },
      { error: { code: -32000, data: { error: `${flags}.Failed`, parameters: { code: 7 } } } },
    ],
    [
      'more parameters by position than there are',
      { ...count(1, 1), params: [1, 2, 3] },
      {
        error: {
          code: -32602,
          message: `${flags}.Count takes 1 parameters by position, found 3`,
          data: { parameter: 'parameters' },
        },
      },
    ],
    [
      'a wrong parameter by position',
      { ...count(1, 1), params: ['x'] },
      { error: { code: -32602, data: { parameter: 'to' } } },
    ],
    [
      'positions for an unknown method',
      { jsonrpc, id: 1, method: `${flags}.Gone`, params: [1] },
      { error: { code: -32601 } },
    ],
    [
      'no dot',
      { jsonrpc, id: 1, method: 'Talk' },
      { error: { code: -32601, message: 'there is no method Talk' } },
    ],
    ['$/cancel as a call', { ...cancel(1), id: 2 }, { error: { code: -32601 } }],
    ['more for a method with one reply', { ...talk(1), more: true }, talked(1)],
    ['no for a stream', { ...count(1, 4), more: false }, { result: { number: 4 } }],
    [
      'no for a method that needs to stream',
      { jsonrpc, id: 1, method: `${flags}.Watch`, params: { to: 1 }, more: false },
      { error: { code: -32000, data: { error: 'org.varlink.service.ExpectedMore', parameters: {} } } },
    ],
  ])('answers a request with %s', async (_, request, answer) => {
    using client = open();
    client.send(request);
    expect(await client.next()).toMatchObject(answer);
  });

  it('says why it cannot hand the connection over', async () => {
    Object.assign(service, { handOver: async () => ({ protocol: 'x' }) });
    using client = open();
    client.send({ jsonrpc, id: 1, method: `${flags}.HandOver` });
    expect(await client.next()).toEqual({
      jsonrpc,
      id: 1,
      error: {
        code: -32601,
        message: 'the method takes the connection over: it can be called through varlink only',
        data: { error: 'org.varlink.service.ExpectedUpgrade', parameters: {} },
      },
    });
  });

  it('gives the message of an accident, and no stack', async () => {
    using client = open();
    client.send(fail(1, 101));
    expect(await client.next()).toEqual({
      jsonrpc,
      id: 1,
      error: {
        code: -32603,
        message: 'no such luck',
        data: { error: `${flags}.InternalError`, parameters: { reason: 'no such luck' } },
      },
    });
    expect(unexpected).toEqual([new TypeError('no such luck')]);
  });

  it('describes every interface, byte for byte', async () => {
    using client = open();
    client.send({ jsonrpc, id: 1, method: 'rpc.discover' });
    expect(await client.next()).toEqual({
      jsonrpc,
      id: 1,
      result: {
        interfaces: [orgVarlinkService, orgExampleFlags, ioPodman].map(({ name, description }) => ({
          name,
          description,
        })),
      },
    });
  });

  it('streams replies, then the response', async () => {
    using client = open();
    client.send(count('s', 3));
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      reply('s', 1),
      reply('s', 2),
      { jsonrpc, id: 's', result: { number: 3 } },
    ]);
  });

  it('keeps streams apart', async () => {
    const all = await answers(`${JSON.stringify(count(1, 50))}\n${JSON.stringify(count(2, 50))}\n`);
    expect(all).toHaveLength(100);
    for (const id of [1, 2]) {
      const own = all.filter((line) => JSON.stringify(line).includes(`"id":${id}`));
      const numbers = Array.from({ length: 49 }, (_, index) => reply(id, index + 1));
      expect(own).toEqual([...numbers, { jsonrpc, id, result: { number: 50 } }]);
    }
  });

  describe('given a batch', () => {
    it('answers with a batch, of one too', async () => {
      using client = open();
      client.write(`${JSON.stringify([talk(1)])}\n`);
      expect(await client.next()).toEqual([talked(1)]);
      client.write(`${JSON.stringify([talk(1), forget('x'), 1, talk(2), fail(3, 4)])}\n`);
      const batch = (await client.next()) as object[];
      expect(batch).toHaveLength(4);
      expect(batch).toEqual(
        expect.arrayContaining([
          talked(1),
          talked(2),
          refused(null, -32600),
          expect.objectContaining({ id: 3, error: expect.objectContaining({ code: -32000 }) }),
        ]),
      );
    });

    it('streams before it answers, and answers others meanwhile', async () => {
      using client = open();
      client.write(`${JSON.stringify([count(1, 2), fail(2, 102)])}\n`);
      expect(await client.next()).toEqual(reply(1, 1));
      client.send(talk(3));
      expect(await client.next()).toEqual(talked(3));
      service.go.resolve();
      expect(await client.next()).toMatchObject([{ id: 1, result: { number: 2 } }, { id: 2 }]);
    });

    it('runs a thousand calls, and no more at once than are allowed', async () => {
      let [now, most] = [0, 0];
      Object.assign(service, {
        forget: async () => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
          now--;
          return {};
        },
      });
      using client = open();
      client.write(`${JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ ...forget('x'), id })))}\n`);
      expect(await client.next()).toHaveLength(1000);
      expect(most).toBe(64);
    });
  });

  describe('told to cancel', () => {
    it('aborts the call and says so', async () => {
      using client = open();
      client.send(fail(1, 100), fail('1', 102));
      await service.waiting.promise;
      client.send(cancel(1));
      expect(await client.next()).toEqual(cancelled(1));
      expect(await service.abandoned.promise).toMatchObject({ code: 'CANCELLED' });
      service.go.resolve();
      expect(await client.next()).toMatchObject({ id: '1', error: { code: -32000 } });
    });

    it('ends a stream', async () => {
      using client = open();
      client.send(count(1, 1e15));
      expect(await client.next()).toEqual(reply(1, 1));
      client.send(cancel(1), talk(2));
      const rest: unknown[] = [];
      do rest.push(await client.next());
      while (JSON.stringify(rest.at(-1)) !== JSON.stringify(cancelled(1)));
      expect(rest).toContainEqual(talked(2));
      expect(await service.abandoned.promise).toBe('returned');
    });

    it('does not begin a call that still waits for its turn', async () => {
      using client = open();
      client.send(...Array.from({ length: 64 }, (_, id) => fail(id, 102)), {
        ...forget('never'),
        id: 'waits',
      });
      client.send(cancel('waits'));
      expect(await client.next()).toEqual(cancelled('waits'));
      service.go.resolve();
      for (let i = 0; i < 64; i++) expect(await client.next()).toMatchObject({ error: { code: -32000 } });
      expect(service.forgotten).toEqual([]);
    });

    it('forgets what has ended: the id can be used again', async () => {
      using client = open();
      for (let i = 0; i < 3; i++) {
        client.send(cancel(1), talk(1));
        expect(await client.next()).toEqual(talked(1));
      }
    });
  });

  it('refuses an id that is in use, and leaves its owner alone', async () => {
    using client = open();
    client.send(fail(1, 102), talk(1));
    expect(await client.next()).toEqual(refused(1, -32600));
    service.go.resolve();
    expect(await client.next()).toMatchObject({ id: 1, error: { code: -32000 } });
  });

  it('answers what was called by one who has finished sending, and drops what was not complete', async () => {
    using client = open();
    client.write(`${JSON.stringify(fail(1, 102))}\n${JSON.stringify(talk(2))}`);
    client.socket.end();
    await until(() => calls === 1);
    service.go.resolve();
    expect(await client.rest()).toMatchObject([{ id: 1 }]);
  });
});

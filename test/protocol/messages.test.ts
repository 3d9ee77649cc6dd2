// Messages on the wire: framing, order, flags, and what is no message.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ioPodman } from '../../src/generated/io-podman.js';
import { orgExampleFlags } from '../codegen/golden/org-example-flags.js';
import { FlagsService } from './flags-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { until } from './until.js';

const talk = { method: 'org.example.flags.Talk' };
const talked = { parameters: { protocol: 'varlink' } };
const notFound = (method: string): object => ({
  error: 'org.varlink.service.MethodNotFound',
  parameters: { method },
});
const invalid = (parameter: string): object => ({
  error: 'org.varlink.service.InvalidParameter',
  parameters: { parameter },
});

describe('a varlink server', () => {
  let running: Running;
  let service: FlagsService;
  let unexpected: unknown[];
  let unknownFields: string[];
  let failures: unknown[];

  beforeEach(async () => {
    service = new FlagsService();
    [unexpected, unknownFields, failures] = [[], [], []];
    const podman = {
      getImage: async (params: { id: string }) => ({ image: { id: params.id } }),
      listImages: async () => ({ images: [] }),
    };
    running = await serve(
      [
        [orgExampleFlags, service],
        [ioPodman, podman],
      ],
      {
        log: {
          unexpected: (error) => unexpected.push(error),
          unknownField: (method, path) => unknownFields.push(`${method} ${path}`),
        },
        onFailure: (error) => failures.push(error),
      },
    );
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it('reads calls however the bytes are split', async () => {
    const calls = ['é', '\u0000', '😀'.repeat(9), '}{"\\', ''].map((what) => ({
      method: 'org.example.flags.Forget',
      parameters: { what },
    }));
    const bytes = Buffer.from(calls.map((call) => `${JSON.stringify(call)}\0`).join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        using client = new RawClient(running.path);
        service.forgotten.length = 0;
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        for (const [index, start] of edges.entries()) {
          client.write(bytes.subarray(start, edges[index + 1]));
          // Lets the piece go out alone.
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
        for (const _ of calls) expect(await client.next()).toEqual({ parameters: {} });
        expect(service.forgotten).toEqual(calls.map((call) => call.parameters.what));
      }),
      { numRuns: 30 },
    );
  });

  it('answers pipelined calls in their order', async () => {
    using client = new RawClient(running.path);
    const codes = Array.from({ length: 500 }, (_, code) => code + 200);
    client.send(
      ...codes.map((code) =>
        code % 3 === 0
          ? { method: 'org.example.flags.Count', parameters: { to: code }, more: false }
          : { method: 'org.example.flags.Fail', parameters: { code } },
      ),
    );
    for (const code of codes) {
      expect(await client.next()).toEqual(
        code % 3 === 0
          ? { parameters: { number: code } }
          : { error: 'org.example.flags.Failed', parameters: { code } },
      );
    }
  });

  it('lets a call wait until the stream before it has ended', async () => {
    using client = new RawClient(running.path);
    client.send({ method: 'org.example.flags.Count', parameters: { to: 3 }, more: true }, talk);
    expect(await client.next()).toEqual({ parameters: { number: 1 }, continues: true });
    expect(await client.next()).toEqual({ parameters: { number: 2 }, continues: true });
    expect(await client.next()).toEqual({ parameters: { number: 3 } });
    expect(await client.next()).toEqual(talked);
  });

  it('sends nothing at all to a oneway call, however it ends', async () => {
    using client = new RawClient(running.path);
    client.send(
      { method: 'org.example.flags.Forget', parameters: { what: 'x' }, oneway: true },
      { method: 'org.example.flags.Fail', parameters: { code: 1 }, oneway: true },
      { method: 'org.example.flags.Fail', parameters: { code: 101 }, oneway: true },
      { method: 'org.example.flags.Forget', parameters: {}, oneway: true },
      { method: 'org.example.flags.Count', parameters: { to: 5 }, oneway: true },
      { method: 'org.example.flags.Watch', parameters: { to: 5 }, oneway: true },
      { method: 'org.example.flags.Gone', oneway: true },
      { method: 'org.example.gone.Gone', oneway: true },
      { method: 'nonsense', oneway: true },
      talk,
    );
    expect(await client.next()).toEqual(talked);
    expect(service.forgotten).toEqual(['x']);
  });

  it('executes oneway calls whose caller has left', async () => {
    const client = new RawClient(running.path);
    const calls = Array.from({ length: 20 }, (_, i) => ({
      method: 'org.example.flags.Forget',
      parameters: { what: String(i) },
      oneway: true,
    }));
    client.send(...calls);
    client.socket.end(() => client.socket.destroy());
    await client.closed;
    await until(() => service.forgotten.length === 20);
    expect(service.forgotten).toEqual(calls.map((call) => call.parameters.what));
  });

  it.each<[string, object, object]>([
    ['null for every flag', { ...talk, more: null, oneway: null, upgrade: null }, talked],
    ['null for the parameters', { ...talk, parameters: null }, talked],
    ['false for every flag', { ...talk, more: false, oneway: false, upgrade: false }, talked],
    ['more for a method with one reply', { ...talk, more: true }, talked],
    ['a key of an extension', { ...talk, 'com.example.trace': { id: 1 } }, talked],
    [
      'keys every object has',
      JSON.parse('{"__proto__":{"oneway":true},"method":"org.example.flags.Talk"}') as object,
      talked,
    ],
    ['an unknown method', { method: 'org.example.flags.Gone' }, notFound('org.example.flags.Gone')],
    [
      'a method every object has',
      { method: 'org.example.flags.constructor' },
      notFound('org.example.flags.constructor'),
    ],
    ['no method name', { method: 'org.example.flags.' }, notFound('org.example.flags.')],
    [
      'a method not implemented',
      { method: 'org.example.flags.HandOver', upgrade: true },
      {
        error: 'org.varlink.service.MethodNotImplemented',
        parameters: { method: 'org.example.flags.HandOver' },
      },
    ],
    [
      'an unknown interface',
      { method: 'org.example.gone.Talk' },
      { error: 'org.varlink.service.InterfaceNotFound', parameters: { interface: 'org.example.gone' } },
    ],
    [
      'an interface every object has',
      { method: '__proto__.Talk' },
      { error: 'org.varlink.service.InterfaceNotFound', parameters: { interface: '__proto__' } },
    ],
    ['no dot', { method: 'Talk' }, invalid('method')],
    ['a dot in front', { method: '.Talk' }, invalid('method')],
    ['no method', {}, invalid('method')],
    ['null for the method', { method: null }, invalid('method')],
    ['a missing parameter', { method: 'org.example.flags.Forget' }, invalid('what')],
    [
      'parameters that are a list',
      { method: 'org.example.flags.Forget', parameters: [] },
      invalid('parameters'),
    ],
    ['an unknown parameter', { ...talk, parameters: { x: 1 } }, invalid('x')],
    [
      'an integer that is too large to be exact',
      { method: 'org.example.flags.Fail', parameters: { code: 2 ** 53 } },
      invalid('code'),
    ],
    [
      'a fraction for an integer',
      { method: 'org.example.flags.Fail', parameters: { code: 1.5 } },
      invalid('code'),
    ],
    [
      'a method that needs more',
      { method: 'org.example.flags.Watch', parameters: { to: 1 } },
      { error: 'org.varlink.service.ExpectedMore', parameters: {} },
    ],
  ])('answers a call with %s', async (_, call, reply) => {
    using client = new RawClient(running.path);
    client.send(call, talk);
    expect(await client.next()).toEqual(reply);
    expect(await client.next()).toEqual(talked);
  });

  it.each(['9007199254740993', '-9007199254740993', '1e400', '18446744073709551615'])(
    'does not round %s',
    async (code) => {
      using client = new RawClient(running.path);
      client.write(`{"method":"org.example.flags.Fail","parameters":{"code":${code}}}\0`);
      expect(await client.next()).toEqual(invalid('code'));
    },
  );

  it.each(['1.0', '1e0', '10e-1', '0.1e1'])('takes %s for an integer', async (code) => {
    using client = new RawClient(running.path);
    client.write(`{"method":"org.example.flags.Fail","parameters":{"code":${code}}}\0`);
    expect(await client.next()).toMatchObject({ parameters: { code: 1 } });
  });

  it('takes the last of keys that are alike, as everybody does', async () => {
    using client = new RawClient(running.path);
    client.write(`{"method":"nonsense","method":${JSON.stringify(talk.method)}}\0`);
    expect(await client.next()).toEqual(talked);
  });

  it('answers null as a call without a method', async () => {
    using client = new RawClient(running.path);
    client.write('null\0');
    expect(await client.next()).toEqual(invalid('method'));
  });

  it('takes white space around a call', async () => {
    using client = new RawClient(running.path);
    client.write(`\r\n\t ${JSON.stringify(talk)} \n\0`);
    expect(await client.next()).toEqual(talked);
  });

  it.each<[string, string | Buffer]>([
    ['an empty message', '\0'],
    ['no JSON', 'hello\0'],
    ['half an object', '{"method":\0'],
    ['a list', '[]\0'],
    ['a string', '"x"\0'],
    ['a number', '5\0'],
    ['bytes behind the object', '{} x\0'],
    ['two objects', '{}{}\0'],
    ['a method that is no string', '{"method":5}\0'],
    ['more that is no boolean', '{"method":"a.B","more":1}\0'],
    ['oneway that is no boolean', '{"method":"a.B","oneway":"true"}\0'],
    ['two flags', '{"method":"a.B","more":true,"oneway":true}\0'],
    ['two other flags', '{"method":"a.B","more":true,"upgrade":true}\0'],
    ['bytes that are not UTF-8', Buffer.from('7b226d6574686f64223a22ff227d00', 'hex')],
    ['an encoded surrogate', Buffer.from('7b2278223a22eda080227d00', 'hex')],
    ['a byte order mark', '\ufeff{}\0'],
    ['lists in lists without end', `{"parameters":${'['.repeat(300)}${']'.repeat(300)}}\0`],
    ['a million brackets', `${'['.repeat(1_000_000)}\0`],
  ])('closes the connection at %s, after the replies that are due', async (_, bytes) => {
    using client = new RawClient(running.path);
    client.send(talk);
    client.write(bytes);
    client.send(talk);
    expect(await client.rest()).toEqual([talked]);
    expect(failures).toEqual([expect.objectContaining({ code: 'PROTOCOL_VIOLATION' })]);
  });

  it('does not count brackets inside of strings', async () => {
    using client = new RawClient(running.path);
    client.send({
      method: 'org.example.flags.Forget',
      parameters: { what: '"\\'.repeat(500) + '['.repeat(1000) },
    });
    expect(await client.next()).toEqual({ parameters: {} });
  });

  it('hides the failure of a method from its caller, and goes on', async () => {
    using client = new RawClient(running.path);
    client.send({ method: 'org.example.flags.Fail', parameters: { code: 101 } }, talk);
    expect(await client.next()).toEqual({
      error: 'org.example.flags.InternalError',
      parameters: { reason: 'no such luck' },
    });
    expect(await client.next()).toEqual(talked);
    expect(unexpected).toEqual([new TypeError('no such luck')]);
  });

  it('answers what was complete when a caller finishes sending, and drops the rest', async () => {
    using client = new RawClient(running.path);
    client.send(talk, { method: 'org.example.flags.Count', parameters: { to: 2 }, more: true });
    client.socket.end('{"method":"org.example.fl');
    expect(await client.rest()).toEqual([
      talked,
      { parameters: { number: 1 }, continues: true },
      { parameters: { number: 2 } },
    ]);
  });

  it('ends a connection on which nothing was called', async () => {
    using client = new RawClient(running.path);
    client.socket.end();
    expect(await client.rest()).toEqual([]);
  });

  describe('io.podman', () => {
    it('ignores fields it does not know, and tells the log', async () => {
      using client = new RawClient(running.path);
      client.send({ method: 'io.podman.GetImage', parameters: { id: 'x', NAME: 'y' } });
      expect(await client.next()).toEqual({ parameters: { image: { id: 'x' } } });
      expect(unknownFields).toEqual(['io.podman.GetImage NAME']);
    });

    it.each([{}, { parameters: null }, { parameters: {} }, { parameters: { id: null } }])(
      'takes %j for a call with an empty id',
      async (call) => {
        using client = new RawClient(running.path);
        client.send({ method: 'io.podman.GetImage', ...call });
        expect(await client.next()).toEqual({ parameters: { image: { id: '' } } });
      },
    );

    it('names the field of the wrong type', async () => {
      using client = new RawClient(running.path);
      client.send(
        { method: 'io.podman.GetImage', parameters: { id: 5 } },
        { method: 'io.podman.GetImage', parameters: 'x' },
      );
      expect(await client.next()).toEqual(invalid('id'));
      expect(await client.next()).toEqual(invalid('parameters'));
    });

    it.each([5, [], 'x', { unheard: 'of' }])(
      'ignores %j where a method takes nothing',
      async (parameters) => {
        using client = new RawClient(running.path);
        client.send({ method: 'io.podman.ListImages', parameters });
        expect(await client.next()).toEqual({ parameters: { images: [] } });
      },
    );
  });

  describe('org.varlink.service', () => {
    it('tells who it is and what it has', async () => {
      using client = new RawClient(running.path);
      client.send({ method: 'org.varlink.service.GetInfo' });
      expect(await client.next()).toEqual({
        parameters: {
          vendor: 'Example',
          product: 'test',
          version: '1.2.3',
          url: 'https://example.org',
          interfaces: ['org.varlink.service', 'org.example.flags', 'io.podman'],
        },
      });
    });

    it('gives the interface files as they are', async () => {
      using client = new RawClient(running.path);
      const method = 'org.varlink.service.GetInterfaceDescription';
      client.send(
        { method, parameters: { interface: 'io.podman' } },
        { method, parameters: { interface: 'org.example.gone' } },
        { method },
      );
      expect(await client.next()).toEqual({ parameters: { description: ioPodman.description } });
      expect(await client.next()).toEqual({
        error: 'org.varlink.service.InterfaceNotFound',
        parameters: { interface: 'org.example.gone' },
      });
      expect(await client.next()).toEqual(invalid('interface'));
    });
  });
});

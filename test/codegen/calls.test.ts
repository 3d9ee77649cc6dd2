// Calls through generated code, from the client to the service and back, through either door.
import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OrgExampleFlagsService } from './golden/org-example-flags.js';
import { Empty_, Failed, Long, OrgExampleFlagsClient, orgExampleFlags } from './golden/org-example-flags.js';
import type { OrgExampleLenientService } from './golden/org-example-lenient.js';
import { OrgExampleLenientClient, orgExampleLenient } from './golden/org-example-lenient.js';
import type { Inherited, OrgExampleNamesService } from './golden/org-example-names.js';
import { Error_, OrgExampleNamesClient, orgExampleNames } from './golden/org-example-names.js';
import type { Everything, OrgExampleValuesService } from './golden/org-example-values.js';
import { OrgExampleValuesClient, orgExampleValues } from './golden/org-example-values.js';
import { ExpectedMore, ExpectedUpgrade, InvalidParameter, UnknownError } from '../../src/rpc/index.js';
import type { Connection } from '../../src/rpc/index.js';
import { connect } from '../../src/rpc/client.js';
import { JsonRpcServer } from '../../src/rpc/jsonrpc/index.js';
import { VarlinkServer } from '../../src/rpc/varlink/index.js';
import type { Running } from '../protocol/serve.js';
import { serve } from '../protocol/serve.js';

const raw = (value: unknown): unknown => value;

const names: OrgExampleNamesService = {
  constructor_: async (params) => ({ new: `${params.class} ${params.delete}` }),
  toString_: async () => ({ text: 'text' }),
  then_: async (params) => {
    if (params.record.createdAt === 'never') throw new Error_('d', 2, ['o']);
    return params;
  },
  echo: async (params) => params,
};

const values: OrgExampleValuesService = {
  echo: async (params) => params,
  scale: async (params) => ({ size: params.size ?? 'small' }),
};

const forgotten = new EventEmitter();

const flags: OrgExampleFlagsService = {
  async *count(params, call) {
    if (call.more) for (let number = 1; number < params.to; number++) yield { number };
    return { number: params.to };
  },
  async *watch(params) {
    yield { number: 1 };
    return { number: params.to };
  },
  talk: async () => ({ protocol: 'varlink' }),
  handOver: async () => ({ protocol: 'none' }),
  forget: async ({ what }) => {
    forgotten.emit(what);
    return {};
  },
  fail: async (params) => {
    if (params.code === 0) throw new Empty_();
    if (params.code === 1) throw new Long('because', 'a', 'b');
    throw new Failed(params.code, params.message);
  },
};

const lenient: OrgExampleLenientService = {
  echo: async (params) => params,
  paint: async (params) => params,
  nothing: async () => ({}),
  async *watch(_, call) {
    if (call.more) yield { asked: false };
    return { asked: call.more };
  },
};

const everything: Everything = {
  b: true,
  i: -9007199254740991,
  f: 0.5,
  s: 'NUL \0, quote ", emoji 😀, lone \ud800',
  o: JSON.parse('{"z":null,"a":[1,{"__proto__":2}],"__proto__":{"x":1},"":0}'),
  a: [null, { b: 1e300, c: -0.5 }],
  e: 'dark_blue',
  inlineEnum: 'left',
  inlineStruct: { x: 1, deep: [{ word: 'w' }] },
  list: [],
  map: JSON.parse('{"__proto__":"p","constructor":"c","":"e"}') as Record<string, string>,
  set: { one: {}, two: {} },
  nullableList: [{ x: 1 }, { x: 2, y: 3 }],
  listOfNullable: [1, null, 3],
  listOfLists: [[], [true, false]],
  listOfColors: ['red', 'green'],
  nested: { a: [{ x: 0 }], b: [] },
  node: { value: 1, next: { value: 2, next: { value: 3 } } },
  planet: 'makemake',
  anything: [1, null, 'x', {}],
};

/* oxlint-disable unicorn/no-thenable -- a field may have that name */
describe.each([
  { door: VarlinkServer, scheme: '' },
  { door: JsonRpcServer, scheme: 'jsonrpc+' },
])('generated code through $door.name', ({ door, scheme }) => {
  let running: Running;
  let connection: Connection;

  beforeEach(async () => {
    running = await serve(
      [
        [orgExampleNames, names],
        [orgExampleValues, values],
        [orgExampleFlags, flags],
        [orgExampleLenient, lenient],
      ],
      { door },
    );
    connection = await connect(scheme + running.address);
  });

  afterEach(async () => {
    await connection.close();
    await running[Symbol.asyncDispose]();
  });

  describe('names', () => {
    it('gives wire names to what has other names in TypeScript, and back', async () => {
      const client = new OrgExampleNamesClient(connection);
      const record = { createdAt: 'now', nextRecord: { createdAt: 'then' } };
      const params = {
        inherited: { constructor: 'c', valueOf: 1 } as unknown as Inherited,
        promise: { then: 't' },
        lists: [{ items: ['a'] }],
        words: ['w'],
        byName: { __proto__: null, one: record } as unknown as Record<string, typeof record>,
        maybeRows: [null, record],
        maybeRecord: record,
      };
      const reply = await client.echo(params);
      expect(reply).toEqual({ ...params, byName: { one: record } });
      const wire = (await connection.call(
        'org.example.names.Then',
        { record: { created_at: 'x' }, alike: { foo_bar: 1, fooBar: 2, bar_baz: 3 } },
        raw,
      )) as object;
      expect(wire).toEqual({ record: { created_at: 'x' }, alike: { foo_bar: 1, fooBar: 2, bar_baz: 3 } });
    });

    it('calls methods that share a name with those of every object', async () => {
      const client = new OrgExampleNamesClient(connection);
      expect(await client.constructor_({ class: 'c', delete: true })).toEqual({ new: 'c true' });
      expect(await client.toString_({})).toEqual({ text: 'text' });
    });

    it('does not take what every object has for a field', async () => {
      const inherited = {
        inherited: {},
        promise: { then: '' },
        lists: [],
        words: [],
        by_name: {},
        maybe_rows: [],
      };
      await expect(connection.call('org.example.names.Echo', inherited, raw)).rejects.toEqual(
        new InvalidParameter('inherited.constructor'),
      );
    });

    it('brings an error with renamed fields over', async () => {
      const client = new OrgExampleNamesClient(connection);
      const call = client.then_({
        record: { createdAt: 'never' },
        alike: { foo_bar: 1, fooBar: 2, barBaz: 3 },
      });
      const error = await call.catch((problem: unknown) => problem);
      expect(error).toBeInstanceOf(Error_);
      expect((error as Error_).parameters).toEqual({ default: 'd', returnCode: 2, options: ['o'] });
      expect((error as Error_).wire()).toEqual({ default: 'd', return_code: 2, options: ['o'] });
    });
  });

  describe('values', () => {
    it('brings every type over and back unchanged', async () => {
      const { value } = await new OrgExampleValuesClient(connection).echo({ value: everything });
      expect(value).toEqual(everything);
      expect(JSON.stringify(value.o)).toBe(JSON.stringify(everything.o));
    });

    it('keeps the keys of a map as data in an object without a prototype', async () => {
      const { value } = await new OrgExampleValuesClient(connection).echo({ value: everything });
      expect(Object.getPrototypeOf(value.map)).toBeNull();
      expect(Object.keys(value.map)).toEqual(['__proto__', 'constructor', '']);
    });

    it('takes null and absent for the same', async () => {
      const nulls = {
        nullable: null,
        nullableAny: null,
        nullableColor: null,
        nullableFloat: null,
        nullableList: null,
      };
      const reply = await connection.call(
        'org.example.values.Echo',
        { value: { ...everything, ...nulls } },
        raw,
      );
      const value = (reply as { value: object }).value;
      for (const name of Object.keys(nulls)) expect(value).not.toHaveProperty(name);
    });

    it.each<[string, unknown]>([
      ['value.b', 1],
      ['value.b', null],
      ['value.i', 1.5],
      ['value.i', true],
      ['value.i', '1'],
      ['value.i', 2 ** 53],
      ['value.f', '1'],
      ['value.s', 5],
      ['value.o', []],
      ['value.o.x[1].y', { x: [0, { y: 2 ** 53 }] }],
      ['value.a[0]', [-(2 ** 63)]],
      ['value.o', null],
      ['value.a', null],
      ['value.e', 'blue'],
      ['value.e', 'constructor'],
      ['value.inlineEnum', 'top'],
      ['value.inlineStruct.x', {}],
      ['value.list', {}],
      ['value.list[1]', [1, 'x']],
      ['value.list[0]', [null]],
      ['value.map', []],
      ['value.map["a\\"b"]', { 'a"b': 1 }],
      ['value.set["a"]', { a: null }],
      ['value.nullable', 5],
      ['value.nullableList[1].y', [{ x: 1 }, { x: 1, y: 'z' }]],
      ['value.listOfNullable[1]', [1, 'x']],
      ['value.listOfLists[1][0]', [[], [0]]],
      ['value.nested["k"][0].x', { k: [{}] }],
      ['value.node.next.value', { value: 1, next: {} }],
    ])('refuses a wrong %s', async (path, wrong) => {
      const [, field = ''] = /^value\.(\w+)/.exec(path) ?? [];
      const value = { ...everything, [field]: field === 'inlineStruct' ? { x: wrong } : wrong };
      await expect(connection.call('org.example.values.Echo', { value }, raw)).rejects.toEqual(
        new InvalidParameter(path),
      );
    });

    it('refuses what is missing, and fields that are not declared, deep down as well', async () => {
      const { s: _, ...without } = everything;
      const call = (value: object): Promise<unknown> =>
        connection.call('org.example.values.Echo', { value }, raw);
      await expect(call(without)).rejects.toEqual(new InvalidParameter('value.s'));
      await expect(call({ ...everything, more: 1 })).rejects.toEqual(new InvalidParameter('value.more'));
      await expect(call({ ...everything, nested: { a: [{ x: 1, z: 1 }] } })).rejects.toEqual(
        new InvalidParameter('value.nested["a"][0].z'),
      );
      await expect(
        connection.call('org.example.values.Echo', { value: everything, __proto__: null, x: 1 }, raw),
      ).rejects.toEqual(new InvalidParameter('x'));
    });

    it('keeps undeclared fields of a reply and refuses a wrong one', async () => {
      const served = values as { scale: unknown };
      const { scale } = served;
      const client = new OrgExampleValuesClient(connection);
      try {
        served.scale = async () => ({ size: 'large', since: 2027 });
        expect(await client.scale({ color: 'red' })).toEqual({ size: 'large', since: 2027 });
        served.scale = async () => ({ size: 'huge' });
        await expect(client.scale({ color: 'red' })).rejects.toMatchObject({
          name: 'InvalidReplyError',
          message: 'org.example.values.Scale: size: expected one of small, large, found a string',
        });
      } finally {
        served.scale = scale;
      }
      expect(await client.scale({ color: 'red', size: undefined })).toEqual({ size: 'small' });
    });
  });

  describe('flags', () => {
    it('gives every reply or the last one', async () => {
      const client = new OrgExampleFlagsClient(connection);
      const numbers: number[] = [];
      for await (const { number } of client.countMore({ to: 4 })) numbers.push(number);
      expect(numbers).toEqual([1, 2, 3, 4]);
      expect(await client.count({ to: 4 })).toEqual({ number: 4 });
    });

    it('refuses a call without the flag its method requires', async () => {
      await expect(connection.call('org.example.flags.Watch', { to: 1 }, raw)).rejects.toThrow(ExpectedMore);
      await expect(connection.call('org.example.flags.HandOver', {}, raw)).rejects.toThrow(ExpectedUpgrade);
    });

    it('throws the class of an error, whatever its fields', async () => {
      const client = new OrgExampleFlagsClient(connection);
      await expect(client.fail({ code: 5, message: 'm' })).rejects.toEqual(new Failed(5, 'm'));
      await expect(client.fail({ code: 6 })).rejects.toMatchObject({
        parameters: { code: 6 },
        message: 'Failed',
      });
      await expect(client.fail({ code: 0 })).rejects.toBeInstanceOf(Empty_);
      await expect(client.fail({ code: 1 })).rejects.toEqual(new Long('because', 'a', 'b'));
      // Without the client's table the error is still told.
      const error = await connection
        .call('org.example.flags.Fail', { code: 1 }, raw)
        .catch((problem: unknown) => problem);
      expect(error).toBeInstanceOf(UnknownError);
      expect(error).toMatchObject({ error: 'org.example.flags.Long', parameters: { second_word: 'b' } });
    });

    it('gives nothing back where nothing is declared', async () => {
      expect(await new OrgExampleFlagsClient(connection).forget({ what: 'x' })).toEqual({});
    });

    it('wants no reply where none is asked for', async () => {
      const client = new OrgExampleFlagsClient(connection);
      const arrived = once(forgotten, 'this');
      expect(await client.forgetOneway({ what: 'this' })).toBeUndefined();
      await arrived;
      await client.forgetOneway({ what: 5 as unknown as string });
      expect(await client.count({ to: 2 })).toEqual({ number: 2 });
    });
  });

  describe('a lenient interface', () => {
    const zero = {
      flag: false,
      count: 0,
      ratio: 0,
      text: '',
      list: [],
      map: {},
      foreign: {},
      options: { deep_flag: false, words: [] },
    };

    it.each([
      {},
      { flag: null, list: null, map: null, options: null, maybe: null },
      { options: {}, unheardOf: 1 },
    ])('fills what is absent in %j', async (params) => {
      expect(await connection.call('org.example.lenient.Echo', params, raw)).toEqual(zero);
    });

    it('fills what is absent in a reply', async () => {
      const served = lenient as { echo: unknown };
      const { echo } = served;
      served.echo = async () => ({ text: 'only', options: { words: [] } });
      try {
        const reply = await new OrgExampleLenientClient(connection).echo({
          flag: true,
          count: 1,
          ratio: 1,
          text: '',
          list: [],
          map: {},
          foreign: {},
          options: { deepFlag: true, words: [] },
        });
        expect(reply).toEqual({ ...zero, text: 'only', options: { deepFlag: false, words: [] } });
      } finally {
        served.echo = echo;
      }
    });

    it('refuses a wrong type all the same, and an enum without a value', async () => {
      const call = (method: string, params: object): Promise<unknown> =>
        connection.call(`org.example.lenient.${method}`, params, raw);
      await expect(call('Echo', { options: { deep_flag: 0 } })).rejects.toEqual(
        new InvalidParameter('options.deep_flag'),
      );
      await expect(call('Echo', { list: [null] })).rejects.toEqual(new InvalidParameter('list[0]'));
      await expect(call('Paint', {})).rejects.toEqual(new InvalidParameter('color'));
    });

    it('leaves a call without the flag it requires to its method', async () => {
      expect(await connection.call('org.example.lenient.Watch', {}, raw)).toEqual({ asked: false });
    });

    it('lets callers send what they like to a method without parameters', async () => {
      expect(await connection.call('org.example.lenient.Nothing', { anything: ['at all'] }, raw)).toEqual({});
    });
  });
});

// Whole numbers on their way through generated code: exact, or refused.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OrgExampleIntegersService } from './golden/org-example-integers.js';
import { OrgExampleIntegersClient, orgExampleIntegers, Refused } from './golden/org-example-integers.js';
import { connect } from '../../src/rpc/varlink/client.js';
import { RawClient } from '../protocol/raw-client.js';
import type { Running } from '../protocol/serve.js';
import { serve } from '../protocol/serve.js';

const service: OrgExampleIntegersService = {
  echo: async (params) => {
    if (params.maybe === 13) throw new Refused(params.one, params.list);
    return params;
  },
};

const parts = {
  one: '1',
  list: '[]',
  map: '{}',
  deep: '[]',
  ratio: '0',
  foreign: '{}',
  anything: '0',
};

function callText(changed: Partial<typeof parts> & { maybe?: string }): string {
  const fields = Object.entries({ ...parts, ...changed }).map(([name, text]) => `"${name}":${text}`);
  return `{"method":"org.example.integers.Echo","parameters":{${fields.join()}}}\0`;
}

describe('an integer', () => {
  let running: Running;

  beforeEach(async () => {
    running = await serve([[orgExampleIntegers, service]]);
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it.each([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['1.0', 1],
    ['1e2', 100],
    ['-0', 0],
    ['12345678901234.5e1', 123456789012345],
  ])('is by value: %s', async (text, value) => {
    using client = new RawClient(running.path);
    client.write(callText({ one: text, foreign: `{"deep":[${text}]}`, anything: text }));
    expect(await client.next()).toMatchObject({
      parameters: { one: value, foreign: { deep: [value] }, anything: value },
    });
  });

  it.each([
    ['one', '9007199254740992', 'one'],
    ['one', '9007199254740993', 'one'],
    ['one', '-9223372036854775808', 'one'],
    ['one', '9223372036854775807', 'one'],
    ['one', '18446744073709551616', 'one'],
    ['one', '1e400', 'one'],
    ['one', '1.5', 'one'],
    ['one', '"1"', 'one'],
    ['one', 'true', 'one'],
    ['maybe', '9007199254740993', 'maybe'],
    ['list', '[1,9007199254740993]', 'list[1]'],
    ['map', '{"__proto__":9007199254740993}', 'map["__proto__"]'],
    ['deep', '[{"a":null},{"b":9007199254740993}]', 'deep[1]["b"]'],
    ['ratio', '1e400', 'ratio'],
    ['foreign', '{"a":[{"b":9007199254740993}]}', 'foreign.a[0].b'],
    ['foreign', '{"a":1e400}', 'foreign.a'],
    ['anything', '-9007199254740993', 'anything'],
  ])('that JavaScript would round is refused: %s %s', async (name, text, path) => {
    using client = new RawClient(running.path);
    client.write(callText({ [name]: text }));
    expect(await client.next()).toEqual({
      error: 'org.varlink.service.InvalidParameter',
      parameters: { parameter: path },
    });
  });

  it('may be as large as a float where a float is meant', async () => {
    using client = new RawClient(running.path);
    client.write(callText({ ratio: '9007199254740992', foreign: '{"a":1e300}', anything: '-1e300' }));
    expect(await client.next()).toMatchObject({
      parameters: { ratio: 9007199254740992, foreign: { a: 1e300 }, anything: -1e300 },
    });
  });

  it('comes back from a service, in replies and errors', async () => {
    await using connection = await connect(running.address);
    const client = new OrgExampleIntegersClient(connection);
    const params = {
      one: Number.MAX_SAFE_INTEGER,
      maybe: Number.MIN_SAFE_INTEGER,
      list: [0, 1],
      map: JSON.parse('{"__proto__":7}') as Record<string, number>,
      deep: [{ a: null, b: 3 }],
      ratio: 0.5,
      foreign: { n: 1 },
      anything: 'x',
    };
    expect(JSON.stringify(await client.echo(params))).toBe(JSON.stringify(params));
    await expect(client.echo({ ...params, maybe: 13 })).rejects.toEqual(
      new Refused(Number.MAX_SAFE_INTEGER, [0, 1]),
    );
  });

  it('that a service rounded is no reply', async () => {
    const rounding = service as { echo: unknown };
    const { echo } = rounding;
    rounding.echo = async (params: object) => ({ ...params, deep: [{}, { 'a"': 2 ** 53 }] });
    try {
      await using connection = await connect(running.address);
      const params = { one: 1, list: [], map: {}, deep: [], ratio: 1, foreign: {}, anything: 1 };
      await expect(new OrgExampleIntegersClient(connection).echo(params)).rejects.toMatchObject({
        name: 'InvalidReplyError',
        message:
          'org.example.integers.Echo: deep[1]["a\\""]: expected a whole number, found the number 9007199254740992',
      });
    } finally {
      rounding.echo = echo;
    }
  });
});

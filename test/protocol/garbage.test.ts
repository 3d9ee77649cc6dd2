// Bytes that no honest client sends, and values that are nobody's but the client's.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { orgExampleProbe } from '../proof/generated/org-example-probe.js';
import { ProbeService } from '../proof/probe-service.js';
import { RawClient } from './raw-client.js';
import type { Running } from './serve.js';
import { serve } from './serve.js';
import { until } from './until.js';

const increment = { method: 'org.example.probe.Increment' };

/** Pieces of messages, in an order that makes none of them whole, or any. */
const garbage = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(
      '\0',
      '{}',
      '{"method":"',
      'org.example.probe.EchoObject"',
      ',"parameters":{"value":',
      '{"__proto__":{"a":1}}',
      '}}\0',
      ',"more":true',
      '[[[[[[[[',
      '"\\ud800"',
      '1e999',
      ' \n\t',
    ),
    fc.json().map((text) => `${text}\0`),
    fc
      .record({
        method: fc.constantFrom(
          'org.example.probe.EchoEverything',
          'org.example.probe.Stream',
          'org.example.probe.Crash',
          'org.example.probe.Upgrade',
          'org.example.probe.Sleep',
          'org.varlink.service.GetInterfaceDescription',
        ),
        parameters: fc.jsonValue(),
        more: fc.option(fc.boolean()),
        oneway: fc.option(fc.boolean()),
        upgrade: fc.option(fc.boolean()),
      })
      .map((call) => `${JSON.stringify(call)}\0`),
  ),
  { maxLength: 20 },
);

/** Whether a value has nothing in it that JavaScript cannot hold exactly. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact);
}

describe('a varlink server', () => {
  let running: Running;
  let connections = 0;
  let calls = 0;
  let failures: { code?: string }[];

  beforeEach(async () => {
    failures = [];
    running = await serve([[orgExampleProbe, new ProbeService()]], {
      onActivity: (activity) => {
        ({ connections, calls } = activity);
      },
      onFailure: (error) => failures.push(error as { code?: string }),
    });
  });

  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it('outlives any bytes, and keeps nothing of the connections that brought them', async () => {
    await fc.assert(
      fc.asyncProperty(garbage, async (pieces) => {
        using client = new RawClient(running.path);
        for (const piece of pieces) client.write(piece);
        client.socket.end();
        await client.closed;
      }),
      { numRuns: 300 },
    );
    await until(() => connections === 0 && calls === 0);
    expect(failures.filter(({ code }) => code !== 'PROTOCOL_VIOLATION')).toEqual([]);
    using client = new RawClient(running.path);
    client.send(increment);
    expect(await client.next()).toEqual({ parameters: {} });
  });

  it('hands any object back as it came: its nulls, its odd keys and their order', async () => {
    using client = new RawClient(running.path);
    const key = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', 'toString', ''),
    );
    const { value: object } = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        fc.jsonValue().filter(isExact),
        fc.array(tie('any'), { maxLength: 4 }),
        tie('value'),
      ),
      value: fc
        .uniqueArray(fc.tuple(key, tie('any')), { selector: ([name]) => name, maxLength: 5 })
        .map(
          (members) =>
            `{${members.map(([name, value]) => `${JSON.stringify(name)}:${text(value)}`).join(',')}}`,
        )
        .map((json): unknown => JSON.parse(json)),
    }));
    await fc.assert(
      fc.asyncProperty(object, async (value) => {
        client.send({ method: 'org.example.probe.EchoObject', parameters: { value } });
        expect(JSON.stringify(await client.next())).toBe(JSON.stringify({ parameters: { value } }));
      }),
      { numRuns: 500 },
    );
  });
});

function text(value: unknown): string {
  return JSON.stringify(value);
}

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { StrictJsonError, parseStrictJson } from '../../src/oci/strict-json.js';

const parse = (text: string): unknown => parseStrictJson(Buffer.from(text));

describe('strict JSON', () => {
  it('is what JSON.parse says for any document that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value, undefined, 1);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', 'duplicate key "a"'],
    ['{"a":1,"\\u0061":2}', 'duplicate key "a"'],
    ['[{"b":{"x":1,"y":2,"x":3}}]', 'duplicate key "x"'],
    ['{"__proto__":1,"__proto__":2}', 'duplicate key "__proto__"'],
    ['{"a":"}","b":",","a":1}', 'duplicate key "a"'],
    ['{"a\\"":1,"a\\"":2}', 'duplicate key "a\\""'],
  ])('refuses a key that comes twice: %s', (text, message) => {
    expect(() => parse(text)).toThrow(new StrictJsonError(message));
  });

  it.each(['{"a":{"a":1}}', '{"a":["a","a"],"b":"a"}', '[{"a":1},{"a":1}]', '{"a":1,"A":2}', '{"":1}'])(
    'accepts the same key in different objects: %s',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  it('takes __proto__ for a key like any other', () => {
    const value = parse('{"__proto__":{"polluted":true}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value['polluted']).toBeUndefined();
  });

  it('goes 100 levels deep and no further', () => {
    expect(parse('['.repeat(100) + ']'.repeat(100))).toBeInstanceOf(Array);
    expect(() => parse('['.repeat(101) + ']'.repeat(101))).toThrow(StrictJsonError);
  });

  it.each(['', '{', '{"a":1,}', '{} {}', "{'a':1}", '\u{feff}{}', 'NaN'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(StrictJsonError);
  });
});

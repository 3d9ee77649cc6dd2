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

  it.each([
    String.raw`{"a\\":1,"b":"\\\"","c\\\"":2}`,
    String.raw`{"a":"\\","b":"\"}","c":"{\\\\"}`,
    String.raw`["\\\\\"",{"\u0061b":1,"ab\\":2}]`,
  ])('finds the end of strings with escapes: %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('finds the second of a key among many', () => {
    const members = Array.from({ length: 50 }, (_, index) => `"key${index}":${index}`);
    expect(parse(`{${members.join(',')}}`)).toHaveProperty('key49', 49);
    expect(() => parse(`{${members.join(',')},"key7":0}`)).toThrow('duplicate key "key7"');
  });

  it('takes 50,000 values and no more, whatever they are', () => {
    expect(parse(`[${'1,'.repeat(49_998)}1]`)).toHaveLength(49_999);
    for (const text of [`[${'{},'.repeat(30_000)}1]`, `[${'1,'.repeat(50_000)}1]`]) {
      expect(() => parse(text)).toThrow(new StrictJsonError('JSON with more than 50000 values'));
    }
  });

  it('refuses a string without end and an escape that is none', () => {
    expect(() => parse('{"a')).toThrow(StrictJsonError);
    expect(() => parse(String.raw`{"a\"`)).toThrow(StrictJsonError);
    expect(() => parse(String.raw`{"\x":1}`)).toThrow(StrictJsonError);
  });

  it.each(['', '{', '{"a":1,}', '{} {}', "{'a':1}", '\u{feff}{}', 'NaN'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(StrictJsonError);
  });
});

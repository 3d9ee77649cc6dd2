// JSON laid out anew without changing what it says.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { indentJson, toJson } from '../../../client/output/json.js';

describe('indentJson', () => {
  it('lays out as JSON.stringify does, for any value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 6 }), (value, indent) => {
        expect(indentJson(JSON.stringify(value), indent)).toBe(JSON.stringify(value, null, indent));
      }),
    );
  });

  it('keeps the order of keys, keys that occur twice, and every digit', () => {
    const text = '{"b":1,"2":12345678901234567890,"1":1e5,"b":0.10,"__proto__":{}}';
    expect(indentJson(text, 1)).toBe(
      '{\n "b": 1,\n "2": 12345678901234567890,\n "1": 1e5,\n "b": 0.10,\n "__proto__": {}\n}',
    );
  });

  it('resolves escapes that are not needed, and no others', () => {
    expect(indentJson(String.raw`["\u003c\u00e9\/\\u003c\n\u0007\ud800"]`, 1)).toBe(
      String.raw`[` + '\n ' + String.raw`"<é/\\u003c\n\u0007\ud800"` + '\n]',
    );
  });

  it('leaves brackets inside of strings alone', () => {
    expect(indentJson(String.raw`{"a":"{[\",:]}"}`, 2)).toBe('{\n  "a": "{[\\",:]}"\n}');
  });
});

describe('toJson', () => {
  it('escapes what podman escapes', () => {
    expect(toJson({ id: '<missing> & co' })).toBe(String.raw`{"id":"\u003cmissing\u003e \u0026 co"}`);
  });

  it('says the same whatever the indent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(8), (value, indent) => {
        expect(JSON.parse(toJson(value, indent))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { goJson, goText, goTime, sortedByKey } from '../../src/oci/go-json.js';

describe('JSON as Go writes it', () => {
  it('escapes what could end a script element, and the two separators of lines', () => {
    expect(goJson({ a: '<b> & \u2028\u2029' })).toBe(String.raw`{"a":"\u003cb\u003e \u0026 \u2028\u2029"}`);
  });

  it('sorts keys by their bytes', () => {
    expect([...sortedByKey({ ä: 1, z: 2, Z: 3, 𝒳: 4, '\uffff': 5 }).keys()]).toEqual([
      'Z',
      'z',
      'ä',
      '\uffff',
      '𝒳',
    ]);
  });

  it('leaves keys that look like numbers where they belong', () => {
    const labels = { 9: 'b', 10: 'a', '-': 'c' };
    expect(goJson({ labels: sortedByKey(labels), list: [1, undefined, null] })).toBe(
      '{"labels":{"-":"c","10":"a","9":"b"},"list":[1,null,null]}',
    );
  });

  it.each([
    ['2020-01-02T03:04:05Z', '2020-01-02T03:04:05Z'],
    ['2020-01-02T03:04:05.000Z', '2020-01-02T03:04:05Z'],
    ['2020-01-02T03:04:05.678900000+01:00', '2020-01-02T03:04:05.6789+01:00'],
    ['2020-01-02T03:04:05.1234567891Z', '2020-01-02T03:04:05.123456789Z'],
    ['2020-01-02T03:04:05+00:00', '2020-01-02T03:04:05Z'],
    ['2020-01-02 03:04:05', undefined],
    ['2020-13-02T03:04:05Z', undefined],
  ])('writes the time %s as %s', (text, expected) => {
    expect(goTime(text)).toBe(expected);
  });

  it.each([
    ['plain', 'plain'],
    ['\xc3\xbc \xf0\x9f\x90\xb3', 'ü 🐳'],
    ['a\xffb', 'a\ufffdb'],
    // One for each byte, where others have one for what could have become a character.
    ['\xe2\x82', '\ufffd\ufffd'],
    ['\xe2\x82x\xe2\x82\xac', '\ufffd\ufffdx€'],
    ['\xed\xa0\x80', '\ufffd\ufffd\ufffd'],
    ['\xf0\x9f\x90', '\ufffd\ufffd\ufffd'],
    ['', ''],
  ])('takes the bytes %j for the text %j', (bytes, text) => {
    expect(goText(bytes)).toBe(text);
  });
});

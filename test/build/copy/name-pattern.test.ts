import { describe, expect, it } from '@jest/globals';

import { hasPattern, NamePattern } from '../../../src/build/copy/name-pattern.js';
import { byteString } from '../../../src/sys/files.js';

function matches(pattern: string, name: string): boolean {
  return new NamePattern(byteString(pattern)).matches(byteString(name));
}

describe('a pattern of names', () => {
  it.each([
    ['abc', 'abc'],
    ['*', 'abc'],
    ['*', ''],
    ['*c', 'abc'],
    ['a*', 'a'],
    ['a*b*c*d*e*', 'axbxcxdxe'],
    ['a*b?c*x', 'abxbbxdbxebxczzx'],
    ['ab[c]', 'abc'],
    ['ab[b-d]', 'abc'],
    ['ab[^e-g]', 'abc'],
    [String.raw`a\*b`, 'a*b'],
    ['a?b', 'a☺b'],
    ['a[^a]b', 'a☺b'],
    [String.raw`a[\]]b`, 'a]b'],
    ['[ä-ü]x', 'öx'],
    ['x?', 'x\ufffd'],
  ])('%s matches %j', (pattern, name) => {
    expect(matches(pattern, name)).toBe(true);
  });

  it.each([
    ['a*', 'ba'],
    ['abc', 'ab'],
    ['a?', 'a'],
    ['a???b', 'a☺b'],
    ['ab[^c]', 'abc'],
    ['ab[e-g]', 'abc'],
    [String.raw`a\*b`, 'ab'],
    ['a*b?c*x', 'abxbbxdbxebxczzy'],
  ])('%s does not match %j', (pattern, name) => {
    expect(matches(pattern, name)).toBe(false);
  });

  it.each(['[', '[a', '[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[^', 'a[', 'a\\'])(
    'refuses %s',
    (pattern) => {
      expect(() => new NamePattern(pattern)).toThrow('syntax error in pattern');
    },
  );

  it('takes a byte that is no character for one', () => {
    expect(new NamePattern('x?y').matches('x\xffy')).toBe(true);
    expect(new NamePattern('x??y').matches('x\xc3\x28y')).toBe(true);
    expect(new NamePattern('x\xff').matches('x\xfe')).toBe(false);
  });

  it('needs no more time for many stars', () => {
    expect(matches(`${'a*'.repeat(60)}b`, 'a'.repeat(250))).toBe(false);
  });

  it('is told from a plain name', () => {
    expect(['a', 'a*', 'a?', '[a', String.raw`a\b`].map(hasPattern)).toEqual([false, true, true, true, true]);
  });
});

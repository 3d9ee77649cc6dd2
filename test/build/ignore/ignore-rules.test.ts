import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { IgnoreError } from '../../../src/build/ignore/ignore-error.js';
import { IgnoreRules } from '../../../src/build/ignore/ignore-rules.js';
import { parseIgnore } from '../../../src/build/ignore/parse-ignore.js';

function rules(...lines: readonly string[]): IgnoreRules {
  return new IgnoreRules(parseIgnore(lines.join('\n')));
}

describe('a pattern', () => {
  it.each([
    ['foo', ['foo', 'foo/bar/x'], ['bar/foo', 'foobar', 'fo', 'Foo']],
    ['a/b', ['a/b', 'a/b/c'], ['a', 'a/bc', 'x/a/b']],
    ['*', ['a', '.a', 'a/b'], []],
    ['*.log', ['x.log', '.log', 'x.log/y'], ['d/x.log', 'x.logs']],
    ['*/x', ['a/x', 'a/x/y'], ['x', 'a/b/x']],
    ['a*/b', ['a/b', 'ab/b/c'], ['a/c/b', 'b/b']],
    ['?', ['a', '漢', '😀'], ['ab', '']],
    ['a?c', ['abc'], ['a/c', 'ac']],
    ['**', ['a', 'a/b/c'], []],
    ['**/x', ['x', 'a/x', 'a/b/x', 'a/x/b'], ['ax', 'a/bx', 'xa']],
    ['**/*.log', ['x.log', 'a/b/x.log'], ['x.logs', 'a/log']],
    ['**x', ['x', 'a/x'], ['ax']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b/c'], ['a', 'a/xb', 'b']],
    ['a**b', ['ab', 'ax/b'], ['axb']],
    ['*a**b', ['aab', 'xa/y/b'], ['xy/b', 'a/yb']],
    ['**/a/**/b', ['a/b', 'x/a/y/b', 'x/y/a/b/c'], ['a', 'b/a', 'xa/b']],
    ['**/**/x', ['x', 'a/x', 'a/b/x'], ['ax']],
    ['a/*/**/c', ['a/b/c', 'a/b/x/c'], ['a/c']],
    ['[ab]', ['a', 'b/x'], ['c', 'ab']],
    ['[^ab]x', ['cx'], ['ax']],
    ['[a-c0-9]x', ['bx', '7x'], ['dx', '-x']],
    [String.raw`[\]\-]x`, [']x', '-x'], ['\\x']],
    ['[!a]x', ['!x', 'ax'], ['bx']],
    ['a[^x]b', ['a-b', 'a/b'], ['axb']],
    [String.raw`\*`, ['*'], ['a']],
    [String.raw`a\b`, ['ab'], [String.raw`a\b`]],
    [String.raw`\#a`, ['#a'], []],
    ['/!a', ['!a', '!a/b'], ['a']],
    ['a.b+(c)|{d}$^', ['a.b+(c)|{d}$^'], ['aXb+(c)|{d}$^']],
    ['x y', ['x y', 'x y/z'], ['x', 'y']],
    ['/foo/', ['foo', 'foo/x'], ['x/foo']],
    ['./a//b/../c', ['a/c'], ['a/b']],
    ['../x', [], ['x', 'a/x']],
    ['.', [], ['a', '.a']],
    ['/', [], ['a', 'a/b']],
  ])('%s', (pattern, ignored, kept) => {
    expect(ignored.filter((path) => !rules(pattern).ignores(path))).toEqual([]);
    expect(kept.filter((path) => rules(pattern).ignores(path))).toEqual([]);
  });

  it('of many stars is tried in no time', () => {
    const path = `${'a'.repeat(2000)}/${'a'.repeat(2000)}`;
    expect(rules(`${'*a'.repeat(100)}*b`).ignores(path)).toBe(false);
    expect(rules(`${'**/*a'.repeat(100)}b`).ignores(path)).toBe(false);
    expect(rules('*'.repeat(4000)).ignores(path)).toBe(true);
  });

  const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 3 });
  const path = fc
    .array(word, { minLength: 1, maxLength: 5 })
    .filter((parts) => parts.every((part) => !/^\.\.?$/.test(part)));

  it('that is a path matches it and all below it', () => {
    fc.assert(
      fc.property(path, path, (parts, more) => {
        expect(rules(parts.join('/')).ignores([...parts, ...more].join('/'))).toBe(true);
      }),
    );
  });

  it('of stars matches as a regular expression would', () => {
    const piece = fc.constantFrom('a', 'b', '*', '?', '/', '**/', '/**');
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), path, (pieces, parts) => {
        const [pattern = ''] = parseIgnore(pieces.join(''));
        const expression = pattern
          .replace(/\*\*\/?$/, '<rest>')
          .replace(/\*\*\/?/g, '<directories>')
          .replaceAll('*', '[^/]*')
          .replaceAll('?', '[^/]')
          .replaceAll('<directories>', '(.*/)?')
          .replaceAll('<rest>', '.*');
        const expected = parts.some((_, index) =>
          new RegExp(`^${expression}$`).test(parts.slice(0, index + 1).join('/')),
        );
        expect(rules(pattern).ignores(parts.join('/'))).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('several patterns', () => {
  it.each([
    ['take back what others ignored', ['*', '!a/b'], ['a', 'x', 'a/c'], ['a/b', 'a/b/c']],
    [
      'ignore again what was taken back',
      ['a', '!a/b', 'a/b/c'],
      ['a', 'a/x', 'a/b/c', 'a/b/c/d'],
      ['a/b', 'a/b/d'],
    ],
    ['have an order', ['!foo', 'foo'], ['foo'], []],
    [
      'take back by name at any depth',
      ['**/*.log', '!**/keep.log'],
      ['a.log', 'd/a.log'],
      ['keep.log', 'd/keep.log'],
    ],
    ['take back one file', ['**/*.log', '!d/a.log'], ['a.log', 'd/b.log'], ['d/a.log']],
    ['take back with blanks behind the mark', ['a', '! a'], [], ['a']],
    ['take nothing back that nobody ignored', ['!a'], [], ['a', 'b']],
  ])('%s', (_, lines, ignored, kept) => {
    expect(ignored.filter((path) => !rules(...lines).ignores(path))).toEqual([]);
    expect(kept.filter((path) => rules(...lines).ignores(path))).toEqual([]);
  });
});

describe('a directory', () => {
  it.each([
    ['is skipped if nothing takes back', ['d'], 'd', false],
    ['is skipped below one that is ignored', ['d'], 'd/e', false],
    ['is not skipped if it is not ignored', ['x'], 'd', true],
    ['is not skipped if only what it holds is ignored', ['d/*'], 'd', true],
    ['is not skipped for an exception below', ['d', '!d/e/f'], 'd', true],
    ['is not skipped on the way to an exception', ['d', '!d/e/f'], 'd/e', true],
    ['is skipped next to the way to an exception', ['d', '!d/e/f'], 'd/x', false],
    ['is skipped for an exception elsewhere', ['d', '!x/e'], 'd', false],
    ['is skipped for an exception of a similar name', ['d', '!de/f'], 'd', false],
    ['is skipped for an exception at any depth', ['d', '!**/f'], 'd/x/y', false],
    ['is skipped for an exception with stars', ['d', '!*/e'], 'd', false],
    ['is not skipped on the way to stars', ['d', '!d/*/e'], 'd', true],
    [
      'is not skipped on the way of any exception if a later one takes back',
      ['!d/e', 'd', '!*/f'],
      'd',
      true,
    ],
    ['is skipped for an exception that was overruled', ['!d/e', 'd'], 'd', false],
    ['is skipped for an exception that was overruled there', ['d', '!d/e', 'd/e/f'], 'd/e/f', false],
    ['is not skipped if it was taken back', ['d', '!d'], 'd', true],
    ['is not skipped in one that was taken back', ['d', '!d/e'], 'd/e/f', true],
  ])('%s', (_, lines, directory, expected) => {
    expect(rules(...lines).mayHoldKept(directory)).toBe(expected);
  });
});

describe('an ignore file', () => {
  it('has comments, blanks, a byte-order mark and CRLF', () => {
    expect(parseIgnore('\ufeff# no\r\n\r\n  a b \r\n #c\n!/d/\n!  e\n\t\n/')).toEqual([
      'a b',
      String.raw`\#c`,
      '!d',
      '!e',
      '/',
    ]);
  });

  it('gives patterns that are what they were when read again', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', '/', '.', '*', '!', '#'),
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(line, (text) => {
        fc.pre(text !== '!');
        const once = parseIgnore(text);
        expect(parseIgnore(once.join('\n'))).toEqual(once);
      }),
    );
  });

  it.each([
    ['!', 'illegal exclusion pattern: "!"'],
    ['a[', 'syntax error in pattern "a["'],
    ['[]a]', 'syntax error in pattern "[]a]"'],
    ['[a-]', 'syntax error in pattern "[a-]"'],
    ['[^]', 'syntax error in pattern'],
    ['[a', 'syntax error in pattern'],
    ['a\\', 'syntax error in pattern'],
    ['a'.repeat(5000), 'a pattern has more than 4096 characters'],
    ['a\n'.repeat(10_001), 'more than 10000 ignore patterns'],
  ])('is refused for %j', (text, message) => {
    expect(() => parseIgnore(text)).toThrow(IgnoreError);
    expect(() => parseIgnore(text)).toThrow(message);
  });
});

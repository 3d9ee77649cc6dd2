import { describe, expect, it } from '@jest/globals';
import { shellPattern } from '../../../src/runtime/images/shell-pattern.js';

describe('a shell pattern', () => {
  it.each([
    ['*busybox*', 'docker.io/library/busybox:latest', true],
    ['busybox', 'docker.io/library/busybox:latest', false],
    ['a?c', 'a/c', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[!a-c]x', 'dx', true],
    ['[]]', ']', true],
    ['[a-]', '-', true],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['', '', true],
    ['*', '', true],
    ['a**b', 'ab', true],
    ['a.c', 'abc', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(shellPattern(pattern)(text)).toBe(expected);
  });

  it('is refused when a bracket is open', () => {
    expect(() => shellPattern('[a')).toThrow('syntax error in pattern');
  });

  it('does not take exponential time for many stars', () => {
    const matches = shellPattern(`${'a*'.repeat(60)}b`);
    expect(matches('a'.repeat(5000))).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { parseChallenges } from '../../src/registry/challenge.js';
import { parseRetryAfter } from '../../src/registry/retry.js';

/** Challenges as plain data. */
function parsed(...headers: string[]): readonly unknown[] {
  return parseChallenges(headers).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('a challenge', () => {
  it.each([
    ['Basic realm="x y"', [['basic', { realm: 'x y' }]]],
    [
      'Bearer realm="https://a.io/token",service="a.io",scope="repository:x:pull,push"',
      [['bearer', { realm: 'https://a.io/token', service: 'a.io', scope: 'repository:x:pull,push' }]],
    ],
    ['bearer REALM=token , Service = "b"', [['bearer', { realm: 'token', service: 'b' }]]],
    ['Basic realm="a \\"quoted\\" \\\\ text"', [['basic', { realm: 'a "quoted" \\ text' }]]],
    [
      'Negotiate, Basic realm="r"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'r' }],
      ],
    ],
    [
      'Digest a="1", b="2", Bearer c="3"',
      [
        ['digest', { a: '1', b: '2' }],
        ['bearer', { c: '3' }],
      ],
    ],
    ['', []],
    ['=', []],
    ['"', []],
    ['Bearer realm="unfinished', [['bearer', {}]]],
  ])('is read from %j', (header, challenges) => {
    expect(parsed(header)).toEqual(challenges);
  });

  it('may come in several headers', () => {
    expect(parsed('Negotiate', 'Bearer realm="x"')).toEqual([
      ['negotiate', {}],
      ['bearer', { realm: 'x' }],
    ]);
  });

  it('takes no time to be nonsense', () => {
    expect(parsed(`${'a='.repeat(50_000)}"`)).toEqual([]);
    expect(parsed(`Bearer ${'a="b",'.repeat(5000)}`)).toEqual([['bearer', { a: 'b' }]]);
  });
});

describe('the wait a registry asks for', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['3', 3000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
    ['soon', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('of %j is %s milliseconds', (text, milliseconds) => {
    expect(parseRetryAfter(text, now)).toBe(milliseconds);
  });
});

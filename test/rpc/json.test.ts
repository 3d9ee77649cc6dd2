// Bytes → JSON values, and what is refused.
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ProtocolError } from '../../src/rpc/index.js';
import { decodeJson } from '../../src/rpc/json.js';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('decodeJson', () => {
  it('gives any value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 12 }), (text) => {
        const value: unknown = JSON.parse(text);
        expect(decodeJson(Buffer.from(text), Math.max(1, depthOf(value)))).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses every value that nests deeper than allowed', () => {
    const deep = fc.json({ maxDepth: 12 }).filter((text) => depthOf(JSON.parse(text)) > 1);
    fc.assert(
      fc.property(deep, (text) => {
        const depth = depthOf(JSON.parse(text));
        expect(() => decodeJson(Buffer.from(text), depth - 1)).toThrow(ProtocolError);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a long one', 'x'.repeat(1000)],
    ['quotes in a long one', `${'x'.repeat(1000)}"`.repeat(10)],
    ['escapes before the end of a long one', `${'x'.repeat(100)}\\`],
    ['nothing but quotes', '"'.repeat(1000)],
    ['nothing but backslashes', '\\'.repeat(1001)],
  ])('does not take brackets in strings for nesting, with %s before them', (_, filler) => {
    const value = { text: `${filler}${'['.repeat(100)}`, next: ['{'.repeat(100)] };
    expect(decodeJson(Buffer.from(JSON.stringify(value)), 2)).toEqual(value);
    expect(() => decodeJson(Buffer.from(JSON.stringify([value])), 2)).toThrow('nested more than 2 deep');
  });

  it('looks at every byte a few times at most', () => {
    // Were each of them searched for to the end of the string, this would take minutes.
    for (const filler of ['\\', '"', `${'x'.repeat(65)}"`, `${'x'.repeat(65)}\\`]) {
      const text = filler.repeat(4_000_000 / filler.length);
      expect(decodeJson(Buffer.from(JSON.stringify([text])), 1)).toEqual([text]);
    }
  });
});

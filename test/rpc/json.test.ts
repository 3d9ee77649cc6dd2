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
  it('gives any value as JSON.parse does, unless it nests too deeply', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 12 }), fc.integer({ min: 1, max: 12 }), (text, maxDepth) => {
        const decode = (): unknown => decodeJson(Buffer.from(text), maxDepth);
        const value: unknown = JSON.parse(text);
        if (depthOf(value) > maxDepth) expect(decode).toThrow(ProtocolError);
        else expect(decode()).toEqual(value);
      }),
      { numRuns: 1000 },
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

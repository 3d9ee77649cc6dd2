import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PathSet } from '../../src/archive/path-set.js';

describe('the set of paths', () => {
  it('answers as a set of strings does', () => {
    const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\xff', '\0'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(path, { maxLength: 60 }), (paths) => {
        const set = new PathSet();
        const seen = new Set<string>();
        for (const each of paths) {
          expect(set.add(each)).toBe(!seen.has(each));
          seen.add(each);
        }
        expect(set.size).toBe(seen.size);
      }),
    );
  });

  it('finds no duplicate among two hundred thousand paths that differ in little', () => {
    const set = new PathSet();
    let duplicates = 0;
    for (let i = 0; i < 200_000; i++) if (!set.add(`usr/share/doc/package-${i}/copyright`)) duplicates++;
    expect(duplicates).toBe(0);
    expect(set.add('usr/share/doc/package-199999/copyright')).toBe(false);
  });
});

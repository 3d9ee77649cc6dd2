import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { cleanPath } from '../../src/archive/entry-path.js';
import { LayerLimitError, UnsafePathError } from '../../src/archive/errors.js';

describe('cleaning a name', () => {
  it.each([
    ['usr/bin/env', 'usr/bin/env'],
    ['./usr/', 'usr'],
    ['/usr//bin/.', 'usr/bin'],
    ['a/b/../c', 'a/c'],
    ['./', ''],
    ['/', ''],
    ['', ''],
    ['a/..', ''],
    ['.../..a/b..', '.../..a/b..'],
  ])('%j is %j', (name, path) => {
    expect(cleanPath(name, 4095)).toBe(path);
  });

  it.each(['..', '../x', 'a/../../x', '/../x', './../x'])('%j is refused', (name) => {
    expect(() => cleanPath(name, 4095)).toThrow(UnsafePathError);
  });

  it('agrees with path.normalize, and refuses what that leaves outside', () => {
    const component = fc.constantFrom('a', 'b', '.', '..', '', '...', '.wh.x');
    const cleaned = (name: string): string => {
      try {
        return cleanPath(name, 4095);
      } catch {
        return 'outside';
      }
    };
    fc.assert(
      fc.property(fc.array(component, { maxLength: 9 }), (components) => {
        const name = components.join('/');
        const normal = posix.normalize(`./${name}`);
        const inside = normal.replace(/^\.\/?$|\/$/, '');
        expect(cleaned(name)).toBe(/^\.\.(?:\/|$)/.test(normal) ? 'outside' : inside);
      }),
    );
  });

  it('refuses a component of 256 bytes and takes one of 255', () => {
    expect(cleanPath(`a/${'n'.repeat(255)}`, 4095)).toHaveLength(257);
    expect(() => cleanPath(`a/${'n'.repeat(256)}/b`, 4095)).toThrow(UnsafePathError);
  });

  it('refuses a path that is too long', () => {
    expect(() => cleanPath('abc/'.repeat(1100), 4095)).toThrow(LayerLimitError);
  });
});

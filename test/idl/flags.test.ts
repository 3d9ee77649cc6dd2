// The markers that tell which flags a method takes.
import { describe, expect, it } from '@jest/globals';
import type { MethodFlags } from '../../src/idl/index.js';
import { methodFlags, readInterface, withoutMarkers } from '../../src/idl/index.js';

function flagsOf(comment: string): MethodFlags {
  const member = readInterface(`interface a.b\n${comment}\nmethod M() -> ()`).members[0];
  if (member?.kind !== 'method') throw new Error('no method');
  return methodFlags(member);
}

describe('methodFlags', () => {
  it.each<[string, MethodFlags]>([
    ['# Nothing special.', { more: 'none', upgrade: 'none' }],
    ["# [Supports 'more' flag]", { more: 'supports', upgrade: 'none' }],
    ["# Text.\n# [Requires 'more' flag]", { more: 'requires', upgrade: 'none' }],
    ["# [Requires 'upgrade' flag]\n# Text.", { more: 'none', upgrade: 'requires' }],
    ["# [Supports 'more' flag]\n# [Supports 'upgrade' flag]", { more: 'supports', upgrade: 'supports' }],
    ["# It says [Supports 'more' flag] somewhere.", { more: 'none', upgrade: 'none' }],
    ["# [Supports 'more' flag]\n\n# Cut off.", { more: 'none', upgrade: 'none' }],
  ])('reads %j', (comment, flags) => {
    expect(flagsOf(comment)).toEqual(flags);
  });

  it('leaves the rest of the comment to its readers', () => {
    expect(withoutMarkers("Text.\n[Supports 'more' flag]")).toBe('Text.');
    expect(withoutMarkers("[Supports 'more' flag]\nText.\n\nMore.")).toBe('Text.\n\nMore.');
  });
});

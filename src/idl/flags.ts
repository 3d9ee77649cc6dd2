// The markers in a method's comment that say which call flags it supports or requires.
import type { MethodMember } from './tree.js';

export type FlagUse = 'none' | 'supports' | 'requires';

export interface MethodFlags {
  readonly more: FlagUse;
  readonly upgrade: FlagUse;
}

const marker = /^\[(Supports|Requires) '(more|upgrade)' flag\]$/;

/** The flags of a method: lines of its comment such as `[Supports 'more' flag]`. The comment stays plain varlink. */
export function methodFlags(method: MethodMember): MethodFlags {
  const flags: Record<keyof MethodFlags, FlagUse> = { more: 'none', upgrade: 'none' };
  for (const line of method.doc.split('\n')) {
    const found = marker.exec(line.trim());
    if (found === null) continue;
    const flag = found[2] === 'more' ? 'more' : 'upgrade';
    if (flags[flag] !== 'requires') flags[flag] = found[1] === 'Requires' ? 'requires' : 'supports';
  }
  return flags;
}

/** A comment without its markers and the empty lines they leave at its end. */
export function withoutMarkers(doc: string): string {
  const lines = doc.split('\n').filter((line) => !marker.test(line.trim()));
  return lines.join('\n').trimEnd();
}

// Comparing values: only such of one kind can be.
import type { GoValue, Kind } from './go-type.js';
import { show } from './print.js';

const basic: ReadonlySet<Kind> = new Set<Kind>(['bool', 'int', 'float', 'string']);

/** Is it one of the others? */
export function equals(first: GoValue | undefined, others: readonly (GoValue | undefined)[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  const a = inside(first);
  return others.some((other) => equal(a, inside(other)));
}

function equal(a: GoValue | undefined, b: GoValue | undefined): boolean {
  const kinds = [basicKind(a), basicKind(b)];
  if (kinds[0] !== kinds[1]) {
    if (a !== undefined && b !== undefined) throw new Error('incompatible types for comparison');
    return false;
  }
  if (kinds[0] !== undefined) return a?.raw === b?.raw;
  if (a !== undefined && b !== undefined && a.type.kind !== b.type.kind)
    throw new Error(`non-comparable types ${show(a)}: ${a.type.name}, ${b.type.name}: ${show(b)}`);
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (b !== undefined && (b.type.kind === 'slice' || b.type.kind === 'map'))
    throw new Error(`non-comparable type ${show(b)}: ${b.type.name}`);
  return a?.raw === b?.raw;
}

/** Which of the two is less: below, above or 0. */
export function compare(first: GoValue | undefined, second: GoValue | undefined): number {
  const [a, b] = [inside(first), inside(second)];
  const kind = basicKind(a);
  if (kind === undefined || basicKind(b) === undefined) throw new Error('invalid type for comparison');
  if (kind !== basicKind(b)) throw new Error('incompatible types for comparison');
  if (kind === 'bool') throw new Error('invalid type for comparison');
  if (kind === 'string') return Buffer.compare(Buffer.from(String(a?.raw)), Buffer.from(String(b?.raw)));
  return Number(a?.raw) - Number(b?.raw);
}

function basicKind(value: GoValue | undefined): Kind | undefined {
  return value !== undefined && basic.has(value.type.kind) ? value.type.kind : undefined;
}

function inside(value: GoValue | undefined): GoValue | undefined {
  return value?.type.kind === 'interface' ? ((value.raw as GoValue | null) ?? undefined) : value;
}

function isNil(value: GoValue | undefined): boolean {
  return value === undefined || value.raw === null;
}

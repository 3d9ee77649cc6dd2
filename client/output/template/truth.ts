// What counts as true: everything but zero, nothing, and what is empty.
import type { GoValue } from './go-type.js';

export function truth(value: GoValue | undefined): boolean {
  if (value === undefined) return false;
  const { type, raw } = value;
  switch (type.kind) {
    case 'bool':
      return raw === true;
    case 'string':
      return raw !== '';
    case 'int':
    case 'float':
      return raw !== 0;
    case 'slice':
      return raw !== null && (raw as readonly unknown[]).length > 0;
    case 'map':
      return raw !== null && (raw as ReadonlyMap<string, unknown>).size > 0;
    case 'interface':
      return raw !== null && truth(raw as GoValue);
    case 'pointer':
      return raw !== null;
    default:
      return true;
  }
}

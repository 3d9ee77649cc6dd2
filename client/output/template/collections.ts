// The functions len, index and slice. They throw an `Error` that says what is wrong.
import { byteLength, encodeBytes, sliceBytes } from './bytes.js';
import { anyType, pointedTo, zeroOf } from './go-type.js';
import type { GoType, GoValue } from './go-type.js';

const byteType: GoType = { kind: 'int', name: 'uint8' };

export function collectionLength(given: GoValue | undefined): number {
  const value = behindPointers(given);
  if (value === undefined) {
    throw new Error(given === undefined ? 'len of untyped nil' : 'len of nil pointer');
  }
  const length = lengthOf(value);
  if (length === undefined) throw new Error(`len of type ${value.type.name}`);
  return length;
}

export function collectionIndex(
  given: GoValue | undefined,
  keys: readonly (GoValue | undefined)[],
): GoValue | undefined {
  let value = inside(given);
  if (value === undefined) throw new Error('index of untyped nil');
  for (const key of keys) {
    value = behindPointers(value);
    if (value === undefined) throw new Error('index of nil pointer');
    value = element(value, inside(key));
  }
  return value;
}

function element(value: GoValue, key: GoValue | undefined): GoValue {
  const { type, raw } = value;
  const elementType = type.element ?? anyType;
  if (type.kind === 'map') {
    if (key === undefined) throw new Error('value is nil; should be of type string');
    if (key.type.kind !== 'string') throw new Error(`value has type ${key.type.name}; should be string`);
    const map = raw as ReadonlyMap<string, unknown> | null;
    const found = map?.has(String(key.raw)) === true ? map.get(String(key.raw)) : zeroOf(elementType);
    return { type: elementType, raw: found };
  }
  const length = type.kind === 'slice' || type.kind === 'string' ? lengthOf(value) : undefined;
  if (length === undefined) throw new Error(`can't index item of type ${type.name}`);
  const place = position(key, length);
  if (place === length) throw new Error(`reflect: ${type.kind} index out of range`);
  if (type.kind === 'string') return { type: byteType, raw: encodeBytes(String(raw))[place] };
  return { type: elementType, raw: (raw as readonly unknown[])[place] };
}

export function collectionSlice(given: GoValue | undefined, keys: readonly (GoValue | undefined)[]): GoValue {
  const value = inside(given);
  if (value === undefined) throw new Error('slice of untyped nil');
  if (keys.length > 3) throw new Error(`too many slice indexes: ${keys.length}`);
  const { type, raw } = value;
  if (type.kind !== 'string' && type.kind !== 'slice')
    throw new Error(`can't slice item of type ${type.name}`);
  if (type.kind === 'string' && keys.length === 3) throw new Error('cannot 3-index slice a string');
  const length = lengthOf(value) ?? 0;
  const [from = 0, to = length, end = length] = keys.map((key) => position(inside(key), length));
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  if (to > end) throw new Error(`invalid slice index: ${to} > ${end}`);
  return {
    type,
    raw:
      type.kind === 'string'
        ? sliceBytes(String(raw), from, to)
        : ((raw ?? []) as readonly unknown[]).slice(from, to),
  };
}

function position(key: GoValue | undefined, length: number): number {
  if (key === undefined) throw new Error('cannot index slice/array with nil');
  if (key.type.kind !== 'int') throw new Error(`cannot index slice/array with type ${key.type.name}`);
  const place = Number(key.raw);
  if (place < 0 || place > length) throw new Error(`index out of range: ${place}`);
  return place;
}

function lengthOf({ type, raw }: GoValue): number | undefined {
  if (type.kind === 'string') return byteLength(String(raw));
  if (type.kind === 'slice') return raw === null ? 0 : (raw as readonly unknown[]).length;
  if (type.kind === 'map') return raw === null ? 0 : (raw as ReadonlyMap<string, unknown>).size;
  return undefined;
}

function inside(value: GoValue | undefined): GoValue | undefined {
  return value?.type.kind === 'interface' ? pointedTo(value) : value;
}

function behindPointers(value: GoValue | undefined): GoValue | undefined {
  let found = value;
  while (found !== undefined && (found.type.kind === 'pointer' || found.type.kind === 'interface'))
    found = pointedTo(found);
  return found;
}

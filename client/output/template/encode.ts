// Values as JSON: what the function `json` of templates prints.
import { anyType, elementsOf, pointedTo, sortedEntries } from './go-type.js';
import type { GoType, GoValue, RawStruct } from './go-type.js';
import { type GoTime, timeJson } from './go-time.js';

/** On one line, in the order of the fields. */
export function encode(value: GoValue | undefined): string {
  if (value === undefined) return 'null';
  const { type, raw } = value;
  switch (type.kind) {
    case 'string':
      return quoteJson(String(raw));
    case 'bool':
    case 'int':
    case 'float':
      return String(raw);
    case 'time':
      return quoteJson(timeJson(raw as GoTime));
    case 'slice':
      return raw === null ? 'null' : `[${elementsOf(value).map(encode).join(',')}]`;
    case 'map':
      return raw === null ? 'null' : encodeMap(value);
    case 'pointer':
    case 'interface':
      return encode(pointedTo(value));
    default:
      return `{${members(value).join(',')}}`;
  }
}

function encodeMap(value: GoValue): string {
  const type = value.type.element ?? anyType;
  return `{${sortedEntries(value)
    .map(([key, raw]) => `${quoteJson(key)}:${encode({ type, raw })}`)
    .join(',')}}`;
}

/** The members of an embedded struct stand with those of the one around it, unless it has one of that name itself. */
function members({ type, raw }: GoValue, hidden: ReadonlySet<string> = new Set()): string[] {
  const fields = type.fields ?? [];
  const own = new Set([...hidden, ...fields.filter(({ embedded }) => !embedded).map(({ json }) => json)]);
  return fields.flatMap((field) => {
    const value: GoValue = { type: field.type, raw: (raw as RawStruct)[field.name] };
    if (field.embedded) {
      const inner = field.type.kind === 'pointer' ? pointedTo(value) : value;
      return inner === undefined ? [] : members(inner, own);
    }
    if (field.json === '' || hidden.has(field.json) || (field.omitEmpty && isEmpty(value))) return [];
    return [`${quoteJson(field.json)}:${encode(value)}`];
  });
}

function isEmpty({ type, raw }: GoValue): boolean {
  if (type.kind === 'slice') return raw === null || (raw as readonly unknown[]).length === 0;
  if (type.kind === 'map') return raw === null || (raw as ReadonlyMap<string, unknown>).size === 0;
  return raw === null || raw === '' || raw === 0 || raw === false;
}

/** A text in JSON: of the characters below the blank only line feed, return and tab have short forms. */
export function quoteJson(text: string): string {
  return JSON.stringify(text).replace(/\\.|[\u2028\u2029]/g, (found) => longForms.get(found) ?? found);
}

const longForms: ReadonlyMap<string, string> = new Map([
  ['\\b', '\\u0008'],
  ['\\f', '\\u000c'],
  ['\u2028', '\\u2028'],
  ['\u2029', '\\u2029'],
]);

/** For those who want the type's own order. */
export function fieldNames(type: GoType): string[] {
  return (type.fields ?? []).flatMap((field) =>
    field.embedded ? fieldNames(field.type.element ?? field.type) : [field.name],
  );
}

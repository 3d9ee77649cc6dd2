// From JSON to values of a type: what is absent is zero, and what does not fit the type, too, for it is not the service's to choose.
import { anyType, boolType, floatType, intType, mapOf, sliceOf, stringType, zeroOf } from './go-type.js';
import type { GoType, GoValue } from './go-type.js';
import { parseTime } from './go-time.js';

type JsonObject = Readonly<Record<string, unknown>>;

export function decode(type: GoType, json: unknown): GoValue {
  return { type, raw: decodeRaw(type, json) };
}

function decodeRaw(type: GoType, json: unknown): unknown {
  if (json === null || json === undefined) return zeroOf(type);
  switch (type.kind) {
    case 'bool':
      return json === true;
    case 'string':
      return typeof json === 'string' ? json : '';
    case 'int':
    case 'float':
      return typeof json === 'number' ? json : 0;
    case 'time':
      return typeof json === 'string' ? (parseTime(json) ?? zeroOf(type)) : zeroOf(type);
    case 'slice':
      return Array.isArray(json) ? json.map((item) => decodeRaw(type.element ?? anyType, item)) : null;
    case 'map':
      return isObject(json)
        ? new Map(Object.entries(json).map(([key, item]) => [key, decodeRaw(type.element ?? anyType, item)]))
        : null;
    case 'pointer':
      return decodeRaw(type.element ?? anyType, json);
    case 'interface':
      return untyped(json);
    default:
      return isObject(json) ? decodeStruct(type, json) : zeroOf(type);
  }
}

function decodeStruct(type: GoType, json: JsonObject): unknown {
  const fields = type.fields ?? [];
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      decodeRaw(
        field.type,
        field.embedded ? json : Object.hasOwn(json, field.json) ? json[field.json] : null,
      ),
    ]),
  );
}

/** What a place takes that takes everything. */
function untyped(json: unknown): GoValue | null {
  if (typeof json === 'string') return { type: stringType, raw: json };
  if (typeof json === 'boolean') return { type: boolType, raw: json };
  if (typeof json === 'number') return { type: Number.isInteger(json) ? intType : floatType, raw: json };
  if (Array.isArray(json)) return decode(sliceOf(stringType), json);
  return isObject(json) ? decode(mapOf(anyType), json) : null;
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

// Fields of a JSON object as they were written: programs that pass them on keep numbers and escapes as they are.
import { escapedForGo } from './go-json.js';
import { parseStrictJson, type Json } from './strict-json.js';

/**
 * The fields of the object in `bytes`, each without white space and escaped as Go escapes what it copies. Throws
 * StrictJsonError; what is no object has no fields.
 */
export function rawFields(bytes: Uint8Array): ReadonlyMap<string, string> {
  if (!isObject(parseStrictJson(bytes))) return new Map();
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const fields = new Map<string, string>();
  let depth = 0;
  let key: string | undefined;
  let value = '';
  for (const [token] of text.matchAll(tokenPattern)) {
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 0 || (depth === 1 && token === ',')) {
      if (key !== undefined) fields.set(key, value);
      key = undefined;
      value = '';
    } else if (key === undefined) {
      key = JSON.parse(token) as string;
    } else if (depth > 1 || token !== ':') {
      value += escapedForGo(token);
    }
    if (token === '{' || token === '[') depth += 1;
  }
  return fields;
}

/** One bracket, comma, colon, string, or number or word. */
const tokenPattern = /[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/g;

function isObject(value: Json): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// JSON from outside, where two readers must never see two different documents: no duplicate keys, bounded depth.

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object; `__proto__` is a key like any other. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Text that is no JSON, or JSON that readers could understand differently. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly code = 'INVALID_JSON';
  /** The key that an object has twice, where that is what is wrong. */
  readonly duplicateKey: string | undefined;
  constructor(message: string, options?: ErrorOptions & { readonly duplicateKey?: string }) {
    super(message, options);
    this.duplicateKey = options?.duplicateKey;
  }
}

/** Objects and arrays within one another at most. */
export const maxJsonDepth = 100;

/** Parses UTF-8. Throws {@link StrictJsonError}. */
export function parseStrictJson(bytes: Uint8Array): Json {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new StrictJsonError('invalid JSON', { cause });
  }
  checkKeys(text);
  return value;
}

// Works on text that JSON.parse has accepted, so that only strings and brackets matter.
function checkKeys(text: string): void {
  // One entry per open bracket: the keys of an object, or undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  let keyExpected = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        keyExpected = text[at] === '{';
        open.push(keyExpected ? new Set() : undefined);
        if (open.length > maxJsonDepth) throw new StrictJsonError(`JSON nested deeper than ${maxJsonDepth}`);
        break;
      case '}':
      case ']':
        open.pop();
        keyExpected = false;
        break;
      case ',':
        keyExpected = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (keyExpected) addKey(open.at(-1)!, text.slice(at, end + 1));
        keyExpected = false;
        at = end;
        break;
      }
      default:
    }
  }
}

function addKey(keys: Set<string>, literal: string): void {
  const key = JSON.parse(literal) as string;
  if (keys.has(key)) {
    throw new StrictJsonError(`duplicate key ${JSON.stringify(key)}`, { duplicateKey: key });
  }
  keys.add(key);
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (text[at] === '"') return at;
    if (text[at] === '\\') at++;
  }
}

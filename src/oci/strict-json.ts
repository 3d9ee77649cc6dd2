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

/** Members and elements of a whole document at most: parsing more of them would keep others waiting. */
export const maxJsonValues = 50_000;

/** Parses UTF-8. Throws {@link StrictJsonError}. */
export function parseStrictJson(bytes: Uint8Array): Json {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  checkShape(text);
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new StrictJsonError('invalid JSON', { cause });
  }
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Looks at strings, brackets and commas alone: what is no JSON for other reasons, JSON.parse finds. */
function checkShape(text: string): void {
  // One entry per open bracket: the keys of an object, or undefined for an array.
  const open: (Keys | undefined)[] = [];
  let keyExpected = false;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case openBrace:
      case openBracket:
        keyExpected = text.charCodeAt(at) === openBrace;
        open.push(keyExpected ? new Keys() : undefined);
        if (open.length > maxJsonDepth) throw new StrictJsonError(`JSON nested deeper than ${maxJsonDepth}`);
        values += 1;
        break;
      case closeBrace:
      case closeBracket:
        open.pop();
        keyExpected = false;
        break;
      case comma:
        keyExpected = open.at(-1) !== undefined;
        values += 1;
        break;
      case quote: {
        const end = endOfString(text, at);
        if (keyExpected) open.at(-1)?.add(text.slice(at + 1, end));
        keyExpected = false;
        at = end;
        break;
      }
      default:
    }
    if (values > maxJsonValues) throw new StrictJsonError(`JSON with more than ${maxJsonValues} values`);
  }
}

/** The keys of one object. Most have few, for which a set takes longer than looking at each. */
class Keys {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** Takes what stands between the quotes. Throws {@link StrictJsonError} for a key that is there. */
  add(literal: string): void {
    const key = literal.includes('\\') ? unescaped(literal) : literal;
    if (this.#many?.has(key) ?? this.#few.includes(key)) {
      throw new StrictJsonError(`duplicate key ${JSON.stringify(key)}`, { duplicateKey: key });
    }
    if (this.#many === undefined && this.#few.length < 8) this.#few.push(key);
    else (this.#many ??= new Set(this.#few)).add(key);
  }
}

function unescaped(literal: string): string {
  try {
    return JSON.parse(`"${literal}"`) as string;
  } catch (cause) {
    throw new StrictJsonError('invalid JSON', { cause });
  }
}

/** Index of the quote that closes the string opened at `start`. Throws {@link StrictJsonError} if there is none. */
function endOfString(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const end = text.indexOf('"', from);
    if (end < 0) throw new StrictJsonError('invalid JSON');
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    // The quote is part of the string when an odd number of backslashes stands in front of it.
    if (escapes % 2 === 0) return end;
    from = end + 1;
  }
}

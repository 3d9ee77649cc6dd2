// JSON objects that have the fields they may have and no others: what decides about trust is never guessed at.
import { parseStrictJson, StrictJsonError, type Json, type JsonObject } from '../oci/strict-json.js';

const longestMessage = 500;

/** What is wrong with a document, in the words of other tools. */
export class StrictObjectError extends Error {
  override readonly name = 'StrictObjectError';
  readonly code = 'INVALID_OBJECT';
  constructor(message: string, options?: ErrorOptions) {
    // A key that is quoted may be as long as its document.
    super(message.length > longestMessage ? `${message.slice(0, longestMessage)}...` : message, options);
  }
}

/** Parses a whole document. Throws {@link StrictObjectError}. */
export function parseDocument(bytes: Uint8Array): Json {
  try {
    return parseStrictJson(bytes);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    const { duplicateKey } = cause;
    if (duplicateKey !== undefined) {
      throw new StrictObjectError(`Duplicate key ${JSON.stringify(duplicateKey)}`, { cause });
    }
    const detail = cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
    throw new StrictObjectError(`${cause.message}${detail}`, { cause });
  }
}

/** An object whose keys were looked at; `what` names it in errors. */
export class StrictObject {
  readonly #object: JsonObject;
  readonly #what: string;

  /** Throws {@link StrictObjectError} when `value` is no object. */
  constructor(value: Json | undefined, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new StrictObjectError(`JSON object expected for ${what}`);
    }
    this.#object = value as JsonObject;
    this.#what = what;
  }

  entries(): readonly (readonly [string, Json])[] {
    return Object.entries(this.#object);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object, key);
  }

  get(key: string): Json | undefined {
    return this.has(key) ? this.#object[key] : undefined;
  }

  /** Refuses every key that is neither required nor optional, and the lack of a required one. */
  only(required: readonly string[], optional: readonly string[] = []): this {
    for (const key of Object.keys(this.#object)) {
      if (!required.includes(key) && !optional.includes(key)) {
        throw new StrictObjectError(`Unknown key ${JSON.stringify(key)}`);
      }
    }
    for (const key of required) {
      if (!this.has(key)) throw new StrictObjectError(`Key ${JSON.stringify(key)} missing in a JSON object`);
    }
    return this;
  }

  object(key: string): StrictObject {
    return new StrictObject(this.get(key), `${this.#what}.${key}`);
  }

  /** A field that must be there. */
  string(key: string): string {
    const value = this.get(key);
    if (typeof value === 'string') return value;
    throw new StrictObjectError(`string expected for ${this.#what}.${key}`);
  }

  /** A list of texts that has at least one. */
  strings(key: string): readonly string[] {
    const value = this.get(key);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw new StrictObjectError(`list of strings expected for ${this.#what}.${key}`);
    }
    if (value.length === 0) throw new StrictObjectError(`${JSON.stringify(key)} contains no entries`);
    return value;
  }
}

/** Base64 to the letter: with its padding, and nothing but line breaks beside its characters. */
export function fromBase64(text: string, what: string): Buffer {
  const packed = text.replaceAll(/[\r\n]/g, '');
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.toString('base64') !== packed) throw new StrictObjectError(`illegal base64 data in ${what}`);
  return bytes;
}

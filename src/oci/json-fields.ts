// Takes typed fields out of parsed JSON; null counts as absent, a wrong type names its path.
import type { Json, JsonObject } from './strict-json.js';

/** A field of the wrong type; `path` leads to it, `layers[2].size`. */
export class JsonFieldError extends Error {
  override readonly name = 'JsonFieldError';
  readonly code = 'INVALID_JSON_FIELD';
  readonly path: string;
  constructor(path: string, expected: string) {
    super(path === '' ? `expected ${expected}` : `${path}: expected ${expected}`);
    this.path = path;
  }
}

/** An object and where it was found. */
export class Fields {
  readonly #object: JsonObject;
  readonly #path: string;

  /** Throws {@link JsonFieldError} when `value` is no object. */
  constructor(value: Json | undefined, path = '') {
    if (!isObject(value)) throw new JsonFieldError(path, 'an object');
    this.#object = value;
    this.#path = path;
  }

  /** Every key as it was written. */
  keys(): readonly string[] {
    return Object.keys(this.#object);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The value, undefined for an absent key and for null. */
  get(key: string): Json | undefined {
    const value = Object.hasOwn(this.#object, key) ? this.#object[key] : undefined;
    return value === null ? undefined : value;
  }

  string(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.error(key, 'a string');
  }

  boolean(key: string): boolean | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.error(key, 'a boolean');
  }

  /** A whole number that is exact in JavaScript. */
  integer(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw this.error(key, 'an integer');
  }

  object(key: string): Fields | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : new Fields(value, this.at(key));
  }

  strings(key: string): readonly string[] | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.error(key, 'an array of strings');
  }

  stringMap(key: string): Readonly<Record<string, string>> | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (isObject(value) && Object.values(value).every((item) => typeof item === 'string')) {
      return value as Record<string, string>;
    }
    throw this.error(key, 'an object of strings');
  }

  /** Each item through `read`, which gets the item and its path. */
  list<T>(key: string, read: (item: Fields) => T): readonly T[] | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.error(key, 'an array');
    return value.map((item: Json, index) => read(new Fields(item, `${this.at(key)}[${index}]`)));
  }

  /** The path of a key. */
  at(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  error(key: string, expected: string): JsonFieldError {
    return new JsonFieldError(this.at(key), expected);
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Takes typed values out of parsed TOML; what is absent is undefined, a wrong type names its key.
import { RegistriesConfigError } from './registries-errors.js';

/** A table of a TOML document. */
export class TomlTable {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: object) {
    this.#values = values as Record<string, unknown>;
  }

  string(key: string): string | undefined {
    const value = this.#get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw mismatch(key, 'a string');
  }

  boolean(key: string): boolean | undefined {
    const value = this.#get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw mismatch(key, 'a boolean');
  }

  strings(key: string): readonly string[] | undefined {
    const value = this.#get(key);
    if (value === undefined || isStrings(value)) return value;
    throw mismatch(key, 'an array of strings');
  }

  table(key: string): TomlTable | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (isTable(value)) return new TomlTable(value);
    throw mismatch(key, 'a table');
  }

  /** An array of tables; empty when it is absent. */
  list(key: string): readonly TomlTable[] {
    const value = this.#get(key) ?? [];
    if (Array.isArray(value) && value.every(isTable)) return value.map((item) => new TomlTable(item));
    throw mismatch(key, 'an array of tables');
  }

  /** All of the table, as strings by key. */
  stringMap(): ReadonlyMap<string, string> {
    return new Map(Object.keys(this.#values).map((key) => [key, this.string(key)!]));
  }

  #get(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
  }
}

function mismatch(key: string, expected: string): RegistriesConfigError {
  return new RegistriesConfigError(`${key}: expected ${expected}`);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

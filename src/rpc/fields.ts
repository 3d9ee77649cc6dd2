// What the generated checks share: the fields of an object that came from outside.

/** The members of a JSON object. */
export type Fields = Record<string, unknown>;

/** Told the path of each field that the interface does not declare. It may throw. */
export type UnknownField = (path: string) => void;

/** What a method without parameters takes, or one without results gives. */
export type Empty = Readonly<Record<string, never>>;

/** A value that is not what the interface declares. `path` is such as `creds.username` or `images[3].id`. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
  readonly code = 'INVALID_FIELD';
  readonly path: string;
  constructor(path: string, expected: string, value: unknown) {
    super(`${path === '' ? 'parameters' : path}: expected ${expected}, found ${describe(value)}`);
    this.path = path;
  }
}

/**
 * The fields of `value`, which must be a JSON object. With `unknown`, every field that is not among `known` is
 * reported to it. Throws {@link FieldError}.
 */
export function fieldsOf(
  value: unknown,
  path: string,
  known?: ReadonlySet<string>,
  unknown?: UnknownField,
): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FieldError(path, 'an object', value);
  const fields = value as Fields;
  if (known !== undefined && unknown !== undefined) {
    for (const key of Object.keys(fields)) if (!known.has(key)) unknown(memberPath(path, key));
  }
  return fields;
}

/** Fields whose names every object has, unlike {@link Fields} typed as what they are here: data. */
export interface InheritedNames {
  constructor?: unknown;
  hasOwnProperty?: unknown;
  isPrototypeOf?: unknown;
  propertyIsEnumerable?: unknown;
  toLocaleString?: unknown;
  toString?: unknown;
  valueOf?: unknown;
}

/** As {@link fieldsOf}, for structs with fields such as `constructor` that every object seems to have. */
export function ownFieldsOf(
  value: unknown,
  path: string,
  known?: ReadonlySet<string>,
  unknown?: UnknownField,
): Fields & InheritedNames {
  return mapOf(fieldsOf(value, path, known, unknown), path);
}

/**
 * A JSON object whose keys are all data, `__proto__` and `constructor` too: the same object, cut off from what every
 * object inherits. A copy would take twice as long.
 */
export function mapOf(value: unknown, path: string): Fields {
  return Object.setPrototypeOf(fieldsOf(value, path), null) as Fields;
}

/** Checks a value of type `object`, which is passed through as it is. Throws {@link FieldError}. */
export function checkObject(value: unknown, path: string): void {
  checkForeign(fieldsOf(value, path), path);
}

/** Checks a value of type `any`, which is passed through as it is. Throws {@link FieldError}. */
export function checkAny(value: unknown, path: string): void {
  if (value === undefined || value === null) throw new FieldError(path, 'a value', value);
  checkForeign(value, path);
}

/** Whole numbers of 64 bits are refused where JavaScript has rounded them; what is greater is a float to everybody. */
const greatestWhole = 2 ** 64;

function checkForeign(value: unknown, path: string): void {
  if (typeof value === 'number') {
    const isRounded =
      Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= greatestWhole;
    if (isRounded || !Number.isFinite(value))
      throw new FieldError(path, 'a number that is not rounded', value);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkForeign(item, `${path}[${index}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkForeign(item, memberPath(path, key));
  }
}

/** A map with every value exchanged, keeping the order of its keys. */
export function mapValues<T>(map: Readonly<Record<string, T>>, change: (value: T) => unknown): Fields {
  const changed = Object.create(null) as Fields;
  for (const [key, value] of Object.entries(map)) changed[key] = change(value);
  return changed;
}

/** The check of a method without parameters, or without results. */
export function checkEmpty(value: unknown, unknown?: UnknownField): Empty {
  return fieldsOf(value, '', new Set(), unknown) as Empty;
}

/** The check of a method without parameters in an interface that lets its callers send what they like. */
export function checkNothing(): Empty {
  return {};
}

function memberPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return 'an object';
    case 'number':
      return `the number ${value}`;
    case 'string':
      return 'a string';
    default:
      return `a ${typeof value}`;
  }
}

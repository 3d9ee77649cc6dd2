// Types of podman's language, as far as templates can tell them apart: what is printed of a value, and what is said of it.

export type Kind =
  | 'bool'
  | 'string'
  | 'int'
  | 'float'
  | 'slice'
  | 'map'
  | 'struct'
  | 'pointer'
  | 'interface'
  | 'time';

export interface GoField {
  readonly name: string;
  readonly type: GoType;
  /** Its name in JSON, `''` where it is left out. */
  readonly json: string;
  readonly omitEmpty: boolean;
  /** Its own fields count as those of the struct it is in. */
  readonly embedded: boolean;
}

export interface GoMethod {
  readonly parameters: readonly GoType[];
  readonly call: (receiver: GoValue, args: readonly (GoValue | undefined)[]) => GoValue;
}

export interface GoType {
  readonly kind: Kind;
  /** As messages have it: `[]string`, `images.imageReporter`. */
  readonly name: string;
  /** Of a slice or map, or what a pointer points to. */
  readonly element?: GoType;
  readonly fields?: readonly GoField[];
  readonly methods?: ReadonlyMap<string, GoMethod>;
  /** How it prints itself, in place of what its kind would print. */
  readonly text?: (raw: unknown) => string;
}

/**
 * A value. What `raw` is follows from the kind: a boolean, text or number; an array, or null for a nil slice; a `Map`, or
 * null; an object with the fields of a struct; for a pointer what it points to, or null; for an interface a `GoValue`, or
 * null; a `GoTime`.
 */
export interface GoValue {
  readonly type: GoType;
  readonly raw: unknown;
}

export type RawStruct = Readonly<Record<string, unknown>>;

export const boolType: GoType = { kind: 'bool', name: 'bool' };
export const stringType: GoType = { kind: 'string', name: 'string' };
export const intType: GoType = { kind: 'int', name: 'int' };
export const int64Type: GoType = { kind: 'int', name: 'int64' };
export const floatType: GoType = { kind: 'float', name: 'float64' };
export const anyType: GoType = { kind: 'interface', name: 'interface {}' };

export function sliceOf(element: GoType): GoType {
  return { kind: 'slice', name: `[]${element.name}`, element };
}

/** By text: there are no others. */
export function mapOf(element: GoType): GoType {
  return { kind: 'map', name: `map[string]${element.name}`, element };
}

export function pointerTo(element: GoType): GoType {
  return { kind: 'pointer', name: `*${element.name}`, element };
}

/** A text with a name of its own, which prints as the text. */
export function namedText(name: string): GoType {
  return { kind: 'string', name };
}

/** `fields` are the name, the type, and what is behind `json:` in the tag: `'Id'`, `',omitempty'`, `'-'`. */
export function struct(
  name: string,
  fields: readonly (readonly [name: string, type: GoType, tag?: string])[],
  methods?: Readonly<Record<string, (receiver: GoValue) => GoValue>>,
): GoType {
  return {
    kind: 'struct',
    name,
    fields: fields.map(([field, type, tag = '']) => {
      const [json = '', ...options] = tag.split(',');
      return {
        name: field,
        type,
        json: json === '-' ? '' : json || field,
        omitEmpty: options.includes('omitempty'),
        embedded: options.includes('embedded'),
      };
    }),
    methods: new Map(
      Object.entries(methods ?? {}).map(([method, call]) => [method, { parameters: [], call }]),
    ),
  };
}

export function text(raw: string): GoValue {
  return { type: stringType, raw };
}

export function integer(raw: number): GoValue {
  return { type: intType, raw };
}

export function bool(raw: boolean): GoValue {
  return { type: boolType, raw };
}

/** What a field has that nothing was put into. */
export function zeroOf(type: GoType): unknown {
  switch (type.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'int':
    case 'float':
      return 0;
    case 'struct':
      return Object.fromEntries((type.fields ?? []).map((field) => [field.name, zeroOf(field.type)]));
    case 'time':
      return zeroTime;
    default:
      return null;
  }
}

/** Year 1: a time that was not set. */
const zeroTime = { seconds: -62_135_596_800, nanoseconds: 0, offset: 0 };

/** The elements of a slice or map, none for a nil one. */
export function elementsOf(value: GoValue): GoValue[] {
  const type = value.type.element ?? anyType;
  const raw = value.raw instanceof Map ? sortedEntries(value).map(([, item]) => item) : value.raw;
  return Array.isArray(raw) ? raw.map((item: unknown) => ({ type, raw: item })) : [];
}

/** In the order of the keys, as everything that goes over a map has them. */
export function sortedEntries(value: GoValue): [string, unknown][] {
  if (!(value.raw instanceof Map)) return [];
  const entries = [...(value.raw as ReadonlyMap<string, unknown>)];
  return entries.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** What is behind a pointer or interface; nothing for nil. */
export function pointedTo(value: GoValue): GoValue | undefined {
  if (value.raw === null) return undefined;
  return value.type.kind === 'interface'
    ? (value.raw as GoValue)
    : { type: value.type.element ?? anyType, raw: value.raw };
}

/** A field of a struct, also of one that is embedded in it, the least deep first. */
export function fieldOf(value: GoValue, name: string): GoValue | undefined {
  let level: readonly GoValue[] = [value];
  while (level.length > 0) {
    const next: GoValue[] = [];
    for (const item of level) {
      for (const field of item.type.fields ?? []) {
        const raw = item.raw === null ? null : (item.raw as RawStruct)[field.name];
        const found: GoValue = { type: field.type, raw };
        if (field.name === name) return found;
        if (field.embedded) next.push(field.type.kind === 'pointer' ? (pointedTo(found) ?? found) : found);
      }
    }
    level = next;
  }
  return undefined;
}

export function methodOf(value: GoValue, name: string): { method: GoMethod; receiver: GoValue } | undefined {
  const method = value.type.methods?.get(name);
  if (method !== undefined) return { method, receiver: value };
  // An own field hides what an embedded struct can do.
  const fields = value.type.fields ?? [];
  if (fields.some((field) => field.name === name)) return undefined;
  for (const field of fields.filter(({ embedded }) => embedded)) {
    const inner: GoValue = { type: field.type, raw: (value.raw as RawStruct)[field.name] };
    const found = methodOf(field.type.kind === 'pointer' ? (pointedTo(inner) ?? inner) : inner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Has the type a zero value that is nil? */
export function canBeNil({ kind }: GoType): boolean {
  return kind === 'interface' || kind === 'slice' || kind === 'map' || kind === 'pointer';
}

/** Behind pointers and interfaces; the last of them if that is nil. */
export function indirect(given: GoValue | undefined): {
  readonly value: GoValue | undefined;
  readonly nil: boolean;
} {
  let value = given;
  while (value !== undefined && (value.type.kind === 'pointer' || value.type.kind === 'interface')) {
    const next = pointedTo(value);
    if (next === undefined) return { value, nil: true };
    value = next;
  }
  return { value, nil: false };
}

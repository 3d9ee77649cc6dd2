// What a caller may put where a value belongs, and which of its fields are then not what the interface declares.
import type { Field, Interface, MethodMember, StructType, Type } from '../../../src/idl/index.js';

const long = 'x'.repeat(100_000);
const deep = 100;

/** Every kind of JSON value, and the worst of each kind. */
export const hostileValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 63),
  1e300,
  '',
  'x',
  ' ',
  long,
  `${long}/${long}:${long}`,
  '\0',
  'a\0b',
  '\u0001\u001B[31m\u007F\n',
  '\uD800',
  '\uDC00\uD800',
  '../../x',
  '%s%n{}$(x)',
  [],
  {},
  [[]],
  [null],
  [1, 'x'],
  { x: 1 },
  JSON.parse('{"__proto__":{"x":1},"constructor":"x"}'),
  nested((inner) => [inner]),
  nested((inner) => ({ x: inner })),
];

function nested(around: (inner: unknown) => unknown): unknown {
  let value: unknown = 0;
  for (let depth = 0; depth < deep; depth += 1) value = around(value);
  return value;
}

/** What of a value is asked of whom: the interface's types, and whether it takes what it does not declare. */
export class Contract {
  readonly methods: readonly MethodMember[];
  readonly #types: ReadonlyMap<string, Type>;
  readonly #lenient: boolean;

  constructor(tree: Interface, unknownFields: 'ignore' | 'refuse') {
    this.methods = tree.members.filter((member) => member.kind === 'method');
    const types = tree.members.filter((member) => member.kind === 'type');
    this.#types = new Map(types.map(({ name, type }) => [name, type]));
    this.#lenient = unknownFields === 'ignore';
  }

  /** Parameters with one hostile value in them, for every place at which there can be one. */
  *wrongParameters({ input }: MethodMember): Generator<unknown, void, void> {
    yield* hostileValues;
    yield* this.#wrongMembers(input);
  }

  /** The paths of all fields that are not as declared; one of them has to be named. Empty: the call must be taken. */
  misfits({ input }: MethodMember, parameters: unknown): readonly string[] {
    // Callers of a method without parameters send what they like.
    if (input.fields.length === 0 && this.#lenient) return [];
    const found = [...this.#misfits(input, parameters ?? {}, '')];
    return found.map((path) => (path === '' ? 'parameters' : path));
  }

  /** The least that is of a type. */
  zero(type: Type): unknown {
    switch (type.kind) {
      case 'bool':
        return false;
      case 'int':
      case 'float':
        return 0;
      case 'string':
        return '';
      case 'array':
        return [];
      case 'map':
      case 'object':
      case 'any':
        return {};
      case 'nullable':
        return null;
      case 'enum':
        return type.values[0]?.name;
      case 'struct':
        return Object.fromEntries(type.fields.map(({ name, type }) => [name, this.zero(type)]));
      default:
        return this.zero(this.named(type.name));
    }
  }

  named(name: string): Type {
    const type = this.#types.get(name);
    if (type === undefined) throw new Error(`${name} is not declared`);
    return type;
  }

  *#wrong(type: Type): Generator<unknown, void, void> {
    yield* hostileValues;
    yield* this.#wrongInside(type);
  }

  *#wrongInside(type: Type): Generator<unknown, void, void> {
    switch (type.kind) {
      case 'array':
        for (const value of this.#wrong(type.element)) yield [value];
        return;
      case 'map':
        for (const value of this.#wrong(type.element)) yield { key: value };
        return;
      case 'nullable':
        yield* this.#wrongInside(type.element);
        return;
      case 'named':
        yield* this.#wrongInside(this.named(type.name));
        return;
      case 'struct':
        yield* this.#wrongMembers(type);
        return;
      default:
    }
  }

  *#wrongMembers(type: StructType): Generator<unknown, void, void> {
    const whole = this.zero(type) as Readonly<Record<string, unknown>>;
    yield whole;
    yield { ...whole, 'no such field': 1 };
    for (const { name, type: member } of type.fields) {
      const { [name]: _, ...rest } = whole;
      yield rest;
      for (const value of this.#wrong(member)) yield { ...rest, [name]: value };
    }
  }

  *#misfits(type: Type, value: unknown, path: string): Generator<string, void, void> {
    switch (type.kind) {
      case 'named':
        yield* this.#misfits(this.named(type.name), value, path);
        return;
      case 'nullable':
        if (value !== null) yield* this.#misfits(type.element, value, path);
        return;
      case 'array':
        if (!Array.isArray(value)) yield path;
        else
          for (const [index, each] of value.entries())
            yield* this.#misfits(type.element, each, `${path}[${index}]`);
        return;
      case 'map':
        if (!isObject(value)) yield path;
        else
          for (const [key, each] of Object.entries(value))
            yield* this.#misfits(type.element, each, `${path}[${JSON.stringify(key)}]`);
        return;
      case 'struct':
        if (!isObject(value)) yield path;
        else yield* this.#misfitFields(type, value, path === '' ? '' : `${path}.`);
        return;
      default:
        if (!isSimple(type, value)) yield path;
    }
  }

  *#misfitFields(
    { fields }: StructType,
    value: Readonly<Record<string, unknown>>,
    prefix: string,
  ): Generator<string, void, void> {
    const known = new Set(fields.map(({ name }) => name));
    if (!this.#lenient) for (const key of Object.keys(value)) if (!known.has(key)) yield `${prefix}${key}`;
    for (const field of fields) {
      const member = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
      if (member !== undefined && member !== null)
        yield* this.#misfits(field.type, member, `${prefix}${field.name}`);
      else if (!this.#mayMiss(field)) yield `${prefix}${field.name}`;
    }
  }

  #mayMiss({ type }: Field): boolean {
    return this.#lenient || type.kind === 'nullable';
  }
}

function isSimple(type: Type, value: unknown): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isSafeInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'object':
      return isObject(value);
    case 'enum':
      return type.values.some(({ name }) => name === value);
    default:
      return true;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

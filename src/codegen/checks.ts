// The functions that check what arrived: one for every struct, list and map of an interface.
import { guarded, importLine, list, quoted } from './layout.js';
import type { EnumModel, FieldModel, Model, StructModel, TypeModel } from './model.js';
import { hasStruct, innermost, parametersOf } from './model.js';
import { elementCheck, fieldCheck } from './check-statements.js';
import { capitalized, Names, uncapitalized } from './names.js';
import { typeNames, typeText } from './types.js';

/** The text of the module with the checks of an interface. */
export function checksModule(model: Model): string {
  const functions = new CheckFunctions(model);
  const inline = parametersOf(model.methods, model.errors).filter((struct) => struct.inline);
  const types = [...model.types, ...inline];
  const used = new Set(
    types.flatMap((type) =>
      type.kind === 'struct' ? type.fields.map((field) => innermost(field.type)) : [],
    ),
  );
  const texts = types.flatMap((type) => {
    if (type.kind === 'enum') return used.has(type) ? [valueSet(type)] : [];
    return type.inline && type.fields.length === 0 ? [] : [functions.struct(type)];
  });
  const body = [...texts, ...functions.containers()].join('\n\n');
  const runtime = ['checkAny', 'checkObject', 'FieldError', 'fieldsOf', 'mapOf', 'ownFieldsOf'].filter(
    (name) => new RegExp(`\\b${name}\\(`).test(body),
  );
  const runtimeTypes = body.includes('unknown?: UnknownField') ? ['UnknownField'] : [];
  return [
    ...importLine('import type', runtimeTypes, model.options.rpc),
    ...importLine('import', runtime, model.options.rpc),
    ...importLine('import type', functions.types(), `./${model.fileStem}.js`),
    '',
    body,
    '',
  ].join('\n');
}

/** The functions for lists and maps are made when something needs them, once for each type. */
class CheckFunctions {
  readonly #model: Model;
  /** The functions by the types they are for. */
  readonly #containers = new Map<string, { readonly name: string; text: string }>();
  readonly #names = new Names();
  readonly #wholes: ReadonlySet<StructModel>;
  readonly #types = new Set<string>();

  constructor(model: Model) {
    this.#model = model;
    const parameters = parametersOf(model.methods, model.errors);
    this.#wholes = new Set(parameters);
    for (const name of new Set([...model.types, ...parameters].map((type) => type.name)))
      this.#names.take(name);
  }

  containers(): string[] {
    return [...this.#containers.values()].map(({ text }) => text);
  }

  /** The types that the functions mention. */
  types(): string[] {
    return [...this.#types];
  }

  struct(struct: StructModel): string {
    // The parameters of a call are the whole: paths begin with the name of a field.
    const whole = this.#wholes.has(struct);
    const parameters = ['value: unknown', ...(whole ? [] : ['path: string']), 'unknown?: UnknownField'];
    const type = this.#typeText(struct);
    const wires = struct.fields.map((field) => field.wire);
    const set = `${uncapitalized(struct.name)}Fields`;
    const path = whole ? "''" : 'path';
    const reader = hasInherited(struct) ? 'ownFieldsOf' : 'fieldsOf';
    const name = (container: TypeModel): string => this.#containerName(container);
    const statements = struct.fields.flatMap((field) =>
      fieldCheck(field, whole ? '' : 'path', this.#model.options.lenient, name),
    );
    return [
      ...fieldSet(set, wires),
      '',
      list('', `export function check${struct.name}(`, parameters, `): ${type} {`),
      `  const fields = ${reader}(value, ${path}, ${set}, unknown);`,
      ...statements,
      ...result(struct, type),
      '}',
    ].join('\n');
  }

  /** The name of the function for a list or map, `checkStringList`; writes the function if it is not there. */
  #containerName(type: TypeModel): string {
    const key = typeKey(type);
    const known = this.#containers.get(key);
    if (known !== undefined) return known.name;
    // A struct of the interface may be called StringList.
    const name = `check${this.#names.take(suffix(type))}`;
    const made = { name, text: '' };
    this.#containers.set(key, made);
    made.text = this.#container(type, name);
    return name;
  }

  #container(type: TypeModel, name: string): string {
    if (type.kind !== 'array' && type.kind !== 'map') throw new TypeError(`${type.kind} is no container`);
    const parameters = [
      'value: unknown',
      'path: string',
      ...(hasStruct(type) ? ['unknown?: UnknownField'] : []),
    ];
    const text = this.#typeText(type);
    const head = list('', `function ${name}(`, parameters, `): ${text} {`);
    const names = (container: TypeModel): string => this.#containerName(container);
    const element = type.kind === 'array' ? 'list[i]' : 'map[key]';
    const path = type.kind === 'array' ? '`${path}[${i}]`' : '`${path}[${JSON.stringify(key)}]`';
    const statements = elementCheck(element, path, type.element, names);
    const loop = (over: string): string[] =>
      statements.length === 0 ? [] : [`  for (${over}) {`, ...statements, '  }'];
    const body =
      type.kind === 'array'
        ? [
            guarded('  ', 'if (!Array.isArray(value))', "throw new FieldError(path, 'a list', value);"),
            '  const list: unknown[] = value;',
            ...loop('let i = 0; i < list.length; i++'),
            `  return list as ${text.replace(/^readonly /, '')};`,
          ]
        : [
            '  const map = mapOf(value, path);',
            ...loop('const key of Object.keys(map)'),
            `  return map as ${text};`,
          ];
    return [head, ...body, '}'].join('\n');
  }

  #typeText(type: TypeModel): string {
    for (const name of typeNames(type)) this.#types.add(name);
    return typeText(type);
  }
}

/** The same for the same types only: `Int` is the name of a struct, `int` is not. */
function typeKey(type: TypeModel): string {
  switch (type.kind) {
    case 'array':
    case 'map':
    case 'nullable':
      return `${type.kind} ${typeKey(type.element)}`;
    case 'struct':
    case 'enum':
      return type.name;
    default:
      return type.kind;
  }
}

function suffix(type: TypeModel): string {
  switch (type.kind) {
    case 'array':
      return `${suffix(type.element)}List`;
    case 'map':
      return `${suffix(type.element)}Map`;
    case 'nullable':
      return `Nullable${suffix(type.element)}`;
    case 'struct':
    case 'enum':
      return type.name;
    default:
      return capitalized(type.kind);
  }
}

function fieldSet(name: string, wires: readonly string[]): string[] {
  return [list('', `const ${name}: ReadonlySet<string> = new Set([`, wires.map(quoted), ']);')];
}

function valueSet(type: EnumModel): string {
  const values = type.values.map((value) => quoted(value.name));
  return list('', `const ${uncapitalized(type.name)}Values: ReadonlySet<unknown> = new Set([`, values, ']);');
}

/** Whether a field that is not there could be taken for what every object inherits, `toString` say. */
function hasInherited(struct: StructModel): boolean {
  return struct.fields.some(({ wire, name }) => wire in {} || name in {});
}

/** The fields as they are, or, where names differ, under their names in TypeScript. */
function result(struct: StructModel, type: string): string[] {
  const renamed = struct.fields.filter((field) => field.name !== field.wire);
  if (renamed.length === 0) return [`  return fields as unknown as ${type};`];
  const picks = renamed.map((field: FieldModel) => `${field.wire}: ${field.name}`);
  const names = renamed.map((field) => field.name);
  const base = hasInherited(struct) ? ['__proto__: null'] : [];
  return [
    list('  ', 'const {', [...picks, '...rest'], '} = fields;', ' ').replace(/\.\.\.rest,\n/, '...rest\n'),
    list('  ', 'return {', [...base, '...rest', ...names], `} as unknown as ${type};`, ' '),
  ];
}

// The functions that check what arrived: one for every struct, list and map of an interface.
import { guarded, importLine, list, quoted } from './layout.js';
import type { EnumModel, FieldModel, Model, StructModel, TypeModel } from './model.js';
import { hasStruct } from './model.js';
import { elementCheck, fieldCheck } from './check-statements.js';
import { uncapitalized } from './names.js';
import { typeNames, typeText } from './types.js';

/** The text of the module with the checks of an interface. */
export function checksModule(model: Model): string {
  const functions = new CheckFunctions(model);
  const structs = [
    ...model.types,
    ...model.methods.flatMap((method) => [method.input, method.output]).filter((struct) => struct.inline),
    ...model.errors.map((error) => error.parameters).filter((struct) => struct.inline),
  ];
  const texts = structs.flatMap((type) => {
    if (type.kind === 'enum') return [valueSet(type)];
    return type.inline && type.fields.length === 0 ? [] : [functions.struct(type)];
  });
  const body = [...texts, ...functions.containers()].join('\n\n');
  const runtime = ['checkAny', 'checkObject', 'FieldError', 'fieldsOf', 'mapOf', 'ownFieldsOf'].filter(
    (name) => body.includes(`${name}(`),
  );
  const runtimeTypes = ['Empty', 'UnknownField'].filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  const used = structs.flatMap((type) => (type.kind === 'enum' ? [type.name] : typeNames(type)));
  const names = used.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  return [
    ...importLine('import type', runtimeTypes, model.options.rpc),
    ...importLine('import', runtime, model.options.rpc),
    ...importLine('import type', names, `./${model.fileStem}.js`),
    '',
    body,
    '',
  ].join('\n');
}

/** The functions for lists and maps are made when something needs them, once for each type. */
class CheckFunctions {
  readonly #model: Model;
  readonly #containers = new Map<string, string>();
  readonly #names: Set<string>;

  constructor(model: Model) {
    this.#model = model;
    const parameters = model.methods.flatMap((method) => [method.input, method.output]);
    const all = [...model.types, ...parameters, ...model.errors.map((error) => error.parameters)];
    this.#names = new Set(all.map((type) => type.name));
  }

  containers(): string[] {
    return [...this.#containers.values()];
  }

  struct(struct: StructModel): string {
    // The parameters of a call are the whole: paths begin with the name of a field.
    const whole = !this.#isNested(struct);
    const parameters = ['value: unknown', ...(whole ? [] : ['path: string']), 'unknown?: UnknownField'];
    const type = typeText(struct, true);
    const wires = struct.fields.map((field) => field.wire);
    const set = `${uncapitalized(struct.name)}Fields`;
    const path = whole ? "''" : 'path';
    const reader = wires.some((wire) => wire in {}) ? 'ownFieldsOf' : 'fieldsOf';
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

  /** Parameters and replies are never part of something else. */
  #isNested(struct: StructModel): boolean {
    const { methods, errors } = this.#model;
    return !(
      methods.some(({ input, output }) => input === struct || output === struct) ||
      errors.some(({ parameters }) => parameters === struct)
    );
  }

  /** The name of the function for a list or map, `checkStringList`; writes the function if it is not there. */
  #containerName(type: TypeModel): string {
    const name = `check${this.#suffix(type)}`;
    if (!this.#containers.has(name)) {
      this.#containers.set(name, '');
      this.#containers.set(name, this.#container(type, name));
    }
    return name;
  }

  #suffix(type: TypeModel): string {
    switch (type.kind) {
      case 'array':
        return this.#free(`${this.#suffix(type.element)}List`);
      case 'map':
        return this.#free(`${this.#suffix(type.element)}Map`);
      case 'nullable':
        return `Nullable${this.#suffix(type.element)}`;
      case 'struct':
      case 'enum':
        return type.name;
      default:
        return type.kind.slice(0, 1).toUpperCase() + type.kind.slice(1);
    }
  }

  /** A struct of the interface may be called StringList. */
  #free(wanted: string): string {
    let name = wanted;
    while (this.#names.has(name)) name += '_';
    return name;
  }

  #container(type: TypeModel, name: string): string {
    if (type.kind !== 'array' && type.kind !== 'map') throw new TypeError(`${type.kind} is no container`);
    const parameters = [
      'value: unknown',
      'path: string',
      ...(hasStruct(type) ? ['unknown?: UnknownField'] : []),
    ];
    const head = list('', `function ${name}(`, parameters, `): ${typeText(type)} {`);
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
            `  return list as ${typeText(type).replace(/^readonly /, '')};`,
          ]
        : [
            '  const map = mapOf(value, path);',
            ...loop('const key of Object.keys(map)'),
            `  return map as ${typeText(type)};`,
          ];
    return [head, ...body, '}'].join('\n');
  }
}

function fieldSet(name: string, wires: readonly string[]): string[] {
  return [list('', `const ${name}: ReadonlySet<string> = new Set([`, wires.map(quoted), ']);')];
}

function valueSet(type: EnumModel): string {
  const values = type.values.map((value) => quoted(value.name));
  return list('', `const ${uncapitalized(type.name)}Values: ReadonlySet<unknown> = new Set([`, values, ']);');
}

/** The fields as they are, or, where names differ, under their names in TypeScript. */
function result(struct: StructModel, type: string): string[] {
  const renamed = struct.fields.filter((field) => field.name !== field.wire);
  if (renamed.length === 0) return [`  return fields as unknown as ${type};`];
  const picks = renamed.map((field: FieldModel) => `${field.wire}: ${field.name}`);
  const names = renamed.map((field) => field.name);
  return [
    list('  ', 'const {', [...picks, '...rest'], '} = fields;', ' ').replace(/\.\.\.rest,\n/, '...rest\n'),
    list('  ', 'return {', ['...rest', ...names], `} as unknown as ${type};`, ' '),
  ];
}

// TypeScript's view of the types: declarations, and how a type is written where it is used.
import { comment, list, width } from './layout.js';
import type { EnumModel, FieldModel, StructModel, TypeModel } from './model.js';

/** The declaration of a struct or enum. */
export function declaration(type: StructModel | EnumModel): string {
  return (type.kind === 'enum' ? enumLines(type) : structLines(type)).join('\n');
}

function structLines(type: StructModel): string[] {
  const doc = comment('', type.doc);
  if (type.fields.length === 0) return [...doc, `export type ${type.name} = Empty;`];
  const fields = type.fields.flatMap((field) => [
    ...comment('  ', field.doc),
    `  readonly ${field.name}${optional(field)}: ${fieldType(field)};`,
  ]);
  return [...doc, `export interface ${type.name} {`, ...fields, '}'];
}

function enumLines(type: EnumModel): string[] {
  const values = type.values.map((value) => `'${value.name}'`);
  const notes = type.values.filter((value) => value.doc !== '').map((value) => `${value.name}: ${value.doc}`);
  const doc = comment('', [type.doc, ...notes].filter((part) => part !== '').join('\n'));
  const flat = `export type ${type.name} = ${values.join(' | ')};`;
  if (flat.length <= width) return [...doc, flat];
  const lines = values.map((value) => `  | ${value}`);
  return [...doc, `export type ${type.name} =`, `${lines.join('\n')};`];
}

/** How a type is written where it is used. `readonly` is about the fields of an inline struct. */
export function typeText(type: TypeModel, readonly = true): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int':
    case 'float':
      return 'number';
    case 'string':
      return 'string';
    case 'object':
      return 'Readonly<Record<string, unknown>>';
    case 'any':
      return 'unknown';
    case 'array': {
      const element = typeText(type.element);
      const isCompound = type.element.kind === 'array' || type.element.kind === 'nullable';
      return `readonly ${isCompound ? `(${element})` : element}[]`;
    }
    case 'map':
      return `Readonly<Record<string, ${typeText(type.element)}>>`;
    case 'nullable':
      return `${typeText(type.element)} | null`;
    case 'struct':
      return type.inline ? inlineText(type, readonly) : type.name;
    default:
      return type.name;
  }
}

/** What typeText mentions that has to be imported. */
export function typeNames(type: TypeModel): string[] {
  switch (type.kind) {
    case 'array':
    case 'map':
    case 'nullable':
      return typeNames(type.element);
    case 'struct':
      return type.inline ? type.fields.flatMap((field) => typeNames(field.type)) : [type.name];
    case 'enum':
      return [type.name];
    default:
      return [];
  }
}

function inlineText(type: StructModel, readonly: boolean): string {
  if (type.fields.length === 0) return 'Empty';
  const modifier = readonly ? 'readonly ' : '';
  const fields = type.fields.map(
    (field) => `${modifier}${field.name}${optional(field)}: ${fieldType(field)}`,
  );
  return `{ ${fields.join('; ')} }`;
}

function optional(field: FieldModel): string {
  return field.type.kind === 'nullable' ? '?' : '';
}

/** Absent and null are the same in a struct, so a nullable field is one that may be absent. */
function fieldType(field: FieldModel): string {
  return field.type.kind === 'nullable'
    ? `${typeText(field.type.element)} | undefined`
    : typeText(field.type);
}

/** A function or method head: `name(parameters): result`. */
export function signature(
  indent: string,
  name: string,
  parameters: readonly string[],
  result: string,
): string {
  return list(indent, `${name}(`, parameters, `)${result}`);
}

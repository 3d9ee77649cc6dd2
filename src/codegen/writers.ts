// The functions that give values their names on the wire; only for types whose names differ there.
import { importLine } from './layout.js';
import type { FieldModel, Model, StructModel, TypeModel } from './model.js';
import { isRenamed } from './model.js';
import { typeNames, typeText } from './types.js';

/** Every struct of the interface that needs a function. */
function renamedStructs(model: Model): StructModel[] {
  const declared = model.types.filter((type) => type.kind === 'struct');
  const parameters = [
    ...model.methods.flatMap((method) => [method.input, method.output]),
    ...model.errors.map((error) => error.parameters),
  ].filter((struct) => struct.inline);
  return [...declared, ...parameters].filter((struct) => isRenamed(struct));
}

/** The text of the module; undefined when all names are the same on the wire. */
export function writersModule(model: Model): string | undefined {
  const structs = renamedStructs(model);
  if (structs.length === 0) return undefined;
  const body = structs.map((struct) => writer(struct)).join('\n\n');
  const runtime = body.includes('mapValues(') ? ['mapValues'] : [];
  return [
    ...importLine('import', runtime, model.options.rpc),
    ...importLine('import type', structs.flatMap(typeNames), `./${model.fileStem}.js`),
    '',
    body,
    '',
  ].join('\n');
}

function writer(struct: StructModel): string {
  return [
    `export function write${struct.name}(value: ${typeText(struct)}): object {`,
    '  return {',
    ...struct.fields.map((field) => `    ${property(field)},`),
    '  };',
    '}',
  ].join('\n');
}

function property(field: FieldModel): string {
  const value = written(field.type, `value.${field.name}`, 'undefined');
  return `${field.wire}: ${value}`;
}

/** The expression for a value on the wire. `nothing` is what stands for null here. */
function written(type: TypeModel, value: string, nothing: string, depth = 0): string {
  if (!isRenamed(type)) return value;
  const item = `item${depth === 0 ? '' : depth}`;
  const body = (element: TypeModel): string => {
    const text = written(element, item, 'null', depth + 1);
    return element.kind === 'nullable' ? `(${text})` : text;
  };
  switch (type.kind) {
    case 'nullable':
      return `${value} === ${nothing} ? ${nothing} : ${written(type.element, value, 'null', depth)}`;
    case 'array':
      return `${value}.map((${item}) => ${body(type.element)})`;
    case 'map':
      return `mapValues(${value}, (${item}) => ${body(type.element)})`;
    case 'struct':
      return `write${type.name}(${value})`;
    default:
      return value;
  }
}

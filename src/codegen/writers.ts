// The functions that give values their names on the wire; only for types whose names differ there.
import { importLine } from './layout.js';
import type { Model, StructModel, TypeModel } from './model.js';
import { isRenamed, parametersOf } from './model.js';
import { typeNames, typeText } from './types.js';

/** The text of the module; undefined when all names are the same on the wire. */
export function writersModule(model: Model): string | undefined {
  const declared = model.types.filter((type) => type.kind === 'struct');
  const inline = parametersOf(model.methods, model.errors).filter((struct) => struct.inline);
  const structs = [...declared, ...inline].filter((struct) => model.renamed.has(struct));
  if (structs.length === 0) return undefined;
  const body = structs.map((struct) => writer(model, struct)).join('\n\n');
  const runtime = body.includes('mapValues(') ? ['mapValues'] : [];
  return [
    ...importLine('import', runtime, model.options.rpc),
    ...importLine('import type', structs.flatMap(typeNames), `./${model.fileStem}.js`),
    '',
    body,
    '',
  ].join('\n');
}

function writer(model: Model, struct: StructModel): string {
  return [
    `export function write${struct.name}(value: ${typeText(struct)}): object {`,
    '  return {',
    ...struct.fields.map(
      (field) => `    ${field.wire}: ${written(model, field.type, `value.${field.name}`, 'undefined')},`,
    ),
    '  };',
    '}',
  ].join('\n');
}

/** The expression for a value on the wire. `nothing` is what stands for null here. */
function written(model: Model, type: TypeModel, value: string, nothing: string, depth = 0): string {
  if (!isRenamed(model, type)) return value;
  const item = `item${depth === 0 ? '' : depth}`;
  const body = (element: TypeModel): string => {
    const text = written(model, element, item, 'null', depth + 1);
    return element.kind === 'nullable' ? `(${text})` : text;
  };
  switch (type.kind) {
    case 'nullable':
      return `${value} === ${nothing} ? ${nothing} : ${written(model, type.element, value, 'null', depth)}`;
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

// Error classes.
import { comment, list } from './layout.js';
import type { ErrorModel, Model } from './model.js';
import { isRenamed } from './model.js';
import { variableName } from './names.js';
import { typeText } from './types.js';

/** The class of an error, with its fields as the parameters of the constructor. */
export function errorClass(model: Model, error: ErrorModel): string {
  const { fields } = error.parameters;
  const type = fields.length === 0 ? '' : `<${typeText(error.parameters, false)}>`;
  // Optional parameters cannot come before others: a nullable field is passed as undefined.
  const parameters = fields.map((field) => {
    const text =
      field.type.kind === 'nullable' ? `${typeText(field.type.element)} | undefined` : typeText(field.type);
    return `${variableName(field.name)}: ${text}`;
  });
  const given = fields.map((field) => {
    const variable = variableName(field.name);
    return variable === field.name ? variable : `${field.name}: ${variable}`;
  });
  const values = given.length === 0 ? '{}' : `{ ${given.join(', ')} }`;
  const lines = [
    ...comment('', errorDoc(error)),
    `export class ${error.name} extends VarlinkError${type} {`,
    `  override readonly name = '${error.wire}';`,
    `  readonly error = '${model.name}.${error.wire}';`,
    list('  ', 'constructor(', [...parameters, 'options?: ErrorOptions'], ') {'),
    list('    ', 'super(', [values, message(error), 'options'], ');'),
    '  }',
    '',
    ...factory(error),
    ...(isRenamed(model, error.parameters) ? wire(error) : []),
    '}',
  ];
  return lines.join('\n');
}

/** The comment of the file, and what the error carries. */
function errorDoc(error: ErrorModel): string {
  const fields = error.parameters.fields.map((field) => `${field.wire}: ${wireType(field.type)}`);
  const head = `error ${error.wire} (${fields.join(', ')})`;
  return error.doc === '' ? head : `${head}\n\n${error.doc}`;
}

function wireType(type: ErrorModel['parameters']['fields'][number]['type']): string {
  switch (type.kind) {
    case 'array':
      return `[]${wireType(type.element)}`;
    case 'map':
      return `[string]${wireType(type.element)}`;
    case 'nullable':
      return `?${wireType(type.element)}`;
    case 'struct':
    case 'enum':
      return type.name;
    default:
      return type.kind;
  }
}

/** People read the reason, or else the message, or else the error's name. */
function message(error: ErrorModel): string {
  for (const wanted of ['reason', 'message']) {
    const field = error.parameters.fields.find(({ name }) => name === wanted);
    if (field?.type.kind === 'string') return wanted;
    if (field?.type.kind === 'nullable' && field.type.element.kind === 'string')
      return `${wanted} ?? '${error.wire}'`;
  }
  return `'${error.wire}'`;
}

function factory(error: ErrorModel): string[] {
  const { fields } = error.parameters;
  if (fields.length === 0)
    return [`  static from(): ${error.name} {`, `    return new ${error.name}();`, '  }'];
  const values = fields.map((field) => `fields.${field.name}`);
  return [
    `  static from(parameters: unknown): ${error.name} {`,
    `    const fields = check${error.parameters.name}(parameters);`,
    list('    ', `return new ${error.name}(`, values, ');'),
    '  }',
  ];
}

function wire(error: ErrorModel): string[] {
  return [
    '',
    '  override wire(): object {',
    `    return write${error.parameters.name}(this.parameters);`,
    '  }',
  ];
}

// The statements that check one field, or one element of a list or map.
import { guarded, list, width } from './layout.js';
import type { FieldModel, TypeModel } from './model.js';
import { hasStruct } from './model.js';
import { uncapitalized } from './names.js';

/** Names the function that checks a list or map. */
export type ContainerName = (type: TypeModel) => string;

/** Checks a field of `fields` in place. `path` is the variable with the path of the struct, empty at the top. */
export function fieldCheck(
  field: FieldModel,
  path: string,
  lenient: boolean,
  containerName: ContainerName,
): string[] {
  const place = `fields.${field.wire}`;
  const fieldPath = path === '' ? `'${field.wire}'` : `\`\${${path}}.${field.wire}\``;
  if (field.type.kind === 'nullable') {
    const present = `${place} !== undefined`;
    const normalize = `  if (${place} === null) delete ${place};`;
    return [normalize, ...check('  ', 'else ', place, fieldPath, field.type.element, present, containerName)];
  }
  const zero = lenient ? zeroText(field.type) : undefined;
  if (zero === undefined) return check('  ', '', place, fieldPath, field.type, '', containerName);
  if (isCalled(field.type) && !isForeign(field.type))
    return [called('  ', `${place} = `, field.type, `${place} ?? ${zero}`, fieldPath, containerName)];
  return [`  ${place} ??= ${zero};`, ...check('  ', '', place, fieldPath, field.type, '', containerName)];
}

/** Checks an element in place. */
export function elementCheck(
  place: string,
  path: string,
  type: TypeModel,
  containerName: ContainerName,
): string[] {
  if (type.kind !== 'nullable') return check('    ', '', place, path, type, '', containerName);
  return check('    ', '', place, path, type.element, `${place} !== null`, containerName);
}

function check(
  indent: string,
  before: string,
  place: string,
  path: string,
  type: TypeModel,
  present: string,
  containerName: ContainerName,
): string[] {
  if (isCalled(type)) {
    const assign = isForeign(type) ? '' : `${place} = `;
    if (present === '') return [called(indent, assign, type, place, path, containerName)];
    const head = `${before}if (${present})`;
    const statement = called(`${indent}  `, assign, type, place, path, containerName);
    return [
      statement.includes('\n') ? `${indent}${head}\n${statement}` : guarded(indent, head, statement.trim()),
    ];
  }
  const condition = [present, wrong(type, place)].filter((part) => part !== '').join(' && ');
  const head = `${before}if (${condition})`;
  const failure = [path, `'${expected(type)}'`, place];
  const flat = guarded(indent, head, `throw new FieldError(${failure.join(', ')});`);
  const isShort = flat.split('\n').every((line) => line.length <= width);
  return isShort ? [flat] : [indent + head, list(`${indent}  `, 'throw new FieldError(', failure, ');')];
}

/** Whether a function of its own checks this type. */
function isCalled(type: TypeModel): boolean {
  return type.kind === 'struct' || type.kind === 'array' || type.kind === 'map' || isForeign(type);
}

/** Whether values of this type are passed through as they are. */
function isForeign(type: TypeModel): boolean {
  return type.kind === 'object' || type.kind === 'any';
}

/** The statement that calls it, an argument per line where it is long. */
function called(
  indent: string,
  assign: string,
  type: TypeModel,
  value: string,
  path: string,
  containerName: ContainerName,
): string {
  const args = [value, path, ...(hasStruct(type) ? ['unknown'] : [])];
  return list(indent, `${assign}${checkerOf(type, containerName)}(`, args, ');');
}

function checkerOf(type: TypeModel, containerName: ContainerName): string {
  switch (type.kind) {
    case 'object':
      return 'checkObject';
    case 'any':
      return 'checkAny';
    case 'struct':
      return `check${type.name}`;
    default:
      return containerName(type);
  }
}

/** The condition under which a value is not of the type. */
function wrong(type: TypeModel, place: string): string {
  switch (type.kind) {
    case 'bool':
      return `typeof ${place} !== 'boolean'`;
    case 'int':
      return `!Number.isSafeInteger(${place})`;
    case 'float':
      return `!Number.isFinite(${place})`;
    case 'string':
      return `typeof ${place} !== 'string'`;
    case 'enum':
      return `!${uncapitalized(type.name)}Values.has(${place})`;
    default:
      throw new TypeError(`${type.kind} is checked by a function`);
  }
}

function expected(type: TypeModel): string {
  switch (type.kind) {
    case 'bool':
      return 'true or false';
    case 'int':
      return 'a whole number';
    case 'float':
      return 'a number';
    case 'string':
      return 'a string';
    case 'enum':
      return `one of ${type.values.map((value) => value.name).join(', ')}`;
    default:
      throw new TypeError(`${type.kind} is checked by a function`);
  }
}

/** What an absent field of a lenient interface is; an enum has no such value. */
function zeroText(type: TypeModel): string | undefined {
  switch (type.kind) {
    case 'bool':
      return 'false';
    case 'int':
    case 'float':
      return '0';
    case 'string':
      return "''";
    case 'array':
      return '[]';
    case 'map':
    case 'struct':
    case 'object':
      return '{}';
    default:
      return undefined;
  }
}

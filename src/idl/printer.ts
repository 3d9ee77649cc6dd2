// Syntax tree → text, laid out as the known formatters do it: two spaces, 80 columns.
import type { EnumType, EnumValue, Field, Interface, Member, StructType, Type } from './tree.js';

const width = 80;

/** The interface as text; parsing it gives the same tree but for positions. */
export function printInterface(tree: Interface): string {
  return [`${comment(tree.doc, '')}interface ${tree.name}\n`, ...tree.members.map(printMember)].join('\n');
}

function printMember(member: Member): string {
  return `${comment(member.doc, '')}${declaration(member)}\n`;
}

function declaration(member: Member): string {
  if (member.kind === 'method') {
    const { input, output } = member;
    const head = `method ${member.name}`;
    // On one line if it fits; else the shorter half keeps its line.
    const layouts = [
      [true, true],
      [true, false],
      [false, true],
    ] as const;
    for (const [flatInput, flatOutput] of layouts) {
      const text = `${head}${list(input, '', flatInput)} -> ${list(output, '', flatOutput)}`;
      if (fits(text)) return text;
    }
    return `${head}${list(input, '', false)} -> ${list(output, '', false)}`;
  }
  const head = `${member.kind} ${member.name} `;
  const type = member.kind === 'type' ? member.type : member.parameters;
  const flat = head + list(type, '', true);
  return fits(flat) ? flat : head + list(type, '', false);
}

/** Lines that begin or end a list count; those inside a broken list are as long as they are. */
function fits(text: string): boolean {
  const lines = text.split('\n');
  return (lines[0] ?? '').length <= width && (lines.at(-1) ?? '').length <= width;
}

function list(type: StructType | EnumType, indent: string, flat: boolean): string {
  const items: readonly (Field | EnumValue)[] = type.kind === 'struct' ? type.fields : type.values;
  if (items.length === 0) return '()';
  // A comment needs a line of its own.
  if (flat && !hasDocs(type)) return `(${items.map((item) => printItem(item, indent, true)).join(', ')})`;
  const inner = `${indent}  `;
  const lines = items.map((item) => {
    const line = inner + printItem(item, inner, true);
    const text = fits(line) ? line : inner + printItem(item, inner, false);
    return comment(item.doc, inner) + text;
  });
  return `(\n${lines.join(',\n')}\n${indent})`;
}

function printItem(item: Field | EnumValue, indent: string, flat: boolean): string {
  return 'type' in item ? `${item.name}: ${printType(item.type, indent, flat)}` : item.name;
}

function printType(type: Type, indent: string, flat: boolean): string {
  switch (type.kind) {
    case 'named':
      return type.name;
    case 'array':
      return `[]${printType(type.element, indent, flat)}`;
    case 'map':
      return `[string]${printType(type.element, indent, flat)}`;
    case 'nullable':
      return `?${printType(type.element, indent, flat)}`;
    case 'struct':
    case 'enum':
      return list(type, indent, flat);
    default:
      return type.kind;
  }
}

function hasDocs(type: Type): boolean {
  switch (type.kind) {
    case 'struct':
      return type.fields.some((field) => field.doc !== '' || hasDocs(field.type));
    case 'enum':
      return type.values.some((value) => value.doc !== '');
    case 'array':
    case 'map':
    case 'nullable':
      return hasDocs(type.element);
    default:
      return false;
  }
}

function comment(doc: string, indent: string): string {
  if (doc === '') return '';
  return doc
    .split('\n')
    .map((line) => `${indent}#${line === '' ? '' : ` ${line}`}\n`)
    .join('');
}

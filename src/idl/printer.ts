// Syntax tree → text, laid out as the known formatters do it: two spaces, 80 columns.
import type { EnumType, EnumValue, Field, Interface, Member, StructType, Type } from './tree.js';

const width = 80;

const prefixes = { array: '[]', map: '[string]', nullable: '?' } as const;

const noComments = { doc: '', above: [], behind: undefined } as const;

type Item = Field | EnumValue;

/** The interface as text, with all its comments; parsing it gives the same tree but for positions. */
export function printInterface(tree: Interface): string {
  return [
    commented(tree, '', `interface ${tree.name}`, ''),
    ...tree.members.map((member) => commented(member, '', declaration(member), '')),
    ...tree.tail.map((block) => comment(block, '')),
  ].join('\n');
}

/** A member without any comments, as one writes it on a page that has them elsewhere. */
export function printSignature(member: Member): string {
  return declaration(
    member.kind === 'method'
      ? { ...member, input: withoutComments(member.input), output: withoutComments(member.output) }
      : member.kind === 'type'
        ? { ...member, type: withoutComments(member.type) }
        : { ...member, parameters: withoutComments(member.parameters) },
  );
}

function withoutComments<T extends Type>(type: T): T {
  switch (type.kind) {
    case 'array':
    case 'map':
    case 'nullable':
      return { ...type, element: withoutComments(type.element) };
    case 'struct': {
      const fields = type.fields.map((field) => ({
        ...field,
        ...noComments,
        type: withoutComments(field.type),
      }));
      return { ...type, fields, tail: [] };
    }
    case 'enum':
      return { ...type, values: type.values.map((value) => ({ ...value, ...noComments })), tail: [] };
    default:
      return type;
  }
}

/** Something with the comments above and behind it. `comma` is what comes before the latter. */
function commented(item: Item | Member | Interface, indent: string, text: string, comma: string): string {
  const above = item.above.map((block) => `${comment(block, indent)}\n`).join('');
  const doc = item.doc === '' ? '' : comment(item.doc, indent);
  const behind = item.behind === undefined ? '' : ` ${commentLine(item.behind)}`;
  return `${above}${doc}${indent}${text}${comma}${behind}\n`;
}

function declaration(member: Member): string {
  if (member.kind === 'method') return method(member.name, member.input, member.output);
  const head = `${member.kind} ${member.name} `;
  const type = member.kind === 'type' ? member.type : member.parameters;
  return head + (flat(type, width - head.length) ?? broken(type, ''));
}

/** On one line if it fits; else the output, or the input, or at last both are broken into lines. */
function method(name: string, input: StructType, output: StructType): string {
  const head = `method ${name}`;
  const flatInput = flat(input, width - head.length);
  const flatOutput = flat(output, width - ') -> '.length);
  for (const end of [flatOutput, broken(output, '')]) {
    const text = `${head}${flatInput} -> ${end}`;
    if (flatInput !== undefined && end !== undefined && fits(text)) return text;
  }
  return `${head}${broken(input, '')} -> ${flatOutput ?? broken(output, '')}`;
}

/** Whether the first line is short enough. */
function fits(text: string): boolean {
  const end = text.indexOf('\n');
  return (end === -1 ? text.length : end) <= width;
}

/** A type on one line of at most `room` columns; undefined if it is longer or has comments in it. */
function flat(type: Type, room: number): string | undefined {
  const text = flatText(type, room);
  return text !== undefined && text.length <= room ? text : undefined;
}

function flatText(type: Type, room: number): string | undefined {
  switch (type.kind) {
    case 'named':
      return type.name;
    case 'array':
    case 'map':
    case 'nullable': {
      const prefix = prefixes[type.kind];
      const element = flat(type.element, room - prefix.length);
      return element === undefined ? undefined : prefix + element;
    }
    case 'struct':
    case 'enum':
      return flatList(type, room);
    default:
      return type.kind;
  }
}

/** Gives up as soon as the line is full, for a list may be as long as the file. */
function flatList(type: StructType | EnumType, room: number): string | undefined {
  if (type.tail.length > 0) return undefined;
  let text = '(';
  for (const item of itemsOf(type)) {
    if (text !== '(') text += ', ';
    const line = hasComments(item) ? undefined : flatItem(item, room - text.length - 1);
    if (line === undefined) return undefined;
    text += line;
  }
  return `${text})`;
}

function flatItem(item: Item, room: number): string | undefined {
  if (!('type' in item)) return item.name.length <= room ? item.name : undefined;
  const type = flat(item.type, room - item.name.length - 2);
  return type === undefined ? undefined : `${item.name}: ${type}`;
}

/** A type with every item of its outermost list on a line of its own. */
function broken(type: Type, indent: string): string {
  switch (type.kind) {
    case 'named':
      return type.name;
    case 'array':
    case 'map':
    case 'nullable':
      return prefixes[type.kind] + broken(type.element, indent);
    case 'struct':
    case 'enum':
      return brokenList(type, indent);
    default:
      return type.kind;
  }
}

function brokenList(type: StructType | EnumType, indent: string): string {
  const items = itemsOf(type);
  if (items.length === 0 && type.tail.length === 0) return '()';
  const inner = `${indent}  `;
  const lines = items.map((item, index) => {
    const comma = index === items.length - 1 ? '' : ',';
    const line = flatItem(item, width - inner.length - comma.length) ?? brokenItem(item, inner);
    return commented(item, inner, line, comma);
  });
  const tail = type.tail.map((block) => comment(block, inner)).join('\n');
  return `(\n${lines.join('')}${tail}${indent})`;
}

function brokenItem(item: Item, indent: string): string {
  return 'type' in item ? `${item.name}: ${broken(item.type, indent)}` : item.name;
}

function itemsOf(type: StructType | EnumType): readonly Item[] {
  return type.kind === 'struct' ? type.fields : type.values;
}

function hasComments(item: Item): boolean {
  return item.doc !== '' || item.above.length > 0 || item.behind !== undefined;
}

function comment(block: string, indent: string): string {
  return block
    .split('\n')
    .map((line) => `${indent}${commentLine(line)}\n`)
    .join('');
}

function commentLine(line: string): string {
  return line === '' ? '#' : `# ${line}`;
}

// Parenthesised lists: structs (`name: type`) and enums (names only).
import { IdlError } from './idl-error.js';
import { isFieldName } from './name.js';
import type { Token, Tokens } from './token.js';
import { unexpected } from './token.js';
import type { EnumType, EnumValue, Field, StructType, Type } from './tree.js';

/** How deep types may nest; descriptions come from strangers and the parser recurses. */
const maxDepth = 64;

/** Reads a type at a depth. Passed in, because types hold structs and structs hold types. */
export type ReadType = (tokens: Tokens, depth: number) => Type;

/** Reads `( … )`; an empty pair is a struct. */
export function readStructOrEnum(tokens: Tokens, depth: number, readType: ReadType): StructType | EnumType {
  const open = tokens.expect('(', '"("');
  checkDepth(open, depth);
  if (tokens.peek().kind === ')') {
    tokens.take();
    return { kind: 'struct', fields: [] };
  }
  const first = readName(tokens);
  return tokens.peek().kind === ':'
    ? { kind: 'struct', fields: readFields(tokens, first, depth, readType) }
    : { kind: 'enum', values: readValues(tokens, first) };
}

/** Reads a parameter list, where an enum cannot stand. */
export function readStruct(tokens: Tokens, readType: ReadType): StructType {
  const open = tokens.peek();
  const type = readStructOrEnum(tokens, 1, readType);
  if (type.kind === 'enum') throw new IdlError(open.position, 'expected fields with types, found an enum');
  return type;
}

/** Throws when a type that begins at `token` is nested too deeply. */
export function checkDepth(token: Token, depth: number): void {
  if (depth > maxDepth) throw new IdlError(token.position, `types are nested more than ${maxDepth} deep`);
}

function readFields(tokens: Tokens, first: Token, depth: number, readType: ReadType): Field[] {
  const fields: Field[] = [];
  for (let name = first; ; name = readName(tokens)) {
    tokens.expect(':', '":"');
    const type = readType(tokens, depth + 1);
    fields.push({ name: name.text, type, doc: name.doc, position: name.position });
    if (!more(tokens)) return fields;
  }
}

function readValues(tokens: Tokens, first: Token): EnumValue[] {
  const values: EnumValue[] = [];
  for (let name = first; ; name = readName(tokens)) {
    values.push({ name: name.text, doc: name.doc, position: name.position });
    if (!more(tokens)) return values;
  }
}

/** Takes the comma or the closing parenthesis behind an item. */
function more(tokens: Tokens): boolean {
  if (tokens.peek().kind === ',') {
    tokens.take();
    return true;
  }
  tokens.expect(')', '"," or ")"');
  return false;
}

function readName(tokens: Tokens): Token {
  const token = tokens.peek();
  if (token.kind !== 'word') throw unexpected(token, 'a field name');
  if (!isFieldName(token.text))
    throw new IdlError(token.position, `${JSON.stringify(token.text)} is not a field name`);
  return tokens.take();
}

// Parenthesised lists: structs (`name: type`) and enums (names only).
import { IdlError, quoted } from './idl-error.js';
import { isFieldName } from './name.js';
import type { Token, Tokens } from './token.js';
import { unexpected } from './token.js';
import type { EnumType, EnumValue, Field, StructType, Type } from './tree.js';

/**
 * How deep types may nest, every `[]`, `[string]` and `?` counted: descriptions come from strangers and the parser
 * recurses. systemd takes 64 structs in each other, each behind a `?` and a container.
 */
const maxDepth = 256;

/** A field or enum value as far as its name. */
type ItemName = Omit<EnumValue, 'behind'>;

/** Reads a type at a depth. Passed in, because types hold structs and structs hold types. */
export type ReadType = (tokens: Tokens, depth: number) => Type;

/** Reads `( … )`; an empty pair is a struct. */
export function readStructOrEnum(tokens: Tokens, depth: number, readType: ReadType): StructType | EnumType {
  const open = tokens.expect('(', '"("');
  checkDepth(open, depth);
  if (tokens.peek().kind === ')') return { kind: 'struct', fields: [], tail: readEnd(tokens) };
  const first = readName(tokens);
  return tokens.peek().kind === ':'
    ? { kind: 'struct', fields: readFields(tokens, first, depth, readType), tail: readEnd(tokens) }
    : { kind: 'enum', values: readValues(tokens, first), tail: readEnd(tokens) };
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

function readFields(tokens: Tokens, first: ItemName, depth: number, readType: ReadType): Field[] {
  const fields: Field[] = [];
  for (let name: ItemName | undefined = first; name !== undefined;) {
    tokens.expect(':', '":"');
    const type = readType(tokens, depth + 1);
    const { behind, next } = readComma(tokens);
    fields.push({ ...name, type, behind });
    name = next;
  }
  return fields;
}

function readValues(tokens: Tokens, first: ItemName): EnumValue[] {
  const values: EnumValue[] = [];
  for (let name: ItemName | undefined = first; name !== undefined;) {
    const { behind, next } = readComma(tokens);
    values.push({ ...name, behind });
    name = next;
  }
  return values;
}

/** The comment behind an item, before or after its comma, and the name of the item after the comma. */
function readComma(tokens: Tokens): { behind: string | undefined; next: ItemName | undefined } {
  const behind = tokens.behind();
  if (tokens.peek().kind === ')') return { behind, next: undefined };
  tokens.expect(',', '"," or ")"');
  return { behind: behind ?? tokens.behind(), next: readName(tokens) };
}

/** Takes the closing parenthesis; returns the comments before it. */
function readEnd(tokens: Tokens): readonly string[] {
  const tail = tokens.rest();
  tokens.expect(')', '")"');
  return tail;
}

function readName(tokens: Tokens): ItemName {
  const { kind, text, position } = tokens.peek();
  if (kind !== 'word') throw unexpected(tokens.peek(), 'a field name');
  if (!isFieldName(text)) throw new IdlError(position, `${quoted(text)} is not a field name`);
  const comments = tokens.above();
  tokens.take();
  return { name: text, position, ...comments };
}

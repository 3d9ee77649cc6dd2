// The syntax tree of one interface file: what the parser makes, the checker judges and the printer writes.

/** Where something stands in the text; both count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type SimpleKind = 'bool' | 'int' | 'float' | 'string' | 'object' | 'any';

export interface SimpleType {
  readonly kind: SimpleKind;
}

/** A type declared elsewhere in the file. */
export interface NamedType {
  readonly kind: 'named';
  readonly name: string;
  readonly position: Position;
}

/** `[]T`, `[string]T` or `?T`. */
export interface WrappedType {
  readonly kind: 'array' | 'map' | 'nullable';
  readonly element: Type;
}

/** Text of comments is without `#` and one space behind it; the lines of a block are joined by `\n`. */
interface Commented {
  /** The block of comment lines directly above, which documents it; empty when there is none. */
  readonly doc: string;
  /** The blocks above that document nothing, for an empty line or code cuts them off. */
  readonly above: readonly string[];
  /** The comment behind it on the same line, which documents nothing. */
  readonly behind: string | undefined;
}

interface Named extends Commented {
  readonly name: string;
  readonly position: Position;
}

export interface Field extends Named {
  readonly type: Type;
}

export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly Field[];
  /** The comment blocks before the closing parenthesis. */
  readonly tail: readonly string[];
}

export type EnumValue = Named;

export interface EnumType {
  readonly kind: 'enum';
  readonly values: readonly EnumValue[];
  readonly tail: readonly string[];
}

export type Type = SimpleType | NamedType | WrappedType | StructType | EnumType;

export interface TypeMember extends Named {
  readonly kind: 'type';
  readonly type: StructType | EnumType;
}

export interface MethodMember extends Named {
  readonly kind: 'method';
  readonly input: StructType;
  readonly output: StructType;
}

export interface ErrorMember extends Named {
  readonly kind: 'error';
  readonly parameters: StructType;
}

export type Member = TypeMember | MethodMember | ErrorMember;

export interface Interface extends Named {
  readonly members: readonly Member[];
  /** The comment blocks at the end of the file. */
  readonly tail: readonly string[];
}

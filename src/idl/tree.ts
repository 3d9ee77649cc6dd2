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

export interface Field {
  readonly name: string;
  readonly type: Type;
  /** The comment block above it, without `#` and one space; lines joined by `\n`; empty when there is none. */
  readonly doc: string;
  readonly position: Position;
}

export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly Field[];
}

export interface EnumValue {
  readonly name: string;
  readonly doc: string;
  readonly position: Position;
}

export interface EnumType {
  readonly kind: 'enum';
  readonly values: readonly EnumValue[];
}

export type Type = SimpleType | NamedType | WrappedType | StructType | EnumType;

interface MemberBase {
  readonly name: string;
  readonly doc: string;
  readonly position: Position;
}

export interface TypeMember extends MemberBase {
  readonly kind: 'type';
  readonly type: StructType | EnumType;
}

export interface MethodMember extends MemberBase {
  readonly kind: 'method';
  readonly input: StructType;
  readonly output: StructType;
}

export interface ErrorMember extends MemberBase {
  readonly kind: 'error';
  readonly parameters: StructType;
}

export type Member = TypeMember | MethodMember | ErrorMember;

export interface Interface {
  readonly name: string;
  readonly doc: string;
  readonly members: readonly Member[];
  readonly position: Position;
}

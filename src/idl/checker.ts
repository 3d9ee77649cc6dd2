// What a syntax tree must hold beyond the grammar: unique names, known types, finite values.
import { IdlError } from './idl-error.js';
import type { Interface, Position, StructType, Type, TypeMember } from './tree.js';

/** Everything wrong with a parsed interface, in the order of the text; empty when it is good. */
export function checkInterface(tree: Interface): IdlError[] {
  const problems: IdlError[] = [];
  const types = new Map<string, TypeMember>();
  for (const member of tree.members) if (member.kind === 'type') types.set(member.name, member);
  problems.push(...duplicates(tree.members, (name) => `${name} is declared twice`));
  for (const member of tree.members) {
    if (member.kind === 'type') problems.push(...checkType(member.type, types));
    else if (member.kind === 'error') problems.push(...checkType(member.parameters, types));
    else problems.push(...checkType(member.input, types), ...checkType(member.output, types));
  }
  problems.push(...endless(types));
  return problems.toSorted(byPosition);
}

function checkType(type: Type, types: ReadonlyMap<string, TypeMember>): IdlError[] {
  switch (type.kind) {
    case 'named':
      return types.has(type.name) ? [] : [new IdlError(type.position, `there is no type ${type.name}`)];
    case 'array':
    case 'map':
    case 'nullable':
      return checkType(type.element, types);
    case 'enum':
      return duplicates(type.values, (name) => `the value ${name} is there twice`);
    case 'struct':
      return [
        ...duplicates(type.fields, (name) => `the field ${name} is there twice`),
        ...type.fields.flatMap((field) => checkType(field.type, types)),
      ];
    default:
      return [];
  }
}

function duplicates(
  named: readonly { readonly name: string; readonly position: Position }[],
  problem: (name: string) => string,
): IdlError[] {
  const seen = new Set<string>();
  const problems: IdlError[] = [];
  for (const { name, position } of named) {
    if (seen.has(name)) problems.push(new IdlError(position, problem(name)));
    seen.add(name);
  }
  return problems;
}

/** Structs that hold themselves with no `?`, `[]` or `[string]` in between: no value of them could be written down. */
function endless(types: ReadonlyMap<string, TypeMember>): IdlError[] {
  const state = new Map<string, 'open' | 'done'>();
  const problems: IdlError[] = [];
  const visit = (member: TypeMember): void => {
    if (state.get(member.name) === 'done') return;
    if (state.get(member.name) === 'open') {
      problems.push(new IdlError(member.position, `${member.name} holds itself without end`));
      return;
    }
    state.set(member.name, 'open');
    if (member.type.kind === 'struct') {
      for (const name of heldDirectly(member.type)) {
        const held = types.get(name);
        if (held !== undefined) visit(held);
      }
    }
    state.set(member.name, 'done');
  };
  for (const member of types.values()) visit(member);
  return problems;
}

function heldDirectly(struct: StructType): string[] {
  return struct.fields.flatMap(({ type }) => {
    if (type.kind === 'named') return [type.name];
    return type.kind === 'struct' ? heldDirectly(type) : [];
  });
}

function byPosition(a: IdlError, b: IdlError): number {
  return a.position.line - b.position.line || a.position.column - b.position.column;
}

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
  // The path from a type to the one looked at now; not a recursion, for a chain may have as many types as the file.
  const path: { member: TypeMember; left: string[] }[] = [];
  const open = (member: TypeMember): void => {
    state.set(member.name, 'open');
    path.push({ member, left: member.type.kind === 'struct' ? heldDirectly(member.type) : [] });
  };
  for (const start of types.values()) {
    if (!state.has(start.name)) open(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const held = types.get(top.left.pop() ?? '');
      if (held !== undefined && !state.has(held.name)) open(held);
      else if (held !== undefined && state.get(held.name) === 'open')
        problems.push(new IdlError(held.position, `${held.name} holds itself without end`));
      if (top.left.length > 0 || path.at(-1) !== top) continue;
      state.set(top.member.name, 'done');
      path.pop();
    }
  }
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

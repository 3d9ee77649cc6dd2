// What a syntax tree must hold beyond the grammar: unique names, known types, finite values.
import { IdlError, shown } from './idl-error.js';
import type { Interface, Position, StructType, Type, TypeMember } from './tree.js';

/** Nobody reads more than that, and a hostile file may have one for every other character. */
const maxProblems = 100;

type Types = ReadonlyMap<string, TypeMember>;

/** What is wrong with a parsed interface, in the order of the text, 100 problems at most; empty when it is good. */
export function checkInterface(tree: Interface): IdlError[] {
  const types = new Map<string, TypeMember>();
  for (const member of tree.members) if (member.kind === 'type') types.set(member.name, member);
  const problems: IdlError[] = [];
  for (const problem of allProblems(tree, types)) {
    problems.push(problem);
    if (problems.length === maxProblems) break;
  }
  return problems.toSorted(byPosition);
}

function* allProblems(tree: Interface, types: Types): Generator<IdlError> {
  yield* duplicates(tree.members, (name) => `${name} is declared twice`);
  for (const member of tree.members) {
    if (member.kind === 'type') yield* checkType(member.type, types);
    else if (member.kind === 'error') yield* checkType(member.parameters, types);
    else {
      yield* checkType(member.input, types);
      yield* checkType(member.output, types);
    }
  }
  yield* endless(types);
}

function* checkType(type: Type, types: Types): Generator<IdlError> {
  switch (type.kind) {
    case 'named':
      if (!types.has(type.name)) yield new IdlError(type.position, `there is no type ${shown(type.name)}`);
      break;
    case 'array':
    case 'map':
    case 'nullable':
      yield* checkType(type.element, types);
      break;
    case 'enum':
      yield* duplicates(type.values, (name) => `the value ${name} is there twice`);
      break;
    case 'struct':
      yield* duplicates(type.fields, (name) => `the field ${name} is there twice`);
      for (const field of type.fields) yield* checkType(field.type, types);
      break;
    default:
  }
}

function* duplicates(
  named: readonly { readonly name: string; readonly position: Position }[],
  problem: (name: string) => string,
): Generator<IdlError> {
  const seen = new Set<string>();
  for (const { name, position } of named) {
    if (seen.has(name)) yield new IdlError(position, problem(shown(name)));
    seen.add(name);
  }
}

/** Structs that hold themselves with no `?`, `[]` or `[string]` in between: no value of them could be written down. */
function* endless(types: Types): Generator<IdlError> {
  const state = new Map<string, 'open' | 'done'>();
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
        yield new IdlError(held.position, `${shown(held.name)} holds itself without end`);
      if (top.left.length > 0 || path.at(-1) !== top) continue;
      state.set(top.member.name, 'done');
      path.pop();
    }
  }
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

// Runs a template over a value. What cannot be done is said as podman says it, with the place.
import { functions, longestText, valueType } from './functions.js';
import type { TemplateFunction } from './functions.js';
import {
  anyType,
  elementsOf,
  fieldOf,
  integer,
  methodOf,
  pointedTo,
  sortedEntries,
  stringType,
  text,
} from './go-type.js';
import type { GoType, GoValue } from './go-type.js';
import { boolType, floatType, intType, zeroOf } from './go-type.js';
import { nodeText } from './nodes.js';
import type { BranchNode, CommandNode, ConstantNode, Node, Operand, PipeNode, Statement } from './nodes.js';
import { parse } from './parse.js';
import { printed, show } from './print.js';
import { quote } from './quote.js';
import { TemplateError } from './template-error.js';
import { truth } from './truth.js';

type Value = GoValue | undefined;

/** How many parts of a template are run at most: ranges in ranges over long lists would take forever. */
const mostSteps = 5_000_000;

const functionNames: ReadonlySet<string> = new Set(functions.keys());

/** A template that was read, and can be run over several values. */
export class Template {
  readonly #name: string;
  readonly #text: string;
  readonly #list: readonly Statement[];

  /** Throws {@link TemplateError}. `name` is what errors call it. */
  constructor(name: string, source: string) {
    this.#name = name;
    this.#text = source;
    this.#list = parse(name, source, functionNames);
  }

  /** Calls `write` with one part of the output after the other. Throws {@link TemplateError}. */
  execute(data: Value, write: (part: string) => void): void {
    const run = new Run(this.#name, this.#text, data, write);
    run.list(data, this.#list);
  }
}

interface Variable {
  readonly name: string;
  value: Value;
}

/** Was the last statement a jump? */
type Flow = 'on' | 'break' | 'continue';

class Run {
  readonly #name: string;
  readonly #text: string;
  readonly #write: (part: string) => void;
  readonly #variables: Variable[];
  /** What is being evaluated: the place that errors tell. */
  #at: Node | undefined;
  #steps = 0;
  #length = 0;

  constructor(name: string, source: string, data: Value, write: (part: string) => void) {
    this.#name = name;
    this.#text = source;
    this.#write = write;
    this.#variables = [{ name: '$', value: data }];
  }

  list(dot: Value, statements: readonly Statement[]): Flow {
    for (const statement of statements) {
      const flow = this.#statement(dot, statement);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #statement(dot: Value, statement: Statement): Flow {
    this.#visit(statement);
    switch (statement.kind) {
      case 'text':
        this.#print(statement.text);
        return 'on';
      case 'action': {
        const value = this.#pipe(dot, statement.pipe);
        if (statement.pipe.variables.length === 0) this.#print(printed(value));
        return 'on';
      }
      case 'break':
      case 'continue':
        return statement.kind;
      case 'range':
        return this.#range(dot, statement);
      default:
        return this.#branch(dot, statement);
    }
  }

  #print(part: string): void {
    this.#length += part.length;
    if (this.#length > longestText) throw this.#error(`more than ${longestText} characters of output`);
    this.#write(part);
  }

  #branch(dot: Value, { kind, pipe, list, otherwise }: BranchNode): Flow {
    const known = this.#variables.length;
    const value = this.#pipe(dot, pipe);
    let flow: Flow = 'on';
    if (truth(value)) flow = this.list(kind === 'with' ? value : dot, list);
    else if (otherwise !== undefined) flow = this.list(dot, otherwise);
    this.#variables.length = known;
    return flow;
  }

  #range(dot: Value, { pipe, list, otherwise }: BranchNode): Flow {
    const known = this.#variables.length;
    const value = indirect(this.#pipe(dot, pipe)).value;
    const kind = value?.type.kind;
    if (value !== undefined && kind !== 'slice' && kind !== 'map')
      throw this.#error(`range can't iterate over ${show(value)}`);
    const mark = this.#variables.length;
    const keys =
      kind === 'map' && value !== undefined ? sortedEntries(value).map(([key]) => text(key)) : undefined;
    const elements = value === undefined ? [] : elementsOf(value);
    let flow: Flow = 'on';
    for (const [index, item] of elements.entries()) {
      const count = pipe.variables.length;
      this.#setTop(1, count > 0 ? item : undefined, count > 0);
      this.#setTop(2, keys?.[index] ?? integer(index), count > 1);
      flow = this.list(item, list);
      this.#variables.length = mark;
      if (flow === 'break') break;
    }
    if (elements.length === 0 && otherwise !== undefined) flow = this.list(dot, otherwise);
    else flow = 'on';
    this.#variables.length = known;
    return flow;
  }

  #setTop(back: number, value: Value, wanted: boolean): void {
    const variable = this.#variables[this.#variables.length - back];
    if (wanted && variable !== undefined) variable.value = value;
  }

  #pipe(dot: Value, pipe: PipeNode): Value {
    this.#visit(pipe);
    let value: Value;
    for (const [index, command] of pipe.commands.entries()) {
      value = this.#command(dot, command, index > 0 ? { value } : undefined);
      if (value?.type.kind === 'interface') value = pointedTo(value);
    }
    for (const variable of pipe.variables) {
      const [name = ''] = variable.names;
      if (pipe.assigns) this.#variable(name).value = value;
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #command(dot: Value, command: CommandNode, final: Final): Value {
    const [first, ...args] = command.operands;
    if (first === undefined) return undefined;
    switch (first.kind) {
      case 'field':
      case 'chain':
      case 'variable':
        return this.#path(dot, first, args, final);
      case 'function':
        this.#visit(first);
        return this.#call(dot, command, first.name, this.#function(first.name), args, final);
      case 'pipe':
        this.#takesNothing(command, final);
        return this.#pipe(dot, first);
      default:
        this.#visit(first);
        this.#takesNothing(command, final);
        if (first.kind === 'nil') throw this.#error('nil is not a command');
        return first.kind === 'dot' ? dot : constant(first);
    }
  }

  #takesNothing({ operands: [first, ...args] }: CommandNode, final: Final): void {
    if (args.length > 0 || final !== undefined)
      throw this.#error(`can't give argument to non-function ${first === undefined ? '' : nodeText(first)}`);
  }

  #variable(name: string): Variable {
    const found = this.#variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw this.#error(`undefined variable: ${name}`);
    return found;
  }

  #function(name: string): TemplateFunction {
    const found = functions.get(name);
    if (found === undefined) throw this.#error(`${quote(name)} is not a defined function`);
    return found;
  }

  /** A field of a field, from dot, a variable or what is in parentheses. */
  #path(
    dot: Value,
    node: Extract<Operand, { kind: 'field' | 'chain' | 'variable' }>,
    args: readonly Operand[],
    final: Final,
  ): Value {
    this.#visit(node);
    let names = node.names;
    let value = dot;
    if (node.kind === 'variable') {
      const [name = '', ...fields] = names;
      value = this.#variable(name).value;
      names = fields;
      if (fields.length === 0 && (args.length > 0 || final !== undefined))
        throw this.#error(`can't give argument to non-function ${name}`);
    } else if (node.kind === 'chain') {
      if (node.base.kind === 'nil')
        throw this.#error(`indirection through explicit nil in ${nodeText(node)}`);
      value = this.#argument(dot, undefined, node.base);
    }
    for (const [index, name] of names.entries()) {
      const last = index === names.length - 1;
      value = this.#field(dot, node, name, value, last ? args : [], last ? final : undefined);
    }
    return value;
  }

  #field(dot: Value, node: Node, name: string, given: Value, args: readonly Operand[], final: Final): Value {
    if (given === undefined) return undefined;
    const typeName = given.type.name;
    const { value, nil } = indirect(given);
    if (value === undefined || (nil && value.type.kind === 'interface'))
      throw this.#error(`nil pointer evaluating ${typeName}.${name}`);
    const method = nil ? undefined : methodOf(value, name);
    if (method !== undefined) {
      const { parameters, call } = method.method;
      const bound = (values: readonly Value[]): Value => call(method.receiver, values);
      return this.#call(dot, node, name, { parameters, call: bound }, args, final);
    }
    const hasArguments = args.length > 0 || final !== undefined;
    if (value.type.kind === 'map') {
      if (hasArguments) throw this.#error(`${name} is not a method but has arguments`);
      const map = value.raw as ReadonlyMap<string, unknown> | null;
      const type = value.type.element ?? anyType;
      return map?.has(name) === true ? { type, raw: map.get(name) } : undefined;
    }
    const target = value.type.kind === 'pointer' ? (value.type.element ?? anyType) : value.type;
    const known =
      target.kind !== 'struct' || fieldOf({ type: target, raw: zeroOf(target) }, name) !== undefined;
    if (nil && known) throw this.#error(`nil pointer evaluating ${typeName}.${name}`);
    const found = value.type.kind === 'struct' ? fieldOf(value, name) : undefined;
    if (found === undefined) throw this.#error(`can't evaluate field ${name} in type ${typeName}`);
    if (hasArguments) throw this.#error(`${name} has arguments but cannot be invoked as function`);
    return found;
  }

  #call(
    dot: Value,
    node: Node,
    name: string,
    { parameters, rest, call }: TemplateFunction,
    args: readonly Operand[],
    final: Final,
  ): Value {
    const count = args.length + (final === undefined ? 0 : 1);
    if (rest !== undefined && count < parameters.length)
      throw this.#error(
        `wrong number of args for ${name}: want at least ${parameters.length} got ${args.length}`,
      );
    if (rest === undefined && count !== parameters.length)
      throw this.#error(`wrong number of args for ${name}: want ${parameters.length} got ${count}`);
    const values: Value[] = [];
    for (const [index, arg] of args.entries()) {
      const value = this.#argument(dot, parameters[index] ?? rest, arg);
      // Behind the one that decides the others are not looked at.
      if ((name === 'and' || name === 'or') && truth(value) === (name === 'or')) return value;
      values.push(value);
    }
    if (final !== undefined) values.push(this.#fitting(final.value, parameters[args.length] ?? rest));
    try {
      return call(values);
    } catch (error) {
      this.#visit(node);
      throw this.#error(`error calling ${name}: ${(error as Error).message}`);
    }
  }

  /** An argument, of the type that the parameter has. */
  #argument(dot: Value, type: GoType | undefined, node: Operand): Value {
    this.#visit(node);
    switch (node.kind) {
      case 'dot':
        return this.#fitting(dot, type);
      case 'nil':
        if (type !== undefined && !canBeNil(type)) throw this.#error(`cannot assign nil to ${type.name}`);
        return undefined;
      case 'field':
      case 'variable':
      case 'chain':
        return this.#fitting(this.#path(dot, node, [], undefined), type);
      case 'pipe':
        return this.#fitting(this.#pipe(dot, node), type);
      case 'function': {
        const value = this.#call(dot, node, node.name, this.#function(node.name), [], undefined);
        return this.#fitting(value, type);
      }
      default:
        return this.#constant(node, type);
    }
  }

  #constant(node: ConstantNode, type: GoType | undefined): Value {
    const value = constant(node);
    if (type === undefined || type.kind === 'interface' || type.kind === value.type.kind) return value;
    const expected = { bool: 'bool', string: 'string', int: 'integer', float: 'float' } as const;
    if (type.kind === 'bool' || type.kind === 'string' || type.kind === 'int' || type.kind === 'float')
      throw this.#error(`expected ${expected[type.kind]}; found ${node.source}`);
    throw this.#error(`can't handle ${node.source} for arg of type ${type.name}`);
  }

  #fitting(value: Value, type: GoType | undefined): Value {
    if (type === undefined || type === valueType) return value;
    if (value === undefined) {
      if (canBeNil(type)) return type.kind === 'interface' ? undefined : { type, raw: null };
      throw this.#error(`invalid value; expected ${type.name}`);
    }
    if (type.kind === 'interface' || value.type.name === type.name) return value;
    const inner =
      value.type.kind === 'interface' || value.type.kind === 'pointer' ? pointedTo(value) : undefined;
    if (inner?.type.name === type.name) return inner;
    const got = value.type.kind === 'interface' ? (inner ?? value) : value;
    throw this.#error(`wrong type for value; expected ${type.name}; got ${got.type.name}`);
  }

  #visit(node: Node): void {
    this.#at = node;
    this.#steps += 1;
    if (this.#steps > mostSteps) throw this.#error(`more than ${mostSteps} steps`);
  }

  #error(message: string): TemplateError {
    const node = this.#at;
    if (node === undefined) return new TemplateError(`template: ${this.#name}: ${message}`);
    const before = this.#text.slice(0, node.position).split('\n');
    const column = Buffer.byteLength(before.at(-1) ?? '');
    return new TemplateError(
      `template: ${this.#name}:${before.length}:${column}: executing ${quote(this.#name)} at <${nodeText(node)}>: ${message}`,
    );
  }
}

/** What the pipeline has handed on, where there is something before. */
type Final = { readonly value: Value } | undefined;

function constant({ kind, value }: ConstantNode | { kind: 'dot' | 'nil'; value?: undefined }): GoValue {
  switch (kind) {
    case 'bool':
      return { type: boolType, raw: value };
    case 'string':
      return { type: stringType, raw: value };
    case 'float':
      return { type: floatType, raw: value };
    case 'character':
      return { type: { kind: 'int', name: 'int32' }, raw: value };
    default:
      return { type: intType, raw: value };
  }
}

function canBeNil({ kind }: GoType): boolean {
  return kind === 'interface' || kind === 'slice' || kind === 'map' || kind === 'pointer';
}

/** Behind pointers and interfaces; the last of them if that is nil. */
function indirect(given: Value): { readonly value: Value; readonly nil: boolean } {
  let value = given;
  while (value !== undefined && (value.type.kind === 'pointer' || value.type.kind === 'interface')) {
    const next = pointedTo(value);
    if (next === undefined) return { value, nil: true };
    value = next;
  }
  return { value, nil: false };
}

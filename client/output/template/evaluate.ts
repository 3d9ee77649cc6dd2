// Works out the values in a template: pipelines, fields, calls of functions and their arguments.
import { functions, valueType } from './functions.js';
import type { TemplateFunction } from './functions.js';
import {
  anyType,
  boolType,
  canBeNil,
  fieldOf,
  floatType,
  indirect,
  intType,
  methodOf,
  pointedTo,
  stringType,
  zeroOf,
} from './go-type.js';
import type { GoType, GoValue } from './go-type.js';
import { nodeText } from './nodes.js';
import type { CommandNode, ConstantNode, Node, Operand, PipeNode } from './nodes.js';
import { quote } from './quote.js';
import { TemplateError } from './template-error.js';
import { truth } from './truth.js';

type Value = GoValue | undefined;

/** How many parts of a template are run at most: ranges in ranges over long lists would take forever. */
const mostSteps = 5_000_000;

interface Variable {
  readonly name: string;
  value: Value;
}

/** What the pipeline has handed on, where there is something before. */
type Final = { readonly value: Value } | undefined;

/** The variables of a run and where it is, which errors tell. */
export class Evaluator {
  readonly #name: string;
  readonly #text: string;
  /** The innermost are the last; who leaves a block takes its own away. */
  readonly variables: Variable[];
  /** What is being evaluated: the place that errors tell. */
  #at: Node | undefined;
  #steps = 0;

  constructor(name: string, source: string, data: Value) {
    this.#name = name;
    this.#text = source;
    this.variables = [{ name: '$', value: data }];
  }

  /** The value of a pipeline, which its variables have from then on. Throws {@link TemplateError}. */
  pipe(dot: Value, pipe: PipeNode): Value {
    this.visit(pipe);
    let value: Value;
    for (const [index, command] of pipe.commands.entries()) {
      value = this.#command(dot, command, index > 0 ? { value } : undefined);
      if (value?.type.kind === 'interface') value = pointedTo(value);
    }
    for (const variable of pipe.variables) {
      const [name = ''] = variable.names;
      if (pipe.assigns) this.#variable(name).value = value;
      else this.variables.push({ name, value });
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
        this.visit(first);
        return this.#call(dot, command, first.name, this.#function(first.name), args, final);
      case 'pipe':
        this.#takesNothing(command, final);
        return this.pipe(dot, first);
      default:
        this.visit(first);
        this.#takesNothing(command, final);
        if (first.kind === 'nil') throw this.error('nil is not a command');
        return first.kind === 'dot' ? dot : constant(first);
    }
  }

  #takesNothing({ operands: [first, ...args] }: CommandNode, final: Final): void {
    if (args.length > 0 || final !== undefined)
      throw this.error(`can't give argument to non-function ${first === undefined ? '' : nodeText(first)}`);
  }

  #variable(name: string): Variable {
    const found = this.variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw this.error(`undefined variable: ${name}`);
    return found;
  }

  #function(name: string): TemplateFunction {
    const found = functions.get(name);
    if (found === undefined) throw this.error(`${quote(name)} is not a defined function`);
    return found;
  }

  /** A field of a field, from dot, a variable or what is in parentheses. */
  #path(
    dot: Value,
    node: Extract<Operand, { kind: 'field' | 'chain' | 'variable' }>,
    args: readonly Operand[],
    final: Final,
  ): Value {
    this.visit(node);
    let names = node.names;
    let value = dot;
    if (node.kind === 'variable') {
      const [name = '', ...fields] = names;
      value = this.#variable(name).value;
      names = fields;
      if (fields.length === 0 && (args.length > 0 || final !== undefined))
        throw this.error(`can't give argument to non-function ${name}`);
    } else if (node.kind === 'chain') {
      if (node.base.kind === 'nil') throw this.error(`indirection through explicit nil in ${nodeText(node)}`);
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
      throw this.error(`nil pointer evaluating ${typeName}.${name}`);
    const method = nil ? undefined : methodOf(value, name);
    if (method !== undefined) {
      const { parameters, call } = method.method;
      const bound = (values: readonly Value[]): Value => call(method.receiver, values);
      return this.#call(dot, node, name, { parameters, call: bound }, args, final);
    }
    const hasArguments = args.length > 0 || final !== undefined;
    if (value.type.kind === 'map') {
      if (hasArguments) throw this.error(`${name} is not a method but has arguments`);
      const map = value.raw as ReadonlyMap<string, unknown> | null;
      const type = value.type.element ?? anyType;
      return map?.has(name) === true ? { type, raw: map.get(name) } : undefined;
    }
    const target = value.type.kind === 'pointer' ? (value.type.element ?? anyType) : value.type;
    const known =
      target.kind !== 'struct' || fieldOf({ type: target, raw: zeroOf(target) }, name) !== undefined;
    if (nil && known) throw this.error(`nil pointer evaluating ${typeName}.${name}`);
    const found = value.type.kind === 'struct' ? fieldOf(value, name) : undefined;
    if (found === undefined) throw this.error(`can't evaluate field ${name} in type ${typeName}`);
    if (hasArguments) throw this.error(`${name} has arguments but cannot be invoked as function`);
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
      throw this.error(
        `wrong number of args for ${name}: want at least ${parameters.length} got ${args.length}`,
      );
    if (rest === undefined && count !== parameters.length)
      throw this.error(`wrong number of args for ${name}: want ${parameters.length} got ${count}`);
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
      this.visit(node);
      throw this.error(`error calling ${name}: ${(error as Error).message}`);
    }
  }

  /** An argument, of the type that the parameter has. */
  #argument(dot: Value, type: GoType | undefined, node: Operand): Value {
    this.visit(node);
    switch (node.kind) {
      case 'dot':
        return this.#fitting(dot, type);
      case 'nil':
        if (type !== undefined && !canBeNil(type)) throw this.error(`cannot assign nil to ${type.name}`);
        return undefined;
      case 'field':
      case 'variable':
      case 'chain':
        return this.#fitting(this.#path(dot, node, [], undefined), type);
      case 'pipe':
        return this.#fitting(this.pipe(dot, node), type);
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
      throw this.error(`expected ${expected[type.kind]}; found ${node.source}`);
    throw this.error(`can't handle ${node.source} for arg of type ${type.name}`);
  }

  #fitting(value: Value, type: GoType | undefined): Value {
    if (type === undefined || type === valueType) return value;
    if (value === undefined) {
      if (canBeNil(type)) return type.kind === 'interface' ? undefined : { type, raw: null };
      throw this.error(`invalid value; expected ${type.name}`);
    }
    if (type.kind === 'interface' || value.type.name === type.name) return value;
    const inner =
      value.type.kind === 'interface' || value.type.kind === 'pointer' ? pointedTo(value) : undefined;
    if (inner?.type.name === type.name) return inner;
    const got = value.type.kind === 'interface' ? (inner ?? value) : value;
    throw this.error(`wrong type for value; expected ${type.name}; got ${got.type.name}`);
  }

  /** The next part of the template. Throws {@link TemplateError} if there were too many. */
  visit(node: Node): void {
    this.#at = node;
    this.#steps += 1;
    if (this.#steps > mostSteps) throw this.error(`more than ${mostSteps} steps`);
  }

  /** What is wrong with the part that is being evaluated. */
  error(message: string): TemplateError {
    const node = this.#at;
    if (node === undefined) return new TemplateError(`template: ${this.#name}: ${message}`);
    const before = this.#text.slice(0, node.position).split('\n');
    const column = Buffer.byteLength(before.at(-1) ?? '');
    return new TemplateError(
      `template: ${this.#name}:${before.length}:${column}: executing ${quote(this.#name)} at <${nodeText(node)}>: ${message}`,
    );
  }
}

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

// Runs a template over a value. What cannot be done is said as podman says it, with the place.
import { Evaluator } from './evaluate.js';
import { functions, longestText } from './functions.js';
import { elementsOf, indirect, integer, sortedEntries, text } from './go-type.js';
import type { GoValue } from './go-type.js';
import type { BranchNode, Statement } from './nodes.js';
import { parse } from './parse.js';
import { printed, show } from './print.js';
import { truth } from './truth.js';

type Value = GoValue | undefined;

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
    const run = new Run(new Evaluator(this.#name, this.#text, data), write);
    run.list(data, this.#list);
  }
}

/** Was the last statement a jump? */
type Flow = 'on' | 'break' | 'continue';

class Run {
  readonly #values: Evaluator;
  readonly #write: (part: string) => void;
  #length = 0;

  constructor(values: Evaluator, write: (part: string) => void) {
    this.#values = values;
    this.#write = write;
  }

  list(dot: Value, statements: readonly Statement[]): Flow {
    for (const statement of statements) {
      const flow = this.#statement(dot, statement);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #statement(dot: Value, statement: Statement): Flow {
    this.#values.visit(statement);
    switch (statement.kind) {
      case 'text':
        this.#print(statement.text);
        return 'on';
      case 'action': {
        const value = this.#values.pipe(dot, statement.pipe);
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
    if (this.#length > longestText) throw this.#values.error(`more than ${longestText} characters of output`);
    this.#write(part);
  }

  #branch(dot: Value, { kind, pipe, list, otherwise }: BranchNode): Flow {
    const known = this.#values.variables.length;
    const value = this.#values.pipe(dot, pipe);
    let flow: Flow = 'on';
    if (truth(value)) flow = this.list(kind === 'with' ? value : dot, list);
    else if (otherwise !== undefined) flow = this.list(dot, otherwise);
    this.#values.variables.length = known;
    return flow;
  }

  #range(dot: Value, { pipe, list, otherwise }: BranchNode): Flow {
    const known = this.#values.variables.length;
    const value = indirect(this.#values.pipe(dot, pipe)).value;
    const kind = value?.type.kind;
    if (value !== undefined && kind !== 'slice' && kind !== 'map')
      throw this.#values.error(`range can't iterate over ${show(value)}`);
    const mark = this.#values.variables.length;
    const keys =
      kind === 'map' && value !== undefined ? sortedEntries(value).map(([key]) => text(key)) : undefined;
    const elements = value === undefined ? [] : elementsOf(value);
    let flow: Flow = 'on';
    for (const [index, item] of elements.entries()) {
      const count = pipe.variables.length;
      this.#setTop(1, count > 0 ? item : undefined, count > 0);
      this.#setTop(2, keys?.[index] ?? integer(index), count > 1);
      flow = this.list(item, list);
      this.#values.variables.length = mark;
      if (flow === 'break') break;
    }
    if (elements.length === 0 && otherwise !== undefined) flow = this.list(dot, otherwise);
    else flow = 'on';
    this.#values.variables.length = known;
    return flow;
  }

  #setTop(back: number, value: Value, wanted: boolean): void {
    const variable = this.#values.variables[this.#values.variables.length - back];
    if (wanted && variable !== undefined) variable.value = value;
  }
}

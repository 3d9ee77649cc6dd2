// From the words of a template to its parts. What is wrong is said as podman says it.
import { lex } from './lex.js';
import type { Token } from './lex.js';
import { nodeText } from './nodes.js';
import type {
  BranchNode,
  CommandNode,
  ConstantNode,
  Operand,
  PipeNode,
  Statement,
  VariableNode,
} from './nodes.js';
import { quote, unquote } from './quote.js';
import { TemplateError } from './template-error.js';

/** Parentheses and blocks in one another. */
const deepest = 100;

/** Throws {@link TemplateError}. `name` is what errors call the template; `functions` are those it may use. */
export function parse(name: string, text: string, functions: ReadonlySet<string>): Statement[] {
  return new Parser(name, lex(text), functions).template();
}

/** A list of statements, and the word behind it that ended it. */
interface Block {
  readonly list: Statement[];
  readonly end: '{{end}}' | '{{else}}' | '';
}

class Parser {
  readonly #name: string;
  readonly #tokens: readonly Token[];
  readonly #functions: ReadonlySet<string>;
  #next = 0;
  #variables: string[] = ['$'];
  #ranges = 0;
  #depth = 0;
  /** The line that the action at hand begins on. */
  #actionLine = 0;

  constructor(name: string, tokens: readonly Token[], functions: ReadonlySet<string>) {
    this.#name = name;
    this.#tokens = tokens;
    this.#functions = functions;
  }

  template(): Statement[] {
    const { list, end } = this.#block();
    if (end !== '') throw this.#error(`unexpected ${end}`);
    return list;
  }

  #block(): Block {
    const list: Statement[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === 'end') return { list, end: '' };
      if (token.kind === 'text') {
        list.push({ kind: 'text', position: token.position, text: token.text });
        continue;
      }
      if (token.kind !== 'left') throw this.#unexpected(token, 'input');
      this.#actionLine = token.line;
      const word = this.#peekWord();
      if (word.kind === 'keyword' && word.text === 'end') {
        this.#takeWord();
        this.#expectRight('end');
        return { list, end: '{{end}}' };
      }
      if (word.kind === 'keyword' && word.text === 'else') {
        this.#takeWord();
        const next = this.#peekWord();
        if (next.kind !== 'keyword' || next.text !== 'if') this.#expectRight('else');
        return { list, end: '{{else}}' };
      }
      list.push(this.#statement(word));
    }
  }

  #statement(word: Token): Statement {
    if (word.kind === 'keyword') {
      switch (word.text) {
        case 'if':
        case 'with':
        case 'range':
          this.#takeWord();
          return this.#branch(word.text);
        case 'break':
        case 'continue':
          this.#takeWord();
          return this.#jump(word.text, word.position);
        case 'define':
        case 'template':
        case 'block':
          throw this.#error(`{{${word.text}}} is not offered`);
      }
    }
    const pipe = this.#pipeline('command', 'right');
    return { kind: 'action', position: word.position, pipe };
  }

  #branch(kind: BranchNode['kind']): BranchNode {
    this.#deeper();
    const known = this.#variables.length;
    const pipe = this.#pipeline(kind, 'right');
    if (kind === 'range') this.#ranges += 1;
    const { list, end } = this.#block();
    if (kind === 'range') this.#ranges -= 1;
    if (end === '') throw this.#error('unexpected EOF');
    const otherwise = end === '{{else}}' ? this.#otherwise(kind) : undefined;
    this.#variables.length = known;
    this.#depth -= 1;
    return { kind, position: pipe.position, pipe, list, otherwise };
  }

  #otherwise(kind: BranchNode['kind']): Statement[] {
    const word = this.#peek();
    // `{{else if …}}`: one {{end}} ends both.
    if (kind === 'if' && word.kind === 'keyword' && word.text === 'if') {
      this.#take();
      return [this.#branch('if')];
    }
    const { list, end } = this.#block();
    if (end === '') throw this.#error('unexpected EOF');
    if (end !== '{{end}}') throw this.#error(`expected end; found ${end}`);
    return list;
  }

  #jump(kind: 'break' | 'continue', position: number): Statement {
    this.#expectRight(`{{${kind}}}`);
    if (this.#ranges === 0) throw this.#error(`{{${kind}}} outside {{range}}`);
    return { kind, position };
  }

  #pipeline(context: string, end: 'right' | 'close'): PipeNode {
    const { position } = this.#peekWord();
    const { variables, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#takeWord();
      if (token.kind === end) break;
      if (!startsOperand.has(token.kind) && token.text !== 'nil') throw this.#unexpected(token, context);
      this.#next -= 1;
      commands.push(this.#command());
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`);
    for (const [index, { operands }] of commands.entries()) {
      if (index > 0 && operands[0] !== undefined && !executable(operands[0]))
        throw this.#error(`non executable command in pipeline stage ${index + 1}`);
    }
    return { kind: 'pipe', position, variables, assigns, commands };
  }

  #declarations(context: string): { variables: VariableNode[]; assigns: boolean } {
    const variables: VariableNode[] = [];
    for (;;) {
      const start = this.#next;
      const token = this.#takeWord();
      const next = token.kind === 'variable' ? this.#takeWord() : token;
      if (token.kind === 'variable' && (next.kind === 'declare' || next.kind === 'assign')) {
        variables.push({ kind: 'variable', position: token.position, names: [token.text] });
        this.#variables.push(token.text);
        return { variables, assigns: next.kind === 'assign' };
      }
      if (token.kind !== 'variable' || next.text !== ',') {
        this.#next = start;
        return { variables, assigns: false };
      }
      variables.push({ kind: 'variable', position: token.position, names: [token.text] });
      this.#variables.push(token.text);
      if (context !== 'range' || variables.length > 1)
        throw this.#error(`too many declarations in ${context}`);
      const { kind } = this.#peekWord();
      if (kind !== 'variable' && kind !== 'right' && kind !== 'close')
        throw this.#error('range can only initialize variables');
    }
  }

  #command(): CommandNode {
    const { position } = this.#peekWord();
    const operands: Operand[] = [];
    for (;;) {
      this.#peekWord();
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.#take();
      if (token.kind === 'space') continue;
      if (token.kind === 'right' || token.kind === 'close') this.#next -= 1;
      else if (token.kind !== 'pipe') throw this.#unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) throw this.#error('empty command');
    return { kind: 'command', position, operands };
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined || this.#peek().kind !== 'field') return term;
    const { position } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1));
    if (term.kind === 'field' || term.kind === 'variable')
      return { ...term, position, names: [...term.names, ...names] };
    if (!executable(term)) throw this.#error(`unexpected . after term ${quote(nodeText(term))}`);
    return { kind: 'chain', position, base: term, names };
  }

  #term(): Operand | undefined {
    const token = this.#takeWord();
    const { position, text } = token;
    switch (token.kind) {
      case 'word':
        if (text === 'true' || text === 'false')
          return { kind: 'bool', position, value: text === 'true', source: text };
        if (!this.#functions.has(text)) throw this.#error(`function ${quote(text)} not defined`);
        return { kind: 'function', position, name: text };
      case 'dot':
        return { kind: 'dot', position };
      case 'variable':
        if (!this.#variables.includes(text)) throw this.#error(`undefined variable ${quote(text)}`);
        return { kind: 'variable', position, names: [text] };
      case 'field':
        return { kind: 'field', position, names: [text.slice(1)] };
      case 'number':
      case 'character':
      case 'string':
      case 'raw':
        return this.#constant(token);
      case 'open': {
        this.#deeper();
        const pipe = this.#pipeline('parenthesized pipeline', 'close');
        this.#depth -= 1;
        return pipe;
      }
      case 'keyword':
        if (text === 'nil') return { kind: 'nil', position };
    }
    this.#next -= 1;
    return undefined;
  }

  #constant({ kind, position, text }: Token): ConstantNode {
    if (kind === 'number') {
      const digits = text.replaceAll('_', '').replace(/^(-?)\+?0(\d)/, '$10o$2');
      const value = digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits.replace(/^\+/, ''));
      if (Number.isNaN(value)) throw this.#error(`bad number syntax: ${quote(text)}`);
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw this.#error(`integer overflow: ${quote(text)}`);
      const type = /[.eE]/.test(text) && !/^[-+]?0x/i.test(text) ? 'float' : 'int';
      return { kind: type, position, value, source: text };
    }
    const value = unquote(text);
    if (value === undefined) throw this.#error('invalid syntax');
    if (kind !== 'character') return { kind: 'string', position, value, source: text };
    if (Array.from(value).length !== 1) throw this.#error(`malformed character constant: ${text}`);
    return { kind: 'character', position, value: value.codePointAt(0) ?? 0, source: text };
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > deepest)
      throw this.#error(`more than ${deepest} blocks and parentheses in one another`);
  }

  #take(): Token {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)];
    this.#next += 1;
    return token as Token;
  }

  /** The next one that is no blank. */
  #takeWord(): Token {
    for (;;) {
      const token = this.#take();
      if (token.kind !== 'space') return token;
    }
  }

  #peek(): Token {
    const token = this.#take();
    this.#next -= 1;
    return token;
  }

  #peekWord(): Token {
    const token = this.#takeWord();
    this.#next -= 1;
    return token;
  }

  #expectRight(context: string): void {
    const token = this.#takeWord();
    if (token.kind !== 'right') throw this.#unexpected(token, context);
  }

  #unexpected(token: Token, context: string): TemplateError {
    if (token.kind === 'error') return this.#error(token.text + this.#since(token));
    return this.#error(`unexpected ${tokenText(token)} in ${context}`);
  }

  #since({ line, text }: Token): string {
    if (this.#actionLine === 0 || this.#actionLine === line) return '';
    const started = ` started at ${this.#name}:${this.#actionLine}`;
    return text.endsWith(' action') ? started : ` in action${started}`;
  }

  #error(message: string): TemplateError {
    const { line } = this.#tokens[Math.max(0, Math.min(this.#next, this.#tokens.length) - 1)] ?? { line: 1 };
    return new TemplateError(`template: ${this.#name}:${line}: ${message}`);
  }
}

const startsOperand: ReadonlySet<string> = new Set([
  'character',
  'dot',
  'field',
  'number',
  'open',
  'raw',
  'string',
  'variable',
  'word',
]);

function executable({ kind }: Operand): boolean {
  return (
    kind === 'field' || kind === 'variable' || kind === 'chain' || kind === 'function' || kind === 'pipe'
  );
}

function tokenText({ kind, text }: Token): string {
  if (kind === 'end') return 'EOF';
  if (kind === 'keyword' || kind === 'dot') return `<${text}>`;
  const characters = Array.from(text);
  return characters.length > 10 ? `${quote(characters.slice(0, 10).join(''))}...` : quote(text);
}

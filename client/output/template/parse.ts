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
import { TokenReader } from './token-reader.js';

/** Parentheses and blocks in one another. */
const deepest = 100;

/** Throws `TemplateError`. `name` is what errors call the template; `functions` are those it may use. */
export function parse(name: string, text: string, functions: ReadonlySet<string>): Statement[] {
  return new Parser(new TokenReader(name, lex(text)), functions).template();
}

/** A list of statements, and the word behind it that ended it. */
interface Block {
  readonly list: Statement[];
  readonly end: '{{end}}' | '{{else}}' | '';
}

class Parser {
  readonly #tokens: TokenReader;
  readonly #functions: ReadonlySet<string>;
  #variables: string[] = ['$'];
  #ranges = 0;
  #depth = 0;

  constructor(tokens: TokenReader, functions: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#functions = functions;
  }

  template(): Statement[] {
    const { list, end } = this.#block();
    if (end !== '') throw this.#tokens.error(`unexpected ${end}`);
    return list;
  }

  #block(): Block {
    const list: Statement[] = [];
    for (;;) {
      const token = this.#tokens.take();
      if (token.kind === 'end') return { list, end: '' };
      if (token.kind === 'text') {
        list.push({ kind: 'text', position: token.position, text: token.text });
        continue;
      }
      if (token.kind !== 'left') throw this.#tokens.unexpected(token, 'input');
      this.#tokens.actionLine = token.line;
      const word = this.#tokens.peekWord();
      if (word.kind === 'keyword' && word.text === 'end') {
        this.#tokens.takeWord();
        this.#tokens.expectRight('end');
        return { list, end: '{{end}}' };
      }
      if (word.kind === 'keyword' && word.text === 'else') {
        this.#tokens.takeWord();
        const next = this.#tokens.peekWord();
        if (next.kind !== 'keyword' || next.text !== 'if') this.#tokens.expectRight('else');
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
          this.#tokens.takeWord();
          return this.#branch(word.text);
        case 'break':
        case 'continue':
          this.#tokens.takeWord();
          return this.#jump(word.text, word.position);
        case 'define':
        case 'template':
        case 'block':
          throw this.#tokens.error(`{{${word.text}}} is not offered`);
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
    if (end === '') throw this.#tokens.error('unexpected EOF');
    const otherwise = end === '{{else}}' ? this.#otherwise(kind) : undefined;
    this.#variables.length = known;
    this.#depth -= 1;
    return { kind, position: pipe.position, pipe, list, otherwise };
  }

  #otherwise(kind: BranchNode['kind']): Statement[] {
    const word = this.#tokens.peek();
    // `{{else if …}}`: one {{end}} ends both.
    if (kind === 'if' && word.kind === 'keyword' && word.text === 'if') {
      this.#tokens.take();
      return [this.#branch('if')];
    }
    const { list, end } = this.#block();
    if (end === '') throw this.#tokens.error('unexpected EOF');
    if (end !== '{{end}}') throw this.#tokens.error(`expected end; found ${end}`);
    return list;
  }

  #jump(kind: 'break' | 'continue', position: number): Statement {
    this.#tokens.expectRight(`{{${kind}}}`);
    if (this.#ranges === 0) throw this.#tokens.error(`{{${kind}}} outside {{range}}`);
    return { kind, position };
  }

  #pipeline(context: string, end: 'right' | 'close'): PipeNode {
    const { position } = this.#tokens.peekWord();
    const { variables, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#tokens.takeWord();
      if (token.kind === end) break;
      if (!startsOperand.has(token.kind) && token.text !== 'nil')
        throw this.#tokens.unexpected(token, context);
      this.#tokens.back();
      commands.push(this.#command());
    }
    if (commands.length === 0) throw this.#tokens.error(`missing value for ${context}`);
    for (const [index, { operands }] of commands.entries()) {
      if (index > 0 && operands[0] !== undefined && !executable(operands[0]))
        throw this.#tokens.error(`non executable command in pipeline stage ${index + 1}`);
    }
    return { kind: 'pipe', position, variables, assigns, commands };
  }

  #declarations(context: string): { variables: VariableNode[]; assigns: boolean } {
    const variables: VariableNode[] = [];
    for (;;) {
      const start = this.#tokens.place;
      const token = this.#tokens.takeWord();
      const next = token.kind === 'variable' ? this.#tokens.takeWord() : token;
      if (token.kind === 'variable' && (next.kind === 'declare' || next.kind === 'assign')) {
        variables.push({ kind: 'variable', position: token.position, names: [token.text] });
        this.#variables.push(token.text);
        return { variables, assigns: next.kind === 'assign' };
      }
      if (token.kind !== 'variable' || next.text !== ',') {
        this.#tokens.returnTo(start);
        return { variables, assigns: false };
      }
      variables.push({ kind: 'variable', position: token.position, names: [token.text] });
      this.#variables.push(token.text);
      if (context !== 'range' || variables.length > 1)
        throw this.#tokens.error(`too many declarations in ${context}`);
      const { kind } = this.#tokens.peekWord();
      if (kind !== 'variable' && kind !== 'right' && kind !== 'close')
        throw this.#tokens.error('range can only initialize variables');
    }
  }

  #command(): CommandNode {
    const { position } = this.#tokens.peekWord();
    const operands: Operand[] = [];
    for (;;) {
      this.#tokens.peekWord();
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.#tokens.take();
      if (token.kind === 'space') continue;
      if (token.kind === 'right' || token.kind === 'close') this.#tokens.back();
      else if (token.kind !== 'pipe') throw this.#tokens.unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) throw this.#tokens.error('empty command');
    return { kind: 'command', position, operands };
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined || this.#tokens.peek().kind !== 'field') return term;
    const { position } = this.#tokens.peek();
    const names: string[] = [];
    while (this.#tokens.peek().kind === 'field') names.push(this.#tokens.take().text.slice(1));
    if (term.kind === 'field' || term.kind === 'variable')
      return { ...term, position, names: [...term.names, ...names] };
    if (!executable(term)) throw this.#tokens.error(`unexpected . after term ${quote(nodeText(term))}`);
    return { kind: 'chain', position, base: term, names };
  }

  #term(): Operand | undefined {
    const token = this.#tokens.takeWord();
    const { position, text } = token;
    switch (token.kind) {
      case 'word':
        if (text === 'true' || text === 'false')
          return { kind: 'bool', position, value: text === 'true', source: text };
        if (!this.#functions.has(text)) throw this.#tokens.error(`function ${quote(text)} not defined`);
        return { kind: 'function', position, name: text };
      case 'dot':
        return { kind: 'dot', position };
      case 'variable':
        if (!this.#variables.includes(text)) throw this.#tokens.error(`undefined variable ${quote(text)}`);
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
    this.#tokens.back();
    return undefined;
  }

  #constant({ kind, position, text }: Token): ConstantNode {
    if (kind === 'number') {
      const digits = text.replaceAll('_', '').replace(/^(-?)\+?0(\d)/, '$10o$2');
      const value = digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits.replace(/^\+/, ''));
      if (Number.isNaN(value)) throw this.#tokens.error(`bad number syntax: ${quote(text)}`);
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw this.#tokens.error(`integer overflow: ${quote(text)}`);
      const type = /[.eE]/.test(text) && !/^[-+]?0x/i.test(text) ? 'float' : 'int';
      return { kind: type, position, value, source: text };
    }
    const value = unquote(text);
    if (value === undefined) throw this.#tokens.error('invalid syntax');
    if (kind !== 'character') return { kind: 'string', position, value, source: text };
    if (Array.from(value).length !== 1) throw this.#tokens.error(`malformed character constant: ${text}`);
    return { kind: 'character', position, value: value.codePointAt(0) ?? 0, source: text };
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > deepest)
      throw this.#tokens.error(`more than ${deepest} blocks and parentheses in one another`);
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

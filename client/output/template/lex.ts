// From the text of a template to its words.
import { quote } from './quote.js';

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'word'
  | 'keyword'
  | 'field'
  | 'dot'
  | 'variable'
  | 'number'
  | 'character'
  | 'string'
  | 'raw'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'open'
  | 'close'
  | 'mark'
  | 'end'
  | 'error';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it begins. */
  readonly position: number;
  readonly line: number;
}

export const keywords: ReadonlySet<string> = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
]);

const leftDelimiter = '{{';
const rightDelimiter = '}}';
const blank = /[ \t\r\n]/;
const wordCharacter = /[\p{L}\p{Nd}_]/u;

/** All of them; what cannot be read is the last one, an error. */
export function lex(text: string): Token[] {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Token[] {
    while (this.#position < this.#text.length) {
      this.#plain();
      if (this.#position >= this.#text.length) break;
      if (!this.#action()) return this.#tokens;
    }
    this.#add('end', 0);
    return this.#tokens;
  }

  /** What stands before the next action, without the blanks that `{{-` takes away. */
  #plain(): void {
    const next = this.#text.indexOf(leftDelimiter, this.#position);
    const end = next < 0 ? this.#text.length : next;
    const plain = this.#text.slice(this.#position, end);
    const trims = next >= 0 && this.#trimsLeft(next);
    const kept = trims ? plain.replace(/[ \t\r\n]+$/, '') : plain;
    if (kept !== '') this.#add('text', kept.length);
    this.#skip(end - this.#position);
  }

  #trimsLeft(left: number): boolean {
    return this.#text.charAt(left + 2) === '-' && blank.test(this.#text.charAt(left + 3));
  }

  /** One action with both of its delimiters; false when an error has ended it. */
  #action(): boolean {
    const inside = this.#trimsLeft(this.#position) ? 4 : 2;
    if (this.#text.startsWith('/*', this.#position + inside)) return this.#comment(inside);
    this.#add('left', 2);
    this.#skip(inside - 2);
    let depth = 0;
    for (;;) {
      const right = this.#rightDelimiter();
      if (right > 0) {
        if (depth > 0) return this.#fail('unclosed left paren');
        this.#close(right);
        return true;
      }
      const character = this.#text.charAt(this.#position);
      if (character === '') return this.#fail('unclosed action');
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
      if (depth < 0) this.#add('close', 1);
      if (depth < 0) return this.#fail(`unexpected right paren ${unicode(')')}`);
      if (!this.#word(character)) return false;
    }
  }

  /** How long the delimiter here is, with its trim marker; 0 where there is none. */
  #rightDelimiter(): number {
    if (this.#text.startsWith(rightDelimiter, this.#position)) return 2;
    return /^[ \t\r\n]-\}\}/.test(this.#text.slice(this.#position, this.#position + 4)) ? 4 : 0;
  }

  #close(length: number): void {
    this.#skip(length - 2);
    this.#add('right', 2);
    if (length > 2) this.#skip(/^[ \t\r\n]*/.exec(this.#text.slice(this.#position))?.[0].length ?? 0);
  }

  #comment(inside: number): boolean {
    const end = this.#text.indexOf('*/', this.#position + inside);
    if (end < 0) return this.#fail('unclosed comment');
    this.#skip(end + 2 - this.#position);
    const right = this.#rightDelimiter();
    if (right === 0) return this.#fail('comment ends before closing delimiter');
    this.#close(right);
    // A comment is nothing: its delimiter is none to the parser.
    this.#tokens.pop();
    return true;
  }

  #word(character: string): boolean {
    const rest = this.#text.slice(this.#position);
    if (blank.test(character)) return this.#add('space', this.#blanks(rest));
    if (character === '=') return this.#add('assign', 1);
    if (character === ':') return rest.startsWith(':=') ? this.#add('declare', 2) : this.#fail('expected :=');
    if (character === '|') return this.#add('pipe', 1);
    if (character === '(') return this.#add('open', 1);
    if (character === ')') return this.#add('close', 1);
    if (character === '"')
      return this.#quoted(/^"(?:[^"\\\n]|\\.)*"/s, rest, 'string', 'unterminated quoted string');
    if (character === '`') return this.#quoted(/^`[^`]*`/, rest, 'raw', 'unterminated raw quoted string');
    if (character === "'")
      return this.#quoted(/^'(?:[^'\\\n]|\\.)*'/s, rest, 'character', 'unterminated character constant');
    if (character === '$') return this.#name(/^\$[\p{L}\p{Nd}_]*/u, rest, 'variable');
    if (character === '.' && !/^\.\d/.test(rest)) return this.#field(rest);
    if (/^[-+.\d]/.test(rest)) return this.#number(rest);
    if (wordCharacter.test(rest)) {
      const [first = ''] = /^[\p{L}\p{Nd}_]+/u.exec(rest) ?? [];
      if (first !== '')
        return this.#name(/^[\p{L}\p{Nd}_]+/u, rest, keywords.has(first) ? 'keyword' : 'word');
    }
    const [point = ''] = rest;
    if (/^[ -~]/.test(point)) return this.#add('mark', 1);
    return this.#fail(`unrecognized character in action: ${unicode(point)}`);
  }

  /** All blanks but the one that belongs to ` -}}`. */
  #blanks(rest: string): number {
    const length = /^[ \t\r\n]+/.exec(rest)?.[0].length ?? 0;
    return rest.startsWith('-}}', length) && length > 1 ? length - 1 : length;
  }

  #field(rest: string): boolean {
    const [name = '.'] = /^\.[\p{L}\p{Nd}_]*/u.exec(rest) ?? [];
    return name === '.'
      ? this.#terminated(name, rest) && this.#add('dot', 1)
      : this.#name(/^\.[\p{L}\p{Nd}_]+/u, rest, 'field');
  }

  #name(pattern: RegExp, rest: string, kind: TokenKind): boolean {
    const [name = ''] = pattern.exec(rest) ?? [];
    return this.#terminated(name, rest) && this.#add(kind, name.length);
  }

  #terminated(name: string, rest: string): boolean {
    const [next] = rest.slice(name.length);
    if (next === undefined || /[ \t\r\n.,|:()}]/.test(next)) return true;
    return this.#fail(`bad character ${unicode(next)}`);
  }

  #number(rest: string): boolean {
    const [number = ''] =
      /^[-+]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[\d_]*\.?[\d_]*(?:[eE][-+]?\d+)?)/.exec(rest) ??
      [];
    const [next = ''] = rest.slice(number.length);
    if (next !== '' && wordCharacter.test(next))
      return this.#fail(`bad number syntax: ${quote(number + next)}`);
    return this.#add('number', number.length);
  }

  #quoted(pattern: RegExp, rest: string, kind: TokenKind, message: string): boolean {
    const [found] = pattern.exec(rest) ?? [];
    return found === undefined ? this.#fail(message) : this.#add(kind, found.length);
  }

  #add(kind: TokenKind, length: number): true {
    const text = this.#text.slice(this.#position, this.#position + length);
    this.#tokens.push({ kind, text, position: this.#position, line: this.#line });
    this.#skip(length);
    return true;
  }

  #fail(message: string): false {
    this.#tokens.push({ kind: 'error', text: message, position: this.#position, line: this.#line });
    return false;
  }

  #skip(length: number): void {
    const skipped = this.#text.slice(this.#position, this.#position + length);
    this.#line += skipped.split('\n').length - 1;
    this.#position += length;
  }
}

/** A character with its number, as in `U+0023 '#'`. */
function unicode(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `U+${code} '${character}'`;
}

// Text → tokens, with the comment block that stands directly above each.
import { IdlError } from './idl-error.js';
import type { Position } from './tree.js';

export type TokenKind = 'word' | '(' | ')' | ',' | ':' | '->' | '?' | '[]' | '[string]' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly position: Position;
  /** The comment lines directly above, joined by `\n`; empty when code or an empty line is in between. */
  readonly doc: string;
  /** Whether white space, a comment or the start of the text comes before it. */
  readonly spaced: boolean;
}

const endOfLine = /\r\n|[\n\r\u2028\u2029]/y;
const blanks = /[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]+/y;
const comment = /#[^\n\r\u2028\u2029]*/y;
const punctuation = /->|\[\]|\[string\]|[(),:?]/y;
// A dash belongs to a word unless it begins an arrow.
const word = /(?:[A-Za-z0-9_.]|-(?!>))+/y;

/** Reads an interface file token by token, one token of look-ahead. */
export class Tokens {
  readonly #text: string;
  #offset = 0;
  #line = 1;
  #lineStart = 0;
  #next: Token;
  #taken = 1;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  /** The token that {@link take} would give. */
  peek(): Token {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    if (token.kind !== 'end') this.#next = this.#read();
    this.#taken = token.position.line;
    return token;
  }

  /** The line of the token taken last. */
  lastLine(): number {
    return this.#taken;
  }

  /** Takes a token that must be of this kind; `what` names it in the error. */
  expect(kind: TokenKind, what: string): Token {
    const token = this.#next;
    if (token.kind !== kind) throw unexpected(token, what);
    return this.take();
  }

  #read(): Token {
    const start = this.#offset;
    const doc = this.#skipToToken();
    const spaced = this.#offset > start || start === 0;
    const position = { line: this.#line, column: this.#offset - this.#lineStart + 1 };
    const token = { position, doc, spaced };
    if (this.#offset === this.#text.length) return { kind: 'end', text: '', ...token };
    const mark = this.#match(punctuation);
    if (mark !== undefined) return { kind: mark as TokenKind, text: mark, ...token };
    const text = this.#match(word);
    if (text !== undefined) return { kind: 'word', text, ...token };
    const character = String.fromCodePoint(this.#text.codePointAt(this.#offset) ?? 0);
    throw new IdlError(position, `unexpected character ${JSON.stringify(character)}`);
  }

  /** Skips white space and comments; returns the comment block that ends on the line above the next token. */
  #skipToToken(): string {
    let block: string[] = [];
    // Before the first token there is no code on the line that a comment could stand behind.
    let codeOnLine = this.#offset > 0;
    let commentOnLine = false;
    for (;;) {
      const note = this.#match(comment);
      if (note !== undefined) {
        commentOnLine = true;
        if (!codeOnLine) block.push(note.replace(/^# ?/, ''));
      } else if (this.#match(endOfLine) !== undefined) {
        if (!commentOnLine) block = [];
        codeOnLine = false;
        commentOnLine = false;
        this.#line++;
        this.#lineStart = this.#offset;
      } else if (this.#match(blanks) === undefined) {
        return block.join('\n');
      }
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }
}

/** The error for a token that cannot stand where it stands. */
export function unexpected(token: Token, expected: string): IdlError {
  const found = token.kind === 'end' ? 'the end of the text' : JSON.stringify(token.text);
  return new IdlError(token.position, `expected ${expected}, found ${found}`);
}

// Text → tokens, with the comment block that stands directly above each.
import { IdlError, quoted } from './idl-error.js';
import type { Position } from './tree.js';

export type TokenKind = 'word' | '(' | ')' | ',' | ':' | '->' | '?' | '[]' | '[string]' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly position: Position;
  /** Whether white space, a comment or the start of the text comes before it. */
  readonly spaced: boolean;
}

/** The comments between two tokens. */
interface Comments {
  /** On the line of the first token. */
  behind: string | undefined;
  /** Blocks that do not end on the line above the second token. */
  blocks: string[];
  /** The block that does; empty when there is none. */
  doc: string;
}

/** The comments above a token that stands for something. */
export interface CommentsAbove {
  readonly above: readonly string[];
  readonly doc: string;
}

const none: readonly string[] = [];

const endOfLine = /\r\n|[\n\r\u2028\u2029]/y;
const blanks = /[ \t\u00a0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000\ufeff]+/y;
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
  /** Before the next token, as far as nobody has asked for them. */
  #comments: Comments | undefined;
  /** Before the tokens taken since somebody asked: they belong to nothing, and go to what comes next. */
  #loose: readonly string[] = none;

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
    this.#loose = this.rest();
    if (token.kind !== 'end') this.#next = this.#read();
    this.#taken = token.position.line;
    return token;
  }

  /** The line of the token taken last. */
  lastLine(): number {
    return this.#taken;
  }

  /** The comment behind the token taken last. Every comment is given out once. */
  behind(): string | undefined {
    const behind = this.#comments?.behind;
    if (this.#comments !== undefined) this.#comments.behind = undefined;
    return behind;
  }

  /** The comments above the next token. */
  above(): CommentsAbove {
    const doc = this.#comments?.doc ?? '';
    if (this.#comments !== undefined) this.#comments.doc = '';
    return { above: this.rest(), doc };
  }

  /** The comments before the next token as blocks, with all that were left over before. */
  rest(): readonly string[] {
    let rest = this.#loose;
    if (this.#comments !== undefined) {
      const { behind, blocks, doc } = this.#comments;
      rest = rest.concat(behind ?? [], blocks, doc === '' ? [] : doc);
    }
    this.#comments = undefined;
    this.#loose = none;
    return rest;
  }

  /** Takes a token that must be of this kind; `what` names it in the error. */
  expect(kind: TokenKind, what: string): Token {
    const token = this.#next;
    if (token.kind !== kind) throw unexpected(token, what);
    return this.take();
  }

  #read(): Token {
    const start = this.#offset;
    this.#comments = this.#skipToToken();
    const spaced = this.#offset > start || start === 0;
    const position = { line: this.#line, column: this.#offset - this.#lineStart + 1 };
    if (this.#offset === this.#text.length) return { kind: 'end', text: '', position, spaced };
    const text = this.#match(word);
    if (text !== undefined) return { kind: 'word', text, position, spaced };
    const mark = this.#match(punctuation);
    if (mark !== undefined) return { kind: mark as TokenKind, text: mark, position, spaced };
    const character = String.fromCodePoint(this.#text.codePointAt(this.#offset) ?? 0);
    throw new IdlError(position, `unexpected character ${JSON.stringify(character)}`);
  }

  /** Skips white space and comments; returns the comments, if there are any. */
  #skipToToken(): Comments | undefined {
    let comments: Comments | undefined;
    let block: string[] = [];
    // Before the first token there is no code on the line that a comment could stand behind.
    let codeOnLine = this.#offset > 0;
    let commentOnLine = false;
    for (;;) {
      const note = this.#match(comment);
      if (note !== undefined) {
        comments ??= { behind: undefined, blocks: [], doc: '' };
        commentOnLine = true;
        const text = note.replace(/^# ?/, '');
        if (codeOnLine) comments.behind = text;
        else block.push(text);
      } else if (this.#match(endOfLine) !== undefined) {
        if (!commentOnLine && block.length > 0) {
          comments?.blocks.push(block.join('\n'));
          block = [];
        }
        codeOnLine = false;
        commentOnLine = false;
        this.#line++;
        this.#lineStart = this.#offset;
      } else if (this.#match(blanks) === undefined) {
        if (comments === undefined) return undefined;
        comments.doc = block.join('\n');
        // A single `#` says nothing of what is under it, and is kept.
        if (comments.doc === '' && block.length > 0) comments.blocks.push('');
        return comments;
      }
    }
  }

  #match(pattern: RegExp): string | undefined {
    const start = this.#offset;
    pattern.lastIndex = start;
    if (!pattern.test(this.#text)) return undefined;
    this.#offset = pattern.lastIndex;
    return this.#text.slice(start, this.#offset);
  }
}

/** The error for a token that cannot stand where it stands. */
export function unexpected(token: Token, expected: string): IdlError {
  const found = token.kind === 'end' ? 'the end of the text' : quoted(token.text);
  return new IdlError(token.position, `expected ${expected}, found ${found}`);
}

// One pattern of an ignore file: `*`, `?` and `[…]`, and `**` for any number of directories.
import { IgnoreError } from './ignore-error.js';

type Token =
  | { readonly kind: 'character'; readonly matches: (character: string) => boolean }
  /** Any of a name. */
  | { readonly kind: 'star' }
  /** No directory, or some, up to a slash. */
  | { readonly kind: 'directories' }
  /** All of the rest. */
  | { readonly kind: 'rest' };

// What is known of a token on the way: it cannot be where we are, or is entered, or is gone into and not left yet.
const away = 0;
const inside = 1;
const entered = 2;

// No path is longer.
const mostCharacters = 4096;

/** All ways through a pattern are followed at once, so the time is at most path times pattern. */
export class IgnorePattern {
  /** It takes back what others ignore. */
  readonly isException: boolean;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #isLiteral: boolean;
  /** Some of what every match has in it: most paths are told apart by that. */
  readonly #needle: string;

  /** A cleaned pattern, with `!` for an exception. Throws {@link IgnoreError} for one that cannot be understood. */
  constructor(pattern: string) {
    this.isException = pattern.startsWith('!');
    const text = this.isException ? pattern.slice(1) : pattern;
    if (text.length > mostCharacters)
      throw new IgnoreError(`a pattern has more than ${mostCharacters} characters`);
    this.#text = text;
    this.#isLiteral = !/[*?[\\]/.test(text);
    this.#tokens = this.#isLiteral ? [] : parseTokens(text);
    this.#needle = needleOf(text);
  }

  /** Whether it matches the path or a directory the path is in. */
  matches(path: string): boolean {
    if (this.#isLiteral) return path === this.#text || path.startsWith(`${this.#text}/`);
    return path.includes(this.#needle) && this.#accepts(path);
  }

  /** Whether it is written as something in the directory, or as itself. */
  leadsInto(directory: string): boolean {
    return `${this.#text}/`.startsWith(`${directory}/`);
  }

  #accepts(path: string): boolean {
    const end = this.#tokens.length;
    let states = new Uint8Array(end + 1);
    let next = new Uint8Array(end + 1);
    this.#enter(states, 0);
    for (const character of path) {
      if (character === '/' && states[end] === entered) return true;
      next.fill(0);
      for (let state = 0; state < end; state += 1) {
        if (states[state] !== away) this.#step(next, state, character);
      }
      if (next.every((state) => state === away)) return false;
      [states, next] = [next, states];
    }
    return states[end] === entered;
  }

  /** A state, and those behind it that need no character to be reached. */
  #enter(states: Uint8Array, state: number): void {
    for (let at = state; states[at] !== entered; at += 1) {
      states[at] = entered;
      const token = this.#tokens[at];
      if (token === undefined || token.kind === 'character') break;
    }
  }

  #step(next: Uint8Array, state: number, character: string): void {
    const token = this.#tokens[state]!;
    switch (token.kind) {
      case 'character':
        if (token.matches(character)) this.#enter(next, state + 1);
        break;
      case 'star':
        if (character !== '/') this.#enter(next, state);
        break;
      case 'rest':
        this.#enter(next, state);
        break;
      case 'directories':
        // Only a slash leads out of it again.
        if (next[state] === away) next[state] = inside;
        if (character === '/') this.#enter(next, state + 1);
        break;
    }
  }
}

/** The longest part without anything special; empty if that is not easily told. */
function needleOf(pattern: string): string {
  if (/[[\\]/.test(pattern)) return '';
  const parts = pattern.split(/\*\*\/?|[*?]/);
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}

function parseTokens(pattern: string): readonly Token[] {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  let at = 0;
  while (at < characters.length) {
    const character = characters[at] ?? '';
    at += 1;
    if (character === '*' && characters[at] === '*') {
      at += characters[at + 1] === '/' ? 2 : 1;
      tokens.push({ kind: at < characters.length ? 'directories' : 'rest' });
    } else if (character === '*') {
      tokens.push({ kind: 'star' });
    } else if (character === '?') {
      tokens.push({ kind: 'character', matches: (candidate) => candidate !== '/' });
    } else if (character === '[') {
      const set = parseSet(characters, at, pattern);
      tokens.push({ kind: 'character', matches: set.matches });
      at = set.end;
    } else {
      const literal = character === '\\' ? characters[at] : character;
      if (literal === undefined) throw badPattern(pattern);
      if (character === '\\') at += 1;
      tokens.push({ kind: 'character', matches: (candidate) => candidate === literal });
    }
  }
  return tokens;
}

/** What stands in brackets from `start` on. It may match a slash, as it may for the peers. */
function parseSet(
  characters: readonly string[],
  start: number,
  pattern: string,
): { readonly matches: (character: string) => boolean; readonly end: number } {
  const isNegated = characters[start] === '^';
  const ranges: (readonly [string, string])[] = [];
  let at = isNegated ? start + 1 : start;
  const member = (): string => {
    if (characters[at] === '\\') at += 1;
    else if (characters[at] === '-' || characters[at] === ']') throw badPattern(pattern);
    const character = characters[at];
    if (character === undefined) throw badPattern(pattern);
    at += 1;
    return character;
  };
  do {
    const first = member();
    let last = first;
    if (characters[at] === '-') {
      at += 1;
      last = member();
    }
    ranges.push([first, last]);
  } while (characters[at] !== ']');
  const isMember = (character: string): boolean =>
    ranges.some(([first, last]) => codeOf(first) <= codeOf(character) && codeOf(character) <= codeOf(last));
  return { matches: (character) => isMember(character) !== isNegated, end: at + 1 };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function badPattern(pattern: string): IgnoreError {
  return new IgnoreError(`syntax error in pattern ${JSON.stringify(pattern)}`);
}

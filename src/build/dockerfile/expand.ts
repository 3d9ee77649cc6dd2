// Substitution of variables, quotes and escapes (build.md, Words and substitution).
import { ExpandedText, ExpandedWords } from './expanded-text.js';
import type { RawText } from './instruction.js';
import { ShellGlob } from './shell-glob.js';
import { SubstitutionError } from './substitution-error.js';
import { WorkBudget } from './work-budget.js';

/** What variables are, where the text stands. */
export interface Scope {
  /** The Dockerfile's. */
  readonly escape: string;
  /** Undefined for what is not set, which is not the same as empty. */
  get(name: string): string | undefined;
}

const mostCharacters = 1024 * 1024;
const deepest = 100;

/** The text with variables put in, quotes and escapes taken away; blanks stay. Throws {@link SubstitutionError}. */
export function expandWord(raw: RawText, scope: Scope, budget = new WorkBudget()): string {
  const into = new ExpandedText(mostCharacters);
  new Expansion(raw, scope, budget, true).run(into);
  return into.text;
}

/**
 * The same, cut at blanks outside of quotes, also at those of the variables' values; no empty words.
 * The peers do so for EXPOSE alone. Throws {@link SubstitutionError}.
 */
export function expandWords(raw: RawText, scope: Scope, budget = new WorkBudget()): readonly string[] {
  const into = new ExpandedWords(mostCharacters);
  new Expansion(raw, scope, budget, true).run(into);
  return into.words();
}

/**
 * The text of a here-document: quotes are nothing special in it, the escape character is always the backslash, and goes wherever it
 * stands. Throws {@link SubstitutionError}.
 */
export function expandHeredoc(content: string, scope: Scope): string {
  // However long it is, it is what it says.
  if (!/[$\\]/.test(content)) return content;
  const into = new ExpandedText(mostCharacters);
  const plain = { escape: '\\', get: (name: string) => scope.get(name) };
  new Expansion(content, plain, new WorkBudget(), false).run(into);
  return into.text;
}

/** One text on its way. */
class Expansion {
  readonly #source: string;
  readonly #scope: Scope;
  readonly #budget: WorkBudget;
  readonly #hasQuotes: boolean;
  #at = 0;
  #depth = 0;

  constructor(source: string, scope: Scope, budget: WorkBudget, hasQuotes: boolean) {
    this.#source = source;
    this.#scope = scope;
    this.#budget = budget;
    this.#hasQuotes = hasQuotes;
  }

  run(into: ExpandedText): void {
    this.#until('', into, false);
  }

  /** Up to and over `stop`, or to the end where that is empty. `keepsEscapes`: a pattern's own escapes stay for it. */
  #until(stop: string, into: ExpandedText, keepsEscapes: boolean): void {
    const start = this.#at;
    let literal = start;
    while (this.#at < this.#source.length) {
      const character = this.#source.charAt(this.#at);
      const isStop = character === stop;
      if (isStop || this.#isSpecial(character)) {
        into.add(this.#source.slice(literal, this.#at));
        if (isStop) break;
        this.#special(character, into, keepsEscapes);
        literal = this.#at;
      } else {
        this.#at += 1;
      }
    }
    this.#budget.spend(this.#at - start);
    if (stop === '') into.add(this.#source.slice(literal));
    else if (this.#next() === '') {
      this.#fail(`unexpected end of statement while looking for matching ${stop}`);
    }
  }

  #isSpecial(character: string): boolean {
    if (character === '$' || character === this.#scope.escape) return true;
    return this.#hasQuotes && (character === "'" || character === '"');
  }

  #special(character: string, into: ExpandedText, keepsEscapes: boolean): void {
    if (character === '$') {
      into.add(this.#dollar());
    } else if (character === "'") {
      into.addQuoted(this.#singleQuoted());
    } else if (character === '"') {
      into.addQuoted(this.#doubleQuoted(keepsEscapes));
    } else {
      this.#at += 1;
      const escaped = this.#next();
      into.addQuoted(keepsEscapes ? character + escaped : escaped);
    }
  }

  #singleQuoted(): string {
    const start = this.#at + 1;
    const end = this.#source.indexOf("'", start);
    if (end < 0) this.#fail('unexpected end of statement while looking for matching single-quote');
    this.#at = end + 1;
    return this.#source.slice(start, end);
  }

  #doubleQuoted(keepsEscapes: boolean): string {
    const { escape } = this.#scope;
    const into = new ExpandedText(mostCharacters);
    this.#at += 1;
    for (;;) {
      const character = this.#source.charAt(this.#at);
      if (character === '') break;
      if (character === '$') {
        into.addQuoted(this.#dollar());
        continue;
      }
      this.#at += 1;
      if (character === '"') return into.text;
      const next = this.#source.charAt(this.#at);
      if (character !== escape) {
        into.addQuoted(character);
      } else if (next === '"' || next === '$' || next === escape) {
        into.addQuoted(keepsEscapes ? character + next : next);
        this.#at += 1;
      } else if (next !== '') {
        into.addQuoted(character);
      }
    }
    return this.#fail('unexpected end of statement while looking for matching double-quote');
  }

  /** What stands for `$…`, at which the reader is. */
  #dollar(): string {
    this.#at += 1;
    if (this.#source.charAt(this.#at) !== '{') {
      const name = this.#name(/[@*#]/);
      return name === '' ? '$' : (this.#get(name) ?? '');
    }
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > deepest) this.#fail(`substitutions are nested deeper than ${deepest}`);
    const value = this.#braced();
    this.#depth -= 1;
    this.#budget.spend(value.length);
    return value;
  }

  #braced(): string {
    const name = this.#name(/[@*#?\-$!]/);
    if (name === '') {
      this.#fail(this.#at >= this.#source.length ? "missing '}' in substitution" : 'bad substitution');
    }
    const value = this.#get(name);
    const operator = this.#next();
    switch (operator) {
      case '':
        return this.#fail("missing '}' in substitution");
      case '}':
        return value ?? '';
      case ':': {
        const behind = this.#next();
        if (behind === '') this.#fail("missing '}' in substitution");
        if (!['-', '+', '?'].includes(behind)) this.#unsupported(`:${behind}`);
        return this.#conditional(name, behind, value === '' ? undefined : value, 'empty');
      }
      case '-':
      case '+':
      case '?':
        return this.#conditional(name, operator, value, 'unset');
      case '#':
      case '%':
        return this.#trimmed(operator, value ?? '');
      case '/':
        return this.#replaced(value ?? '');
      default:
        return this.#unsupported(operator);
    }
  }

  #conditional(name: string, operator: string, value: string | undefined, lack: string): string {
    const word = this.#word('}', false);
    if (operator === '-') return value ?? word;
    if (operator === '+') return value === undefined ? '' : word;
    if (value !== undefined) return value;
    throw new SubstitutionError(`${name}: ${word === '' ? `is not allowed to be ${lack}` : word}`);
  }

  #trimmed(operator: string, value: string): string {
    const longest = this.#source.charAt(this.#at) === operator;
    if (longest) this.#at += 1;
    const glob = this.#glob(this.#word('}', true));
    const characters = this.#characters(value);
    if (operator === '#') return characters.slice(glob.prefix(characters, longest) ?? 0).join('');
    return characters.slice(0, glob.suffix(characters, longest) ?? characters.length).join('');
  }

  #replaced(value: string): string {
    const isAll = this.#source.charAt(this.#at) === '/';
    if (isAll) this.#at += 1;
    const pattern = this.#word('/', true);
    const glob = this.#glob(pattern);
    const replacement = this.#word('}', true);
    const characters = this.#characters(value);
    const into = new ExpandedText(mostCharacters);
    let at = 0;
    for (let found = pattern === '' ? undefined : glob.find(characters, 0); found !== undefined;) {
      const [start, end] = found;
      into.add(characters.slice(at, start).join('') + replacement);
      // A piece that is empty is replaced once, and never at the end of another.
      at = end;
      found = isAll && end < characters.length ? glob.find(characters, end) : undefined;
    }
    into.add(characters.slice(at).join(''));
    return into.text;
  }

  #word(stop: string, keepsEscapes: boolean): string {
    const into = new ExpandedText(mostCharacters);
    this.#until(stop, into, keepsEscapes);
    return into.text;
  }

  #glob(pattern: string): ShellGlob {
    return ShellGlob.parse(pattern, this.#scope.escape, this.#budget);
  }

  #characters(value: string): readonly string[] {
    this.#budget.spend(value.length);
    return Array.from(value);
  }

  /** The shell's own parameters are never set, even if somebody named a variable so. */
  #get(name: string): string | undefined {
    return /^[\p{L}_]/u.test(name) ? this.#scope.get(name) : undefined;
  }

  /** Letters, of any alphabet as for the peers, digits and `_`; digits alone; or what `special` has of the shell's parameters. */
  #name(special: RegExp): string {
    const pattern = /[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+/uy;
    pattern.lastIndex = this.#at;
    const character = this.#source.charAt(this.#at);
    const [name = special.test(character) ? character : ''] = pattern.exec(this.#source) ?? [];
    this.#at += name.length;
    return name;
  }

  /** The character at hand, empty at the end; goes past it. */
  #next(): string {
    const code = this.#source.codePointAt(this.#at);
    const character = code === undefined ? '' : String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #unsupported(operator: string): never {
    this.#fail(`unsupported modifier (${operator}) in substitution`);
  }

  #fail(reason: string): never {
    const source = this.#source.length > 200 ? `${this.#source.slice(0, 200)}…` : this.#source;
    throw new SubstitutionError(`failed to process ${JSON.stringify(source)}: ${reason}`);
  }
}

// The tokens of a template one after the other, and what is said of one that is in the wrong place.
import type { Token } from './lex.js';
import { quote } from './quote.js';
import { TemplateError } from './template-error.js';

export class TokenReader {
  readonly #name: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  /** The line that the action at hand begins on. */
  actionLine = 0;

  /** `name` is what errors call the template; the last of `tokens` is its end. */
  constructor(name: string, tokens: readonly Token[]) {
    this.#name = name;
    this.#tokens = tokens;
  }

  /** Where the next one is, for {@link returnTo}. */
  get place(): number {
    return this.#next;
  }

  returnTo(place: number): void {
    this.#next = place;
  }

  /** The last one is the next again. */
  back(): void {
    this.#next -= 1;
  }

  /** The next one; the end again and again behind it. */
  take(): Token {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)];
    this.#next += 1;
    return token as Token;
  }

  /** The next one that is no blank. */
  takeWord(): Token {
    for (;;) {
      const token = this.take();
      if (token.kind !== 'space') return token;
    }
  }

  peek(): Token {
    const token = this.take();
    this.back();
    return token;
  }

  peekWord(): Token {
    const token = this.takeWord();
    this.back();
    return token;
  }

  /** Takes the end of an action. Throws {@link TemplateError}. */
  expectRight(context: string): void {
    const token = this.takeWord();
    if (token.kind !== 'right') throw this.unexpected(token, context);
  }

  unexpected(token: Token, context: string): TemplateError {
    if (token.kind === 'error') return this.error(token.text + this.#since(token));
    return this.error(`unexpected ${tokenText(token)} in ${context}`);
  }

  #since({ line, text }: Token): string {
    if (this.actionLine === 0 || this.actionLine === line) return '';
    const started = ` started at ${this.#name}:${this.actionLine}`;
    return text.endsWith(' action') ? started : ` in action${started}`;
  }

  /** What is wrong, with the line that was reached. */
  error(message: string): TemplateError {
    const { line } = this.#tokens[Math.max(0, Math.min(this.#next, this.#tokens.length) - 1)] ?? { line: 1 };
    return new TemplateError(`template: ${this.#name}:${line}: ${message}`);
  }
}

function tokenText({ kind, text }: Token): string {
  if (kind === 'end') return 'EOF';
  if (kind === 'keyword' || kind === 'dot') return `<${text}>`;
  const characters = Array.from(text);
  return characters.length > 10 ? `${quote(characters.slice(0, 10).join(''))}...` : quote(text);
}

// Takes what an expansion gives, as one text or as words.
import { SubstitutionError } from './substitution-error.js';
import { isBlank } from './words.js';

/** One text; blanks are nothing special. */
export class ExpandedText {
  readonly #most: number;
  #text = '';

  /** `most`: characters; past them {@link SubstitutionError} is thrown. */
  constructor(most: number) {
    this.#most = most;
  }

  get text(): string {
    return this.#text;
  }

  /** What was quoted or escaped. */
  addQuoted(text: string): void {
    this.#text += text;
    if (this.#text.length > this.#most) {
      throw new SubstitutionError(`the value has more than ${this.#most} characters`);
    }
  }

  add(text: string): void {
    this.addQuoted(text);
  }
}

/** Words: blanks that are not quoted separate them. */
export class ExpandedWords extends ExpandedText {
  #starts: number[] = [];
  #inWord = false;

  override add(text: string): void {
    for (const character of text) {
      if (isBlank(character.charCodeAt(0))) this.#inWord = false;
      else this.addQuoted(character);
    }
  }

  override addQuoted(text: string): void {
    if (text === '') return;
    if (!this.#inWord) this.#starts.push(this.text.length);
    this.#inWord = true;
    super.addQuoted(text);
  }

  words(): readonly string[] {
    return this.#starts.map((start, index) => this.text.slice(start, this.#starts[index + 1]));
  }
}

// Cuts the text of an instruction into words, as they were written.
import type { RawText } from './instruction.js';

/** The builders' own notion of a blank, which is Go's: also the ones that are copied out of web pages. */
const blank = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

export function isBlank(character: string): boolean {
  return blank.test(character);
}

export function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && isBlank(text.charAt(start))) start += 1;
  return text.slice(start);
}

export function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charAt(end - 1))) end -= 1;
  return trimStart(text.slice(0, end));
}

/** What is separated by blanks, whatever quotes there are: COPY, FROM and their like know no others. */
export function splitBlanks(text: string): readonly RawText[] {
  return text.split(/[\t-\r ]+/).filter((word) => word !== '');
}

/** The first word and the rest of a trimmed text. */
export function firstWord(text: string): readonly [string, string] {
  const [word = ''] = /^[^\t-\r ]*/.exec(text) ?? [];
  return [word, trimBlanks(text.slice(word.length))];
}

/** Words with their quotes and escapes: blanks in quotes or behind the escape character do not separate. */
export function splitWords(text: string, escape: string): readonly RawText[] {
  const words: RawText[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isBlank(text.charAt(at))) at += 1;
    if (at >= text.length) return words;
    const end = endOfWord(text, at, escape);
    const word = text.slice(at, end);
    // An escape character that nothing follows is as if it were not there.
    if (word !== escape) words.push(word);
    at = end;
  }
}

/** The index behind the word that begins at `start`; quotes that are not closed reach to the end. */
export function endOfWord(text: string, start: number, escape: string): number {
  let quote = '';
  let at = start;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === escape && quote !== "'") at += 1;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (isBlank(character)) return at;
  }
  return text.length;
}

/** Without quotes and escapes; nothing is substituted. For texts in which a dollar sign means nothing. */
export function unquote(word: RawText, escape: string): string {
  let result = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const character = word.charAt(at);
    if (character === escape && quote !== "'") {
      at += 1;
      result += word.charAt(at);
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
    } else if (character === quote) {
      quote = '';
    } else {
      result += character;
    }
  }
  return result;
}

/** The raw text of a string that has been decoded already: one word, whose dollar signs and escapes still count. */
export function quoteWord(text: string, escape: string): RawText {
  let result = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === escape && at + 1 < text.length) {
      at += 1;
      result += character + text.charAt(at);
    } else {
      result += /["' \t-\r]/.test(character) ? escape + character : character;
    }
  }
  return result;
}

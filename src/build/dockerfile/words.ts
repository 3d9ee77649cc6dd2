// Cuts the text of an instruction into words, as they were written.
import type { RawText } from './instruction.js';

const singleQuote = 0x27;
const doubleQuote = 0x22;
const rareBlank = /[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Go's notion of a blank, as the builders have it: also the ones that are copied out of web pages. `code` is of UTF-16. */
export function isBlank(code: number): boolean {
  if (code < 0x1680) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0x85 || code === 0xa0;
  return rareBlank.test(String.fromCharCode(code));
}

export function trimStart(text: string): string {
  return text.slice(skipBlanks(text, 0));
}

export function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(Math.min(skipBlanks(text, 0), end), end);
}

/** The index of the first character from `start` on that is no blank. */
export function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** What is separated by blanks, whatever quotes there are. */
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
  for (let start = skipBlanks(text, 0); start < text.length;) {
    const end = endOfWord(text, start, escape);
    const word = text.slice(start, end);
    // An escape character that nothing follows is as if it were not there.
    if (word !== escape) words.push(word);
    start = skipBlanks(text, end);
  }
  return words;
}

/** The index behind the word that begins at `start`; quotes that are not closed reach to the end. */
export function endOfWord(text: string, start: number, escape: string): number {
  const escapeCode = escape.charCodeAt(0);
  let quote = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === escapeCode && quote !== singleQuote) at += 1;
    else if (quote !== 0) quote = code === quote ? 0 : quote;
    else if (code === singleQuote || code === doubleQuote) quote = code;
    else if (isBlank(code)) return at;
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

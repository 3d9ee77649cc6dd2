// A command line as people write it into a label: words, quotes and variables as a shell has them, and nothing else of a shell.

/** A quote or a backslash with nothing behind it; in the words of the original. */
export class ShellWordsError extends Error {
  override readonly name = 'ShellWordsError';
  readonly code = 'SHELL_WORDS';
}

type Quote = '' | '"' | "'";

const variable = /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/y;
const blank = /\s/;

/**
 * The words of `text`. `$NAME` and `${NAME}` stand for what `valueOf` gives: within double quotes as it is, outside of quotes as words of
 * its own, within single quotes they stand for themselves. Throws {@link ShellWordsError}.
 */
export function shellWords(text: string, valueOf: (name: string) => string): string[] {
  const words: string[] = [];
  /** Undefined between words: a word may be empty. */
  let word: string | undefined;
  let quote: Quote = '';
  const end = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) {
      quote = '';
    } else if (quote === "'") {
      word = `${word ?? ''}${char}`;
    } else if (char === '\\') {
      at += 1;
      if (at === text.length) throw new ShellWordsError('EOF found after escape character');
      word = `${word ?? ''}${text.charAt(at)}`;
    } else if (char === '$') {
      variable.lastIndex = at;
      const [whole, braced, plain = braced] = variable.exec(text) ?? [char];
      const value = plain === undefined ? whole : valueOf(plain);
      at += whole.length - 1;
      if (quote === '"' || plain === undefined) {
        word = `${word ?? ''}${value}`;
      } else {
        for (const part of value.split(/(\s+)/)) {
          if (blank.test(part)) end();
          else if (part !== '') word = `${word ?? ''}${part}`;
        }
      }
    } else if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === '' && blank.test(char)) {
      end();
    } else if (quote === '' && char === '#' && word === undefined) {
      const newline = text.indexOf('\n', at);
      at = newline < 0 ? text.length : newline;
    } else {
      word = `${word ?? ''}${char}`;
    }
  }
  if (quote !== '') throw new ShellWordsError('EOF found when expecting closing quote');
  end();
  return words;
}

/** The words as one could type them. */
export function quoteWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

// `--chmod`: an octal number, or symbolic changes as chmod(1) has them.
import { CopyError } from './copy-errors.js';

const MOST = 0o7777;
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };

/** From the mode that a file has (permission and set-id bits) to the one it gets. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

/** Throws {@link CopyError} for what is neither. */
export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,7}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= MOST) return () => mode;
  }
  const clauses = text.split(',').map((clause) => parseClause(clause));
  if (!clauses.every((clause) => clause !== undefined)) {
    throw new CopyError(`parsing chmod ${JSON.stringify(text)}: neither octal nor symbolic`);
  }
  return (mode, isDirectory) => clauses.reduce((so, change) => change(so, isDirectory), mode);
}

function parseClause(clause: string): ModeChange | undefined {
  const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause);
  if (match === null) return undefined;
  const [, who = '', actions = ''] = match;
  const all = who === '' ? 'a' : who;
  const mask = Array.from(all).reduce((bits, letter) => bits | (WHO[letter] ?? 0), 0);
  const changes = [...actions.matchAll(/([-+=])([rwxXstugo]*)/g)];
  return (mode, isDirectory) =>
    changes.reduce((so, [, operator = '', letters = '']) => {
      // The sticky bit belongs to others by number, but to everybody by letter.
      const scope = letters.includes('t') ? mask | 0o1000 : mask;
      const bits = bitsOf(letters, so, isDirectory) & scope;
      if (operator === '+') return so | bits;
      if (operator === '-') return so & ~bits;
      // Set-id bits of directories stay unless they are named, as in chmod(1).
      const cleared = isDirectory ? mask & 0o777 : mask;
      return (so & ~cleared) | bits;
    }, mode);
}

function bitsOf(letters: string, mode: number, isDirectory: boolean): number {
  let bits = 0;
  for (const letter of letters) {
    switch (letter) {
      case 'r':
        bits |= 0o444;
        break;
      case 'w':
        bits |= 0o222;
        break;
      case 'x':
        bits |= 0o111;
        break;
      case 'X':
        if (isDirectory || (mode & 0o111) !== 0) bits |= 0o111;
        break;
      case 's':
        bits |= 0o6000;
        break;
      case 't':
        bits |= 0o1000;
        break;
      default:
        bits |= ((mode >> { u: 6, g: 3, o: 0 }[letter as 'u' | 'g' | 'o']) & 7) * 0o111;
    }
  }
  return bits;
}

// Shell patterns: `*`, `?`, `[..]`, and `\\` before a character taken as it is; `/` is an ordinary character.
import { InvalidFilterError } from '../errors.js';

type Token = '*' | ((character: string) => boolean);

/** A test for whole texts. Throws {@link InvalidFilterError} for a bracket that is not closed. */
export function shellPattern(pattern: string): (text: string) => boolean {
  const tokens = parse(pattern);
  return (text) => matches(tokens, text);
}

function parse(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') {
      if (tokens.at(-1) !== '*') tokens.push('*');
    } else if (character === '?') {
      tokens.push(() => true);
    } else if (character === '[') {
      const [text, negation, members = ''] = /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(at)) ?? [];
      if (text === undefined) throw new InvalidFilterError(`syntax error in pattern ${pattern}`);
      const isMember = characterSet(members);
      tokens.push(negation === '' ? isMember : (candidate) => !isMember(candidate));
      at += text.length - 1;
    } else {
      if (character === '\\' && at + 1 < pattern.length) at += 1;
      const literal = pattern.charAt(at);
      tokens.push((candidate) => candidate === literal);
    }
  }
  return tokens;
}

function characterSet(members: string): (character: string) => boolean {
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < members.length; at += 1) {
    const first = members.charAt(at);
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    ranges.push([first, isRange ? members.charAt(at + 2) : first]);
    if (isRange) at += 2;
  }
  return (character) => ranges.some(([first, last]) => first <= character && character <= last);
}

/** Only the last `*` is ever tried again, so the time is at most text times pattern, whatever a client sends. */
function matches(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const current = tokens[token];
    if (current === '*') {
      star = token;
      starAt = at;
      token += 1;
    } else if (current !== undefined && current(text.charAt(at))) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      token = star + 1;
      starAt += 1;
      at = starAt;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every((rest) => rest === '*');
}

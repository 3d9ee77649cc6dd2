// ENV, LABEL and ARG: names and values.
import type { ArgInstruction, RawPair } from './instruction.js';
import type { Statement } from './statement.js';
import { firstWord, splitWords, unquote } from './words.js';

/** `k=v ...`, or the old `k rest of the line`, which the first word decides. */
export function parsePairs(statement: Statement): readonly RawPair[] {
  const words = splitWords(statement.rest, statement.escape);
  if (words.length === 0) statement.fail(`${statement.instruction} requires at least one argument`);
  if (!words[0]?.includes('=')) {
    const [key, value] = firstWord(statement.rest);
    if (value === '') statement.fail(`${statement.instruction} must have two arguments`);
    return [{ key, value }];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) {
      statement.fail(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      );
    }
    if (equals === 0) statement.fail(`${statement.instruction} names can not be blank`);
    return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

export function parseArgs(statement: Statement): ArgInstruction['args'] {
  const words = splitWords(statement.rest, statement.escape);
  if (words.length === 0) statement.fail('ARG requires at least one argument');
  return words.map(unwrap).map((word) => {
    const equals = word.indexOf('=');
    const name = unquote(equals < 0 ? word : word.slice(0, equals), statement.escape);
    if (name === '') statement.fail('ARG names can not be blank');
    return equals < 0 ? { name } : { name, value: word.slice(equals + 1) };
  });
}

/** `"name=value"` as `name="value"`: buildah takes it, and it is written that way in the wild. */
function unwrap(word: string): string {
  const [, quote, name, value] = /^(["'])(\w+)=([^"']*)\1$/.exec(word) ?? [];
  return quote === undefined ? word : `${name}=${quote}${value}${quote}`;
}

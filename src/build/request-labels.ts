// The labels of a request, as the instructions at the end of the stage that they are for the peer: the cache and the history show them.
import type { EnvInstruction } from './dockerfile/instruction.js';

/** `KEY=VALUE` each; without a value it is empty. */
export function labelSteps(labels: readonly string[], escape: string): readonly EnvInstruction[] {
  return labels.map((text) => {
    const equals = text.indexOf('=');
    const key = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? '' : text.slice(equals + 1);
    return {
      kind: 'label',
      line: 0,
      original: `LABEL ${JSON.stringify(key)}=${JSON.stringify(value)}`,
      flags: [],
      pairs: [{ key: literal(key, escape), value: literal(value, escape) }],
    };
  });
}

/** A word in which nothing is substituted. */
function literal(text: string, escape: string): string {
  return `'${text.replaceAll("'", `'${escape}''`)}'`;
}

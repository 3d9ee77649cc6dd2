// What is wrong with an interface file, and where.
import type { Position } from './tree.js';

/** A text that is not a good interface description; the message begins with `line:column: `. */
export class IdlError extends Error {
  override readonly name = 'IdlError';
  readonly code = 'INVALID_INTERFACE';
  readonly position: Position;
  constructor(position: Position, problem: string) {
    super(`${position.line}:${position.column}: ${problem}`);
    this.position = position;
  }
}

/** A word of the text as it stands in a message: of one that is too long for that, the beginning. */
export function shown(word: string): string {
  return word.length <= 80 ? word : `${word.slice(0, 80)}…`;
}

/** The same in quotes. */
export function quoted(word: string): string {
  return JSON.stringify(shown(word));
}

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

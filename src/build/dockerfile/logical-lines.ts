// Lines as instructions have them: continued ones joined, comments and blank ones left out.
import { DockerfileError } from './dockerfile-error.js';
import type { HeredocMarker } from './heredoc.js';
import type { Heredoc } from './instruction.js';
import { trimBlanks, trimStart } from './words.js';

// A file at all of its limits takes some 50 ms of the thread that serves everybody.
const mostCharacters = 4 * 1024 * 1024;
const mostLines = 50_000;
// Of comments and here-documents there may be many, instructions are what takes time.
const mostInstructions = 2500;
const mostInstructionCharacters = 256 * 1024;

export interface LogicalLine {
  /** Of its first line, counted from 1. */
  readonly number: number;
  /** Without blanks in front. */
  readonly text: string;
}

/** Hands out the lines of a file one after the other. Throws {@link DockerfileError} for a file past all measure. */
export class LogicalLines {
  readonly escape: string;
  readonly #lines: readonly string[];
  readonly #first: number;
  #at = 0;
  #instructions = 0;
  #characters = 0;

  /** `first`: the number of the first line. Directives hold only where `escape` is not given. */
  constructor(text: string, escape?: string, first = 1) {
    if (text.length > mostCharacters) {
      throw new DockerfileError(`the file has more than ${mostCharacters} characters`);
    }
    // One more than there may be is enough to know.
    this.#lines = text.replace(/^\ufeff/, '').split('\n', mostLines + 1);
    if (this.#lines.length > mostLines) {
      throw new DockerfileError(`the file has more than ${mostLines} lines`);
    }
    this.#first = first;
    this.escape = escape ?? readDirectives(this.#lines);
  }

  next(): LogicalLine | undefined {
    while (this.#at < this.#lines.length) {
      const number = this.#first + this.#at;
      const text = trimStart(this.#join());
      if (text === '') continue;
      this.#count(text);
      return { number, text };
    }
    return undefined;
  }

  /** The lines that belong to a here-document, up to the one that ends it. `line` is the instruction's. */
  body(marker: HeredocMarker, line: number): Heredoc {
    const content: string[] = [];
    for (; this.#at < this.#lines.length; this.#at += 1) {
      const raw = this.#line(this.#at);
      const text = marker.stripsTabs ? raw.replace(/^\t+/, '') : raw;
      if (text === marker.name) {
        this.#at += 1;
        return { name: marker.name, content: content.join(''), expands: marker.expands };
      }
      content.push(text, '\n');
    }
    throw new DockerfileError(`unterminated heredoc: no line is ${JSON.stringify(marker.name)}`, line);
  }

  #count(text: string): void {
    this.#instructions += 1;
    this.#characters += text.length;
    if (this.#instructions > mostInstructions) {
      throw new DockerfileError(`the file has more than ${mostInstructions} instructions`);
    }
    if (this.#characters > mostInstructionCharacters) {
      throw new DockerfileError(`the instructions have more than ${mostInstructionCharacters} characters`);
    }
  }

  /** The line at hand with all that continue it; empty for a comment. */
  #join(): string {
    const pieces: string[] = [];
    for (let isFirst = true; this.#at < this.#lines.length; isFirst = false) {
      const line = this.#line(this.#at);
      this.#at += 1;
      const start = trimStart(line);
      if (start === '' || start.startsWith('#')) {
        if (isFirst) return '';
        continue;
      }
      const end = continuationOf(line, this.escape);
      pieces.push(line.slice(0, end ?? line.length));
      if (end === undefined) break;
    }
    return pieces.join('');
  }

  #line(index: number): string {
    const line = this.#lines[index] ?? '';
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}

/** Where the escape character stands that continues the line. */
function continuationOf(line: string, escape: string): number | undefined {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end -= 1;
  return line[end - 1] === escape ? end - 1 : undefined;
}

/** Gives the escape character. Directives are only read before anything else, and each may stand there once. */
function readDirectives(lines: readonly string[]): string {
  const seen = new Set<string>();
  let escape = '\\';
  for (const [index, line] of lines.entries()) {
    const directive = directiveOf(line);
    if (directive === undefined) break;
    const { name, value } = directive;
    if (seen.has(name)) {
      throw new DockerfileError(`only one ${name} parser directive can be used`, index + 1);
    }
    seen.add(name);
    if (name !== 'escape') continue;
    // The peers look at its first character only.
    escape = value.charAt(0);
    if (escape !== '\\' && escape !== '`') {
      throw new DockerfileError(`invalid ESCAPE ${JSON.stringify(value)}, must be \` or \\`, index + 1);
    }
  }
  return escape;
}

function directiveOf(line: string): { readonly name: string; readonly value: string } | undefined {
  const comment = trimBlanks(line);
  const equals = comment.indexOf('=');
  if (!comment.startsWith('#') || equals < 0) return undefined;
  const name = trimBlanks(comment.slice(1, equals)).toLowerCase();
  const value = trimStart(comment.slice(equals + 1));
  return value !== '' && ['escape', 'syntax', 'check'].includes(name) ? { name, value } : undefined;
}

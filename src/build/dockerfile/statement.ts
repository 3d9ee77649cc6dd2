// An instruction taken apart so far as all of them are alike: name, flags, the rest, here-documents.
import { DockerfileError } from './dockerfile-error.js';
import { Flags, splitFlags } from './flags.js';
import type { FlagKind } from './flags.js';
import { findHeredocs } from './heredoc.js';
import type { HeredocMarker } from './heredoc.js';
import type { Command, Heredoc, RawText } from './instruction.js';
import { jsonStrings } from './json-strings.js';
import type { LogicalLine, LogicalLines } from './logical-lines.js';
import { firstWord } from './words.js';

/** What the instructions' own parsers get. */
export class Statement {
  /** As it was written. */
  readonly name: string;
  /** What every instruction says of itself. */
  readonly base: { readonly line: number; readonly original: string; readonly flags: readonly RawText[] };
  /** Without blanks around. */
  readonly rest: string;
  readonly escape: string;
  readonly markers: readonly HeredocMarker[];
  /** In the order of their markers. */
  readonly heredocs: readonly Heredoc[];

  constructor({ number, text }: LogicalLine, lines: LogicalLines) {
    const [name, behind] = firstWord(text);
    const { flags, rest } = splitFlags(behind, lines.escape);
    this.name = name;
    this.base = { line: number, original: text, flags };
    this.rest = rest;
    this.escape = lines.escape;
    this.markers = this.#findMarkers();
    this.heredocs = this.markers.map((marker) => lines.body(marker, number));
  }

  /** In capitals. */
  get instruction(): string {
    return this.name.toUpperCase();
  }

  fail(reason: string): never {
    throw new DockerfileError(reason, this.base.line);
  }

  flags(kinds: Readonly<Record<string, FlagKind>>): Flags {
    return new Flags(this.base.flags, kinds, (reason) => this.fail(reason));
  }

  noFlags(): void {
    this.flags({});
  }

  /** The strings of the JSON form; undefined for the plain form. */
  strings(rest = this.rest): readonly string[] | undefined {
    return jsonStrings(rest, (reason) => this.fail(reason));
  }

  command(rest = this.rest): Command {
    const args = this.strings(rest);
    return args === undefined
      ? { form: 'shell', text: rest, heredocs: this.heredocs }
      : { form: 'exec', args };
  }

  #findMarkers(): readonly HeredocMarker[] {
    if (!this.rest.includes('<<')) return [];
    const instruction = this.instruction;
    if (instruction === 'ONBUILD') {
      const [name, behind] = firstWord(this.rest);
      return markersOf(name.toUpperCase(), splitFlags(behind, this.escape).rest);
    }
    return markersOf(instruction, this.rest);
  }
}

function markersOf(instruction: string, rest: string): readonly HeredocMarker[] {
  if (!['RUN', 'COPY', 'ADD'].includes(instruction)) return [];
  const isJson = jsonStrings(rest, () => undefined) !== undefined;
  return isJson ? [] : findHeredocs(rest, instruction === 'RUN');
}

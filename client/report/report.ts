// A `--format` template: podman's rules for tables, line ends and lists around the template itself.
import { CommandError } from '../errors.js';
import { layOutTabs } from '../output/tab-columns.js';
import { Template } from '../output/template/execute.js';
import { fieldNames } from '../output/template/encode.js';
import { mapOf, sliceOf, stringType } from '../output/template/go-type.js';
import type { GoType, GoValue } from '../output/template/go-type.js';
import { TemplateError } from '../output/template/template-error.js';
import type { Output } from '../context.js';
import { isTableFormat } from './format-kind.js';

export interface ReportOptions {
  /** The template runs over each item of a list, unless it says so itself, and not over one value. */
  readonly each: boolean;
  /** What a table is headed by. */
  readonly headings?: ReadonlyMap<string, string> | undefined;
}

const ownRange = /\{\{\s*range\s*\.\s*\}\}.*\{\{\s*end\s*-?\s*\}\}/s;

/** A template that was read. Throws {@link CommandError} for one that is none. */
export class Report {
  readonly #template: Template;
  readonly #table: boolean;
  readonly #headings: ReadonlyMap<string, string>;

  constructor(name: string, format: string, { each, headings = new Map() }: ReportOptions) {
    this.#table = isTableFormat(format);
    this.#headings = headings;
    const source = (text: string): string => {
      if (this.#table) return ranged(text);
      return each && !ownRange.test(text) ? ranged(text) : text;
    };
    this.#template = command(() => readEither(name, source(normalized(format)), source(format)));
  }

  /** Prints the values; what came out before an error is printed, too. */
  print(stdout: Pick<Output, 'write'>, data: GoValue): void {
    let text = '';
    const write = (part: string): void => void (text += part);
    try {
      command(() => {
        if (this.#table && this.#headings.size > 0) this.#template.execute(headingRow(this.#headings), write);
        this.#template.execute(data, write);
      });
    } finally {
      stdout.write(this.#table ? layOutTabs(text) : text);
    }
  }
}

function command<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof TemplateError
      ? new CommandError(error.message, undefined, { cause: error })
      : error;
  }
}

/** A list of what a template runs over. */
export function listOf(type: GoType, raw: readonly unknown[]): GoValue {
  return { type: sliceOf(type), raw };
}

function headingRow(headings: ReadonlyMap<string, string>): GoValue {
  return { type: sliceOf(mapOf(stringType)), raw: [headings] };
}

/** Escapes are resolved outside of quotes, too, as docker does it; where that breaks a template it is taken as it is. */
function readEither(name: string, normal: string, asGiven: string): Template {
  try {
    return new Template(name, normal);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return new Template(name, asGiven);
  }
}

function ranged(text: string): string {
  return `{{range .}}${text}{{end -}}`;
}

function normalized(format: string): string {
  const text = isTableFormat(format)
    ? format.replace(/table |\\t| |\\n/g, (found) =>
        found === 'table ' ? '' : found === '\\n' ? '\n' : '\t',
      )
    : format.replace(/\\[tn]/g, (found) => (found === '\\n' ? '\n' : '\t'));
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** Headings of all fields of a type: their names in capitals, word by word. */
export function headingsOf(
  type: GoType,
  overrides: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, string> {
  const words = (name: string): string =>
    name.replace(/([a-z\d])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2 ').toUpperCase();
  return new Map([
    ...fieldNames(type).map((name) => [name, words(name)] as const),
    ...Object.entries(overrides),
  ]);
}

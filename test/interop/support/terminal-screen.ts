// What a terminal shows: the model that editors have for theirs, without a window.
import type { IBufferCell, Terminal } from '@xterm/headless';
import * as module from '@xterm/headless';

// An ES module sees a CommonJS one by its default export alone; the tests are compiled to CommonJS.
const xterm = ('default' in module ? module.default : module) as typeof module;

/** Cells of a line that look the same. */
export interface Span {
  readonly text: string;
  /** What differs from plain text; a color is a number of the palette or `#rrggbb`. */
  readonly bold?: true;
  readonly dim?: true;
  readonly underline?: true;
  readonly inverse?: true;
  readonly color?: number | string;
  readonly background?: number | string;
}

/** What is to be seen at one moment. */
export interface View {
  /** As many as the terminal has rows, each without blanks at its end. */
  readonly lines: readonly (readonly Span[])[];
  /** From 0. */
  readonly cursor: { readonly column: number; readonly row: number };
}

const scrollback = 10_000;

export class TerminalScreen {
  /** Every write as it came. */
  readonly writes: string[] = [];
  readonly #terminal: Terminal;

  constructor(columns: number, rows: number) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback, allowProposedApi: true });
  }

  write(text: string): void {
    this.writes.push(text);
    this.#terminal.write(text);
  }

  /** Lines are wrapped anew, as windows do it. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Resolves when everything that was written is on the screen. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#terminal.write('', resolve);
    });
  }

  /** All lines since the start without blanks at the ends, those that have scrolled away, too. */
  text(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString());
    return lines
      .map((line = '') => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  view(): View {
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: this.#terminal.rows }, (_, row) => this.#spans(active.baseY + row));
    return { lines, cursor: { column: active.cursorX, row: active.cursorY } };
  }

  #spans(row: number): Span[] {
    const line = this.#terminal.buffer.active.getLine(row);
    const spans: Span[] = [];
    for (let column = 0; column < this.#terminal.cols; column += 1) {
      const cell = line?.getCell(column);
      // The right half of a wide character.
      if (cell === undefined || cell.getWidth() === 0) continue;
      const span = { ...styleOf(cell), text: cell.getChars() || ' ' };
      const last = spans.at(-1);
      if (last !== undefined && sameStyle(last, span)) spans[spans.length - 1] = joined(last, span);
      else spans.push(span);
    }
    const end = spans.at(-1);
    if (end !== undefined && sameStyle(end, { text: '' })) {
      spans.pop();
      if (end.text.trimEnd() !== '') spans.push({ text: end.text.trimEnd() });
    }
    return spans;
  }
}

function joined(a: Span, b: Span): Span {
  return { ...a, text: a.text + b.text };
}

function sameStyle(a: Span, b: Span): boolean {
  return JSON.stringify({ ...a, text: '' }) === JSON.stringify({ ...b, text: '' });
}

function styleOf(cell: IBufferCell): Span {
  return {
    text: '',
    ...(cell.isBold() ? { bold: true } : {}),
    ...(cell.isDim() ? { dim: true } : {}),
    ...(cell.isUnderline() ? { underline: true } : {}),
    ...(cell.isInverse() ? { inverse: true } : {}),
    ...(cell.isFgDefault() ? {} : { color: colorOf(cell.isFgRGB(), cell.getFgColor()) }),
    ...(cell.isBgDefault() ? {} : { background: colorOf(cell.isBgRGB(), cell.getBgColor()) }),
  };
}

function colorOf(isRgb: boolean, value: number): number | string {
  return isRgb ? `#${value.toString(16).padStart(6, '0')}` : value;
}

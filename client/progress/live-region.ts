// The last lines of a terminal, drawn anew in place: lines that are done scroll up, the others change where they are.
import { columnsOf, cutToColumns } from '../output/columns.js';

/** What is needed of a terminal; `process.stderr` is one. */
export interface Terminal {
  write(text: string): unknown;
  /** Absent, or 0, where the size is not known. */
  readonly columns?: number;
  readonly rows?: number;
}

const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';

/**
 * Between two draws the cursor is at the start of the line below the region: from there all terminals agree on where the region
 * is after the window has become narrower and its lines were wrapped. On a terminal of one row it is in that row.
 */
export class LiveRegion {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];
  /** `columns` and `rows` the lines were drawn for. */
  #size = '';
  /** Was a line drawn in the only row there is? */
  #isOneRow = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** How many lines can be drawn without the topmost leaving the screen. */
  get height(): number {
    return Math.max((this.#terminal.rows || 24) - 1, 1);
  }

  /** One more than the lines may have: some terminals wrap in the last column. */
  get columns(): number {
    return Math.max(this.#terminal.columns || 80, 2);
  }

  /**
   * Shows `lines` in place of the last ones, below `above`, which stays for good. All in one write and only what changed,
   * nothing cleared before it is written over: so nothing flickers.
   */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const { rows = 24 } = this.#terminal;
    const next = lines.slice(-this.height).map((line) => cutToColumns(line, this.columns - 1));
    const size = `${this.columns} ${rows}`;
    let text: string;
    if (size !== this.#size && this.#drawn.length > 0) {
      text = `\r${up(this.#drawnRows())}${clearBelow}${whole([], next, above)}`;
    } else if (this.#isOneRow) {
      text = whole([], next, above);
    } else {
      text = above.length === 0 ? changes(this.#drawn, next) : whole(this.#drawn, next, above);
    }
    const isOneRow = rows === 1 && next.length > 0;
    // Its line feed would scroll the line away.
    if (isOneRow && text.endsWith(`\n${clearBelow}`)) text = `${text.slice(0, -1 - clearBelow.length)}\r`;
    else if (isOneRow && text.endsWith('\n')) text = `${text.slice(0, -1)}\r`;
    this.#drawn = next;
    this.#size = size;
    this.#isOneRow = isOneRow;
    if (text !== '') this.#terminal.write(text);
  }

  /** Leaves what is drawn where it is: the next draw begins below. */
  leave(): void {
    if (this.#isOneRow) this.#terminal.write('\n');
    this.forget();
  }

  /** The lines are where they were left by others, if at all: the next draw begins at the cursor. */
  forget(): void {
    this.#drawn = [];
    this.#isOneRow = false;
  }

  /** How many rows the lines take in a window that may be narrower than the one they were drawn in. */
  #drawnRows(): number {
    const rows = this.#drawn.map((line) => Math.max(Math.ceil(columnsOf(line) / this.columns), 1));
    return rows.reduce((sum, count) => sum + count, this.#isOneRow ? -1 : 0);
  }
}

/** From and to the start of the line below the region. */
function changes(drawn: readonly string[], next: readonly string[]): string {
  let text = '';
  let row = drawn.length;
  for (const [index, line] of next.entries()) {
    if (line === drawn[index]) continue;
    text += `${move(index - row)}${line}${clearLine}\n`;
    row = index + 1;
  }
  text += move(next.length - row);
  if (next.length < drawn.length) text += clearBelow;
  // Keys that were pressed, Ctrl-C among them, have moved it.
  return text === '' ? '' : `\r${text}`;
}

/** Lines that stay may be wrapped by the terminal, and what is below them is then no longer where it was. */
function whole(drawn: readonly string[], next: readonly string[], above: readonly string[]): string {
  return `\r${move(-drawn.length)}${[...above, ...next].map((line) => `${line}${clearLine}\n`).join('')}${clearBelow}`;
}

/** Lines up (negative) or down; always to a line's start. */
function move(lines: number): string {
  return lines < 0 ? up(-lines) : '\n'.repeat(lines);
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}

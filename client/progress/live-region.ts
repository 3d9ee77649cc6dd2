// The last lines of a terminal, drawn anew in place: lines that are done scroll up, the others change where they are.
import { cutToColumns } from '../output/columns.js';

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
 * Between two draws the cursor is at the start of the region's first line. A window that is made narrower or wider wraps its
 * lines anew, in as many rows as it likes, but it takes the cursor along: so the region is found again, and what is below the
 * cursor can be cleared whatever has become of it.
 */
export class LiveRegion {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];
  /** `columns` and `rows` the lines were drawn for. */
  #size = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** How many lines can be drawn without the topmost leaving the screen. */
  get height(): number {
    return Math.max(this.#terminal.rows || 24, 1);
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
    const next = lines.slice(-this.height).map((line) => cutToColumns(line, this.columns - 1));
    const size = `${this.columns} ${this.height}`;
    const inPlace = above.length === 0 && size === this.#size && next.length === this.#drawn.length;
    const text = inPlace ? changes(this.#drawn, next) : whole(this.#drawn, next, above);
    this.#drawn = next;
    this.#size = size;
    if (text !== '') this.#terminal.write(text);
  }

  /** Leaves what is drawn where it is: the cursor goes to the line below, and the next draw begins there. */
  leave(): void {
    if (this.#drawn.length > 0) this.#terminal.write(`\r${'\n'.repeat(this.#drawn.length)}`);
    this.#drawn = [];
  }

  /** The lines are where they were left by others, if at all: the next draw begins at the cursor. */
  forget(): void {
    this.#drawn = [];
  }
}

function changes(drawn: readonly string[], next: readonly string[]): string {
  let text = '';
  let row = 0;
  for (const [index, line] of next.entries()) {
    if (line === drawn[index]) continue;
    text += `${text === '' ? '\r' : ''}${'\n'.repeat(index - row)}${line}${clearLine}\r`;
    row = index;
  }
  return text + up(row);
}

function whole(drawn: readonly string[], next: readonly string[], above: readonly string[]): string {
  if (drawn.length + next.length + above.length === 0) return '';
  const stays = above.map((line) => `${line}${clearLine}\n`).join('');
  return `\r${stays}${next.join(`${clearLine}\n`)}${clearBelow}\r${up(next.length - 1)}`;
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}

// The last lines of a terminal, drawn anew in place: lines that are done scroll up, the others change where they are.

/** What is needed of a terminal; `process.stderr` is one. */
export interface Terminal {
  write(text: string): unknown;
  /** Absent, or 0, where the size is not known. */
  readonly columns?: number;
  readonly rows?: number;
}

const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';

export class LiveRegion {
  readonly #terminal: Terminal;
  #drawn: readonly string[] = [];
  /** The width the lines were drawn at. After a change of it nothing on the screen can be relied upon. */
  #columns = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** How many lines can be drawn without the topmost leaving the screen. */
  get height(): number {
    return Math.max((this.#terminal.rows || 24) - 1, 1);
  }

  /**
   * Shows `lines` in place of the last ones, below `above`, which stays for good. All in one write and only what changed,
   * nothing cleared before it is written over: so nothing flickers.
   */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const columns = this.#terminal.columns || 80;
    const next = lines.slice(-this.height).map((line) => cut(line, columns));
    const kept = columns === this.#columns ? this.#drawn : [];
    const text = above.length === 0 ? changes(kept, next) : whole(kept, [...above, ...next]);
    this.#drawn = next;
    this.#columns = columns;
    if (text !== '') this.#terminal.write(text);
  }
}

/** From and to the start of the line below the region. */
function changes(kept: readonly string[], next: readonly string[]): string {
  let text = '';
  let row = kept.length;
  for (const [index, line] of next.entries()) {
    if (line === kept[index]) continue;
    text += `${move(index - row)}${line}${clearLine}\n`;
    row = index + 1;
  }
  text += move(next.length - row);
  return next.length < kept.length ? text + clearBelow : text;
}

/** Lines that stay may be wrapped by the terminal, and what is below them is then no longer where it was. */
function whole(kept: readonly string[], next: readonly string[]): string {
  return `${move(-kept.length)}${next.map((line) => `${line}${clearLine}\n`).join('')}${clearBelow}`;
}

/** Lines up (negative) or down; always to a line's start. */
function move(lines: number): string {
  if (lines === 0) return '';
  return lines < 0 ? `\x1b[${-lines}A` : '\n'.repeat(lines);
}

/** A line that wraps would shift all that are counted from it. The last column stays free: some terminals wrap there. */
function cut(line: string, columns: number): string {
  const characters = Array.from(line);
  return characters.length < columns ? line : characters.slice(0, columns - 1).join('');
}

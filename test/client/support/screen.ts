// A terminal as far as imagectl uses one: it shows what a user would see after each write.

export class Screen {
  readonly columns: number;
  readonly rows: number;
  /** Every write as it came. */
  readonly writes: string[] = [];
  /** All lines since the start; the last `rows` of them are on the screen. */
  readonly #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  readonly isTTY = true;

  write(text: string): boolean {
    this.writes.push(text);
    // oxlint-disable-next-line no-control-regex -- escape sequences are what is read
    for (const [token, count, final] of text.matchAll(/\x1b\[(\d*)([A-Z])|[^]/gu)) {
      if (final !== undefined) this.#control(final, Number(count || '1'));
      else if (token === '\n') this.#moveTo(this.#row + 1, 0);
      else if (token === '\r') this.#column = 0;
      else this.#put(token);
    }
    return true;
  }

  /** What is to be seen, and what has scrolled away above it, without blanks at the ends. */
  text(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  #control(final: string, count: number): void {
    // A cursor cannot leave the screen upwards: what has scrolled away stays.
    if (final === 'A') this.#row = Math.max(this.#row - count, this.#lines.length - this.rows, 0);
    else if (final === 'K') this.#lines[this.#row] = this.#line().slice(0, this.#column);
    else if (final === 'J') {
      this.#lines[this.#row] = this.#line().slice(0, this.#column);
      for (let row = this.#row + 1; row < this.#lines.length; row += 1) this.#lines[row] = '';
    } else throw new Error(`the screen does not know CSI ${final}`);
  }

  #put(character: string): void {
    if (this.#column === this.columns) this.#moveTo(this.#row + 1, 0);
    const line = this.#line().padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }

  #moveTo(row: number, column: number): void {
    while (this.#lines.length <= row) this.#lines.push('');
    this.#row = row;
    this.#column = column;
  }

  #line(): string {
    return this.#lines[this.#row] ?? '';
  }
}

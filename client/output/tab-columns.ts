// Columns that are as wide as the cells above and below need them, wherever a tab ends a cell.

const narrowest = 12;
const gap = 2;

/**
 * Lays out lines whose cells end with a tab. A column is as wide as its widest cell and two blanks, at least 12, for as long as
 * one line after the other has it; what stands behind the last tab of a line is in no column.
 */
export function layOutTabs(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  // A line that was begun only, because of an error: what would follow its last tab is no cell.
  const last = lines.at(-1);
  if (last?.at(-1) === '') last.pop();
  const widths = lines.map((): number[] => []);
  setWidths(lines, widths, 0, lines.length);
  return lines
    .map((cells, line) => cells.map((cell, column) => pad(cell, widths[line]?.[column] ?? 0)).join(''))
    .join('\n');
}

/** Sets the width of each column for every run of lines that have it, the first column first. */
function setWidths(
  lines: readonly (readonly string[])[],
  widths: readonly number[][],
  from: number,
  to: number,
): void {
  // The runs that are still to be split into those of the next column. No recursion: a line may have any number of tabs.
  const pending: { column: number; from: number; to: number }[] = [{ column: 0, from, to }];
  for (let run = pending.pop(); run !== undefined; run = pending.pop()) {
    const { column } = run;
    let start = run.from;
    while (start < run.to) {
      let end = start;
      let width = narrowest;
      for (; end < run.to; end += 1) {
        const cells = lines[end] ?? [];
        if (column >= cells.length - 1) break;
        width = Math.max(width, length(cells[column] ?? '') + gap);
      }
      for (let line = start; line < end; line += 1) widths[line]?.push(width);
      if (end > start) pending.push({ column: column + 1, from: start, to: end });
      start = Math.max(end, start + 1);
    }
  }
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - length(cell)));
}

function length(text: string): number {
  return Array.from(text).length;
}

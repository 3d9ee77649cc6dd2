// Tables in columns, as podman lays them out.
import { printable } from './printable.js';

const narrowest = 12;
const gap = 2;

/**
 * Lines of `rows` in columns: every column but the last is as wide as its widest cell and two blanks, and at least 12.
 * The cells become printable.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? narrowest, length(cell) + gap);
    });
  }
  const lines = cells.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0))).join(''),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** At most `width` characters, the last three of them dots if something was cut. */
export function shorten(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 3).join('')}...`;
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(width - length(cell));
}

function length(text: string): number {
  return Array.from(text).length;
}

// One line about bytes on their way, in the width there is.
import { columnsOf } from '../output/columns.js';
import { humanSize } from '../output/units.js';

export interface Amount {
  /** At most {@link labelColumns}: `Copying blob 4464c108a6cd`. */
  readonly label: string;
  /** What is left of the label where there is no room for it: at most 12 columns. */
  readonly short: string;
  readonly done: number;
  /** Undefined where nobody knows before the end. */
  readonly total: number | undefined;
  /** Bytes for each second; undefined before it can be told. */
  readonly rate: number | undefined;
}

export const labelColumns = 25;

/**
 * The fullest form that fits whatever the numbers are, so that lines do not change their form while they grow; each with the
 * columns that its longest line takes.
 */
const forms: readonly (readonly [columns: number, form: (amount: Amount) => string])[] = [
  [89, (amount) => `${amount.label} [${bar(amount, 20)}]${sizes(amount)}${speed(amount)}${left(amount)}`],
  [79, (amount) => `${amount.label} [${bar(amount, 10)}]${sizes(amount)}${speed(amount)}${left(amount)}`],
  [71, (amount) => `${amount.label}${part(amount)}${sizes(amount)}${speed(amount)}${left(amount)}`],
  [53, (amount) => `${amount.label}${part(amount)}${speed(amount)}${left(amount)}`],
  [40, (amount) => `${amount.short}${part(amount)}${speed(amount)}${left(amount)}`],
  [28, (amount) => `${amount.short}${part(amount)}${speed(amount)}`],
  [0, (amount) => `${amount.short}${part(amount)}`],
];

/** The line for a terminal of so many columns. */
export function progressLine(amount: Amount, columns: number): string {
  if (amount.total === undefined) {
    const whole = `${amount.label} ${humanSize(amount.done)}${speed(amount)}`;
    return columnsOf(whole) < columns ? whole : `${amount.short} ${humanSize(amount.done)}`;
  }
  const [, form] = forms.find(([least]) => columns >= least) ?? [0, ({ short }: Amount) => short];
  return form(amount);
}

/** ` 1 MB/s`, or nothing. */
export function speed({ rate }: Pick<Amount, 'rate'>): string {
  return rate === undefined ? '' : ` ${humanSize(Math.round(rate))}/s`;
}

function bar({ done, total = 0 }: Amount, width: number): string {
  const filled = total === 0 ? width : Math.min(Math.floor((done / total) * width), width);
  if (filled === width) return '='.repeat(width);
  return `${'='.repeat(filled)}>${'-'.repeat(width - filled - 1)}`;
}

function sizes({ done, total = 0 }: Amount): string {
  return ` ${humanSize(done)} / ${humanSize(total)}`;
}

function part({ done, total = 0 }: Amount): string {
  return ` ${total === 0 ? 100 : Math.min(Math.floor((done / total) * 100), 100)}%`;
}

/** ` 12s left` at the rate of the last seconds. */
function left({ done, total = 0, rate }: Amount): string {
  if (rate === undefined || rate <= 0 || done >= total) return '';
  const seconds = Math.ceil((total - done) / rate);
  if (seconds < 60) return ` ${seconds}s left`;
  if (seconds < 3600) return ` ${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s left`;
  const hours = Math.floor(seconds / 3600);
  return hours < 100 ? ` ${hours}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m left` : '';
}

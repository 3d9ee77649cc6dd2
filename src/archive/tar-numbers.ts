// Numbers in tar headers: octal text, GNU base-256, and the decimals of pax records.
import { TarFormatError } from './errors.js';
import type { Timestamp } from './tar-entry.js';

const NUL = 0;
const SPACE = 0x20;
const NINE_DIGITS = 9;

/** The number in a header field; 0 if the field is blank. Throws {@link TarFormatError}. */
export function headerNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  return first >= 0x80 ? base256(block, start, length) : octal(block, start, length);
}

function octal(block: Buffer, start: number, length: number): number {
  let at = start;
  let end = start + length;
  while (at < end && (block[at] === SPACE || block[at] === NUL)) at++;
  while (end > at && (block[end - 1] === SPACE || block[end - 1] === NUL)) end--;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30;
    // Some writers leave garbage behind the terminating NUL.
    if (block[at] === NUL) break;
    if (digit < 0 || digit > 7) throw new TarFormatError('a number in a header is not octal');
    value = value * 8 + digit;
  }
  return value;
}

// Two's complement, big-endian; the top bit only marks the form. Numbers past 2^53 are of no use to anybody.
function base256(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  const negative = (first & 0x40) !== 0;
  let value = negative ? (first | 0x80) - 0x100 : first & 0x3f;
  for (let i = 1; i < length; i++) {
    value = value * 256 + (block[start + i] ?? 0);
    if (!Number.isSafeInteger(value)) throw new TarFormatError('a number in a header is too large');
  }
  return value;
}

/** A whole number of a pax record. Throws {@link TarFormatError}. */
export function paxInteger(text: string): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw new TarFormatError(`a pax record has no number: ${text.slice(0, 40)}`);
  return value;
}

/** The time of a pax record, such as `1350244992.023960108` or `-1.5`; digits past nanoseconds are cut. */
export function paxTime(text: string): Timestamp {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new TarFormatError(`a pax record has no time: ${text.slice(0, 40)}`);
  const whole = Number(match[2]);
  const fraction = Number((match[3] ?? '').slice(0, NINE_DIGITS).padEnd(NINE_DIGITS, '0'));
  if (match[1] === '') return { seconds: whole, nanoseconds: fraction };
  if (fraction === 0) return { seconds: whole === 0 ? 0 : -whole, nanoseconds: 0 };
  return { seconds: -whole - 1, nanoseconds: 1e9 - fraction };
}

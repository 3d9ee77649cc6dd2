// The fields of tar headers as Go's archive/tar writes them: texts, octal numbers, sums, and the records of pax headers.
import { BLOCK_BYTES } from './tar-header.js';

export const NAME_BYTES = 100;
/** Of the second field that ustar has for a name. */
export const PREFIX_BYTES = 155;
const SUM_AT = 148;

// oxlint-disable-next-line no-control-regex -- NUL is none of them
const foreign = /[^\u0001-\u007f]/;
const allForeign = new RegExp(foreign, 'g');

/** Of a latin1 string, one character for each byte. */
export function isAscii(text: string): boolean {
  return !foreign.test(text);
}

/** Without what is not ASCII. */
export function toAscii(text: string): string {
  return isAscii(text) ? text : text.replaceAll(allForeign, '');
}

/** As much of a latin1 text as there is room for; the field is empty before. */
export function putText(bytes: Buffer, at: number, size: number, text: string): void {
  if (text.length <= size) {
    bytes.write(text, at, 'latin1');
    return;
  }
  const cut = text.slice(0, size);
  // A file must not look like a directory because its name was cut.
  bytes.write(cut.endsWith('/') ? cut.replace(/\/+$/, '') : cut, at, 'latin1');
}

/** With leading zeros and a NUL behind it: `size` bytes in all. What does not fit is 0: a pax header says it then. */
export function putOctal(bytes: Buffer, at: number, size: number, value: number): void {
  let rest = fitsInOctal(size, value) ? value : 0;
  bytes[at + size - 1] = 0;
  for (let digit = at + size - 2; digit >= at; digit--) {
    bytes[digit] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

export function fitsInOctal(size: number, value: number): boolean {
  return value >= 0 && value < 8 ** (size - 1);
}

/** The magic of the header at `start`, and its sum, when all else is there. */
export function seal(bytes: Buffer, start: number, magic: string): void {
  bytes.write(magic, start + 257, 'latin1');
  bytes.fill(' ', start + SUM_AT, start + SUM_AT + 8);
  let sum = 0;
  for (let i = start; i < start + BLOCK_BYTES; i++) sum += bytes[i] ?? 0;
  putOctal(bytes, start + SUM_AT, 7, sum);
}

/** A long name in the two fields that ustar has, with a slash between them; undefined if it does not go. */
export function splitPath(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (name.length <= NAME_BYTES || !isAscii(name)) return undefined;
  const isLonger = name.length > PREFIX_BYTES + 1;
  const length = isLonger ? PREFIX_BYTES + 1 : name.length - Number(name.endsWith('/'));
  const slash = name.lastIndexOf('/', length - 1);
  const rest = name.length - slash - 1;
  if (slash <= 0 || rest > NAME_BYTES || rest === 0) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** One record of a pax header: texts are latin1, one character for each byte. */
export function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  let length = body.length;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return `${length}${body}`;
}

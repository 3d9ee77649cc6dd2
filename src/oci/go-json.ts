// JSON as Go's encoder writes it: digests of documents that several programs make must agree.
import { isUtf8 } from 'node:buffer';

/** Compact, with `<`, `>`, `&`, U+2028 and U+2029 escaped. Keys stay in their order, also those of maps; undefined ones are left out. */
export function goJson(value: unknown): string {
  return escapedForGo(jsonOf(value));
}

// Not JSON.stringify alone: an object has keys that look like numbers before all others.
function jsonOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`;
  const fields: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  const members: string[] = [];
  for (const [key, field] of fields)
    if (field !== undefined) members.push(`${JSON.stringify(key)}:${jsonOf(field)}`);
  return `{${members.join(',')}}`;
}

const [less, greater, ampersand] = Buffer.from('<>&') as unknown as [number, number, number];
const [lead, middle, line, , , paragraph] = Buffer.from('\u2028\u2029');

/** JSON text with the characters that Go escapes in any string. */
export function escapedForGo(json: string): string {
  if (!/[<>&\u2028\u2029]/.test(json)) return json;
  // Byte by byte: replacing each of millions of characters in a string takes seconds.
  const bytes = Buffer.from(json);
  const escaped = Buffer.allocUnsafe(bytes.length * 6);
  let length = 0;
  const escape = (code: number): void => {
    escaped[length] = 0x5c;
    escaped[length + 1] = 0x75;
    for (let digit = 3; digit >= 0; digit -= 1) {
      const value = (code >> (4 * digit)) & 15;
      escaped[length + 5 - digit] = value < 10 ? 0x30 + value : 0x57 + value;
    }
    length += 6;
  };
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    const third = byte === lead && bytes[at + 1] === middle ? bytes[at + 2] : undefined;
    if (byte === less || byte === greater || byte === ampersand) escape(byte);
    else if (third !== undefined && (third === line || third === paragraph)) {
      escape(third === line ? 0x2028 : 0x2029);
      at += 2;
    } else {
      escaped[length] = byte;
      length += 1;
    }
  }
  return escaped.toString('utf8', 0, length);
}

/** The fields of an object in the order of Go's maps: by the bytes of their keys. */
export function sortedByKey<Value>(map: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  const fields = Object.entries(map);
  // UTF-16 has another order than UTF-8 only where characters beyond the first 65,536 are.
  const plain = fields.every(([key]) => !/[\ud800-\udfff]/.test(key));
  const order = (a: string, b: string): number =>
    plain ? (a < b ? -1 : 1) : Buffer.compare(Buffer.from(a), Buffer.from(b));
  return new Map(fields.toSorted(([a], [b]) => order(a, b)));
}

/**
 * RFC 3339 with nanoseconds and without trailing zeros, as Go writes a time that it has read; undefined if it could not read it.
 */
export function goTime(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null || Number.isNaN(Date.parse(text.replace(',', '.')))) return undefined;
  const [, seconds = '', fraction = '', zone = 'Z'] = match;
  const digits = fraction.slice(0, 9).replace(/0+$/, '');
  return `${seconds}${digits === '' ? '' : `.${digits}`}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}`;
}

const longestCharacter = 4;

/** A byte string (latin1, one character a byte) as text: each byte that is no part of UTF-8 becomes U+FFFD. */
export function goText(name: string): string {
  const bytes = Buffer.from(name, 'latin1');
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length;) {
    let length = 1;
    while (length <= longestCharacter && !isUtf8(bytes.subarray(at, at + length))) length += 1;
    const isCharacter = length <= longestCharacter && at + length <= bytes.length;
    text += isCharacter ? bytes.toString('utf8', at, at + length) : '\ufffd';
    at += isCharacter ? length : 1;
  }
  return text;
}

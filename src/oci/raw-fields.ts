// Fields of a JSON object as they were written: programs that pass them on keep numbers and escapes as they are.
import { escapedForGo } from './go-json.js';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openers: ReadonlySet<number> = new Set(Buffer.from('[{'));
const closers: ReadonlySet<number> = new Set(Buffer.from(']}'));
const spaces: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'));

/**
 * The fields of the object in `bytes`, or the `wanted` ones, each without white space and escaped as Go escapes what it copies.
 * What has not been parsed as JSON before gives anything.
 */
export function rawFields(bytes: Uint8Array, wanted?: ReadonlySet<string>): ReadonlyMap<string, string> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const fields = new Map<string, string>();
  let at = skipSpaces(text, 0) + 1;
  for (;;) {
    const start = skipSpaces(text, at);
    // The end of the object, or of an empty one.
    if (text.charCodeAt(start) !== quote) return fields;
    const end = endOfString(text, start);
    const key = JSON.parse(text.slice(start, end)) as string;
    const value = skipSpaces(text, end) + 1;
    at = endOfValue(text, value);
    if (wanted?.has(key) ?? true) fields.set(key, escapedForGo(compact(text.slice(value, at))));
    // Behind the comma.
    at += 1;
  }
}

/** Where the value ends that begins at `start`: at the comma or bracket behind it. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at) - 1;
    else if (openers.has(code)) depth += 1;
    else if (depth === 0 && (code === comma || closers.has(code))) return at;
    else if (closers.has(code)) depth -= 1;
  }
  return text.length;
}

function compact(text: string): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at) - 1;
    else if (spaces.has(code)) {
      if (at > start) parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.join('');
}

/** Behind the quote that closes the string at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at += 1;
  }
  return text.length;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (spaces.has(text.charCodeAt(at))) at += 1;
  return at;
}

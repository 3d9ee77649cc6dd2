// Bytes → JSON values, refusing what no honest peer sends.
import { isUtf8 } from 'node:buffer';
import { ProtocolError } from './connection-errors.js';

const quote = 0x22;
const backslash = 0x5c;
/** Bytes of a string that are looked at one by one before the rest is searched. */
const searchedAfter = 64;

/** The value in a message. Throws {@link ProtocolError} for what is not UTF-8, not JSON, or nested too deeply. */
export function decodeJson(bytes: Buffer, maxDepth = Infinity): unknown {
  const text = decodeText(bytes, maxDepth);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ProtocolError('a message is not JSON', { cause: error });
  }
}

/** The text of a message that somebody else parses. Throws {@link ProtocolError} unless it is safe to. */
export function decodeText(bytes: Buffer, maxDepth: number): string {
  if (!isUtf8(bytes)) throw new ProtocolError('a message is not UTF-8');
  if (isDeeper(bytes, maxDepth)) throw new ProtocolError(`a message is nested more than ${maxDepth} deep`);
  return bytes.toString('utf8');
}

/** Whether brackets nest deeper than allowed. Looks at nothing in a message too short for it. */
function isDeeper(bytes: Buffer, maxDepth: number): boolean {
  if (bytes.length <= maxDepth) return false;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case quote:
        i = endOfString(bytes, i + 1);
        break;
      default:
    }
  }
  return false;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(bytes: Buffer, start: number): number {
  for (let i = start; i < bytes.length;) {
    // Most strings are short: looking at a few bytes takes less than a search does.
    for (const near = i + searchedAfter; i < near; i += bytes[i] === backslash ? 2 : 1)
      if (bytes[i] === quote) return i;
    const found = bytes.indexOf(quote, i);
    if (found < 0) break;
    let escapes = found;
    while (escapes > i && bytes[escapes - 1] === backslash) escapes--;
    if ((found - escapes) % 2 === 0) return found;
    i = found + 1;
  }
  return bytes.length;
}

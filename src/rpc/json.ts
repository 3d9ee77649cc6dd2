// Bytes → JSON values, refusing what no honest peer sends.
import { isUtf8 } from 'node:buffer';
import { ProtocolError } from './connection-errors.js';

const quote = 0x22;
const backslash = 0x5c;

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
  let i = start;
  while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
  return i;
}

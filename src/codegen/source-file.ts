// Interface files as they come in: bytes of a file or of standard input → text.
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** No message of varlink is longer, and every description is sent in one. */
const maxBytes = 16 * 1024 * 1024;

/** A file that cannot be read as text. The message is to follow the file's name and a colon. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code = 'UNREADABLE_SOURCE';
}

/** The text of a file; `-` is standard input. Throws {@link SourceError}. */
export async function readSource(file: string, stdin: AsyncIterable<Buffer>): Promise<string> {
  return textOf(file === '-' ? await allOf(stdin) : bytesOf(file));
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SourceError(` ${(error as Error).message}`, { cause: error });
  }
}

async function allOf(stdin: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks);
}

/** Nothing is replaced in a text that is not UTF-8: it is refused where it begins to be wrong. */
function textOf(bytes: Buffer): string {
  if (bytes.length > maxBytes) throw new SourceError(` longer than ${maxBytes} bytes`);
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return text;
  const lines = text.slice(0, firstReplaced(text, bytes)).split(/\r\n|[\n\r\u2028\u2029]/);
  throw new SourceError(`${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}: not UTF-8`);
}

/** Where the first replacement character stands that is none in the bytes. */
function firstReplaced(text: string, bytes: Buffer): number {
  let offset = 0;
  let at = 0;
  for (;;) {
    const next = text.indexOf('\ufffd', at);
    offset += Buffer.byteLength(text.slice(at, next));
    if (bytes.readUIntBE(offset, Math.min(3, bytes.length - offset)) !== 0xefbfbd) return next;
    offset += 3;
    at = next + 1;
  }
}

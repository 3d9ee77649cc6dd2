// The head of an HTTP/1.1 response: status line and header fields (RFC 9112).

/** A parsed head; names are lower case, repeated fields keep every value in order. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** The connection may be used again after the body. */
  readonly persistent: boolean;
}

/** How the end of a body is found. */
export type BodyLength =
  | { readonly kind: 'known'; readonly length: number }
  | { readonly kind: 'chunked' | 'until-close' };

/** A peer that does not speak HTTP as agreed. */
export class HttpProtocolError extends Error {
  override readonly name = 'HttpProtocolError';
  readonly code = 'HTTP_PROTOCOL';
}

/** Bytes of a head that are read at most. */
export const maxHeadBytes = 64 * 1024;
const maxFields = 256;

const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([^\0\r\n]*))?$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*?)[ \t]*$/;

/** Parses the bytes up to, without, the empty line. Folded lines and repeated framing fields are refused: they smuggle. */
export function parseResponseHead(bytes: Buffer): ResponseHead {
  const lines = bytes.toString('latin1').split('\r\n');
  const start = statusLine.exec(lines[0] ?? '');
  if (start === null) throw new HttpProtocolError('malformed HTTP response');
  if (lines.length - 1 > maxFields) throw new HttpProtocolError(`more than ${maxFields} header fields`);
  const headers = new Map<string, string[]>();
  for (const line of lines.slice(1)) {
    const field = fieldLine.exec(line);
    if (field === null) throw new HttpProtocolError('malformed HTTP header field');
    const name = field[1]!.toLowerCase();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [field[2]!]);
    else values.push(field[2]!);
  }
  const connection = (headers.get('connection') ?? []).join(',').toLowerCase();
  const persistent = start[1] === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  return { status: Number(start[2]), statusText: start[3] ?? '', headers, persistent };
}

/** The framing of the body that follows `head` as the answer to a GET, POST or PUT (RFC 9112 §6.3). */
export function bodyLength(head: ResponseHead): BodyLength {
  if (head.status === 204 || head.status === 304) return { kind: 'known', length: 0 };
  const coding = head.headers.get('transfer-encoding');
  const lengths = head.headers.get('content-length');
  if (coding !== undefined) {
    if (coding.join(',').toLowerCase() !== 'chunked' || lengths !== undefined) {
      throw new HttpProtocolError('unsupported transfer coding');
    }
    return { kind: 'chunked' };
  }
  if (lengths === undefined) return { kind: 'until-close' };
  const [text] = lengths;
  const length = Number(text);
  if (lengths.length !== 1 || !/^[0-9]+$/.test(text!) || !Number.isSafeInteger(length)) {
    throw new HttpProtocolError('malformed Content-Length');
  }
  return { kind: 'known', length };
}

/** First value of a field, or undefined. */
export function header(head: ResponseHead, name: string): string | undefined {
  return head.headers.get(name)?.[0];
}

// What is sent on a connection that a call has taken over when nobody knows how long it will be: pieces, and a word at the end.
import { ConnectionClosedError, ProtocolError } from './connection-errors.js';
import type { RawConnection } from './raw-connection.js';

/** `d` bytes of the file, `l` a line of the log, `e` the end of a whole file, `x` the end of one that is given up. */
export type FrameKind = 'd' | 'l' | 'e' | 'x';

/** A letter, and the length as 32 bits. */
const headBytes = 5;
/** Of a text, which is held in memory. Bytes. */
const maxText = 64 * 1024;
/** Data is sent in frames of at most this size. Bytes. */
const maxData = 1024 * 1024;

/** The other side has given the file up, or cannot take it; the message is its reason. */
export class TransferRefusedError extends Error {
  override readonly name = 'TransferRefusedError';
  readonly code = 'TRANSFER_REFUSED';
}

/** A frame as it begins. Its bytes are to be read before the next one is asked for. */
export interface Frame {
  readonly kind: FrameKind;
  /** Bytes. */
  readonly length: number;
}

/** Sends a frame, data in as many as it takes. Resolves when the connection can take more. */
export async function writeFrame(
  raw: RawConnection,
  kind: FrameKind,
  bytes: Uint8Array = empty,
): Promise<void> {
  if (kind === 'd' && bytes.length === 0) return;
  for (let at = 0; at === 0 || at < bytes.length; at += maxData) {
    const piece = bytes.subarray(at, at + maxData);
    const head = Buffer.alloc(headBytes);
    head.write(kind, 'latin1');
    head.writeUInt32BE(piece.length, 1);
    // One write for what is small; copying what is large takes longer than a second write.
    if (piece.length <= 4096) {
      await raw.write(Buffer.concat([head, piece]));
    } else {
      await raw.write(head);
      await raw.write(piece);
    }
  }
}

/** The head of the next frame. Throws {@link ConnectionClosedError} when there is none, {@link ProtocolError} for what is none. */
export async function readFrame(raw: RawConnection): Promise<Frame> {
  const head = await readAll(raw, headBytes);
  const kind = head.toString('latin1', 0, 1);
  const length = head.readUInt32BE(1);
  if (!isKind(kind)) throw new ProtocolError('what was sent is no frame');
  if (kind === 'e' && length > 0) throw new ProtocolError('the end of a file has bytes');
  if ((kind === 'l' || kind === 'x') && length > maxText) throw new ProtocolError('a frame is too long');
  return { kind, length };
}

/** The text of a frame. */
export async function frameText(raw: RawConnection, { length }: Frame): Promise<string> {
  return (await readAll(raw, length)).toString();
}

/**
 * The bytes of a file that the other side sends, to its end; `onLine` gets the lines of the log between them. Throws
 * {@link TransferRefusedError} where the file is given up, and {@link ConnectionClosedError} when it just ends.
 */
export async function* readFile(
  raw: RawConnection,
  onLine?: (line: string) => void,
): AsyncGenerator<Buffer, void, void> {
  for (;;) {
    const frame = await readFrame(raw);
    if (frame.kind === 'e') return;
    if (frame.kind === 'd') {
      let left = frame.length;
      for await (const bytes of raw.read(left)) {
        left -= bytes.length;
        yield bytes;
      }
      if (left > 0) throw cutShort();
      continue;
    }
    const text = await frameText(raw, frame);
    if (frame.kind === 'x') throw new TransferRefusedError(text === '' ? 'it was given up' : text);
    if (onLine === undefined) throw new ProtocolError('a caller has no log');
    onLine(text);
  }
}

async function readAll(raw: RawConnection, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let left = length;
  for await (const bytes of raw.read(length)) {
    pieces.push(bytes);
    left -= bytes.length;
  }
  if (left > 0) throw cutShort();
  return Buffer.concat(pieces);
}

function cutShort(): ConnectionClosedError {
  return new ConnectionClosedError('the connection ended in the middle of a file');
}

function isKind(text: string): text is FrameKind {
  return text === 'd' || text === 'l' || text === 'e' || text === 'x';
}

const empty = Buffer.alloc(0);

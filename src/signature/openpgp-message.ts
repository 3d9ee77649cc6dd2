// An OpenPGP message taken apart as far as it takes to see that it is one signed document and nothing else (RFC 4880, 4.2, 11.3).
import { inflateRawSync, inflateSync } from 'node:zlib';
import { SignatureRefusedError } from './errors.js';

const tags = { signature: 2, onePass: 4, compressed: 8, literal: 11 } as const;

/** Bytes of a message once it is unzipped at most: it is a short text and a signature. */
const maxMessageBytes = 1024 * 1024;
/** Packets in it, and parts in a packet, at most. */
const maxPackets = 16;
const maxParts = 10_000;

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

/**
 * The message without compression: gpg overlooks what stands behind a compressed one. Throws {@link SignatureRefusedError}
 * unless there is one literal text in it with one signature and nothing besides.
 */
export function plainMessage(message: Buffer): Buffer {
  if (message.length > maxMessageBytes) throw invalid(`it has more than ${maxMessageBytes} bytes`);
  const packets = packetsOf(message);
  const [first] = packets;
  if (first?.tag !== tags.compressed) {
    requireOneSignature(packets);
    return message;
  }
  if (packets.length > 1) throw invalid('data behind the message');
  const plain = unzipped(first.body);
  // Nothing here can unzip it, so that gpg alone looks at what is in it.
  if (plain === undefined) return message;
  requireOneSignature(packetsOf(plain));
  return plain;
}

/** In front of the text a one-pass signature announces the signature behind it; in old messages that is in front itself. */
function requireOneSignature(packets: readonly Packet[]): void {
  const order = packets.map(({ tag }) => tag);
  const isOnly = (...expected: readonly number[]): boolean =>
    order.length === expected.length && order.every((tag, index) => tag === expected[index]);
  const { signature, onePass, literal } = tags;
  if (isOnly(onePass, literal, signature) || isOnly(signature, literal)) return;
  const count = (wanted: number): number => order.filter((tag) => tag === wanted).length;
  if (count(signature) !== 1) throw invalid(`signature count ${count(signature)}`);
  throw invalid(count(literal) === 1 ? 'unexpected packets' : `signed text count ${count(literal)}`);
}

function packetsOf(bytes: Buffer): readonly Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const { tag, body, end } = packetAt(bytes, at);
    packets.push({ tag, body });
    if (packets.length > maxPackets) throw invalid('too many packets');
    at = end;
  }
  return packets;
}

function packetAt(bytes: Buffer, at: number): Packet & { readonly end: number } {
  const header = bytes.readUInt8(at);
  if (header < 0x80) throw invalid('data behind the message');
  const found = (header & 0x40) !== 0 ? newForm(bytes, at) : oldForm(bytes, at);
  if (found.end > bytes.length) throw invalid('the message is cut off');
  return found;
}

function oldForm(bytes: Buffer, at: number): Packet & { readonly end: number } {
  const header = bytes.readUInt8(at);
  const tag = (header & 0x3c) >> 2;
  const lengthBytes = [1, 2, 4][header & 3];
  const start = at + 1 + (lengthBytes ?? 0);
  if (start > bytes.length) throw invalid('the message is cut off');
  // Without a length it goes on to the end.
  const end = lengthBytes === undefined ? bytes.length : start + bytes.readUIntBE(at + 1, lengthBytes);
  return { tag, body: bytes.subarray(start, end), end };
}

/** Its body may come in parts, each with a length of its own. */
function newForm(bytes: Buffer, at: number): Packet & { readonly end: number } {
  const tag = bytes.readUInt8(at) & 0x3f;
  const parts: Buffer[] = [];
  let start = at + 1;
  for (;;) {
    const { length, lengthBytes, partial } = newLength(bytes, start);
    start += lengthBytes;
    const end = start + length;
    parts.push(bytes.subarray(start, end));
    if (parts.length > maxParts) throw invalid('too many parts');
    if (!partial || end > bytes.length) return { tag, body: Buffer.concat(parts), end };
    start = end;
  }
}

function newLength(
  bytes: Buffer,
  at: number,
): { readonly length: number; readonly lengthBytes: number; readonly partial: boolean } {
  const first = bytes[at];
  const size = first === undefined || first < 192 ? 1 : first < 224 ? 2 : first === 255 ? 5 : 1;
  if (first === undefined || at + size > bytes.length) throw invalid('the message is cut off');
  if (first < 192) return { length: first, lengthBytes: 1, partial: false };
  if (first < 224) {
    return { length: ((first - 192) << 8) + bytes.readUInt8(at + 1) + 192, lengthBytes: 2, partial: false };
  }
  if (first === 255) return { length: bytes.readUInt32BE(at + 1), lengthBytes: 5, partial: false };
  return { length: 2 ** (first & 0x1f), lengthBytes: 1, partial: true };
}

/** Undefined for bzip2. */
function unzipped(body: Buffer): Buffer | undefined {
  const algorithm = body[0];
  const packed = body.subarray(1);
  if (algorithm === 0) return packed;
  if (algorithm === 3) return undefined;
  if (algorithm !== 1 && algorithm !== 2) throw invalid(`unknown compression ${algorithm}`);
  const { content, used } = inflated(algorithm === 1 ? inflateRawSync : inflateSync, packed);
  if (used !== packed.length) throw invalid('data behind the message');
  return content;
}

function inflated(
  inflate: typeof inflateSync,
  packed: Buffer,
): { readonly content: Buffer; readonly used: number } {
  try {
    const result = inflate(packed, { maxOutputLength: maxMessageBytes, info: true }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return { content: result.buffer, used: result.engine.bytesWritten };
  } catch (cause) {
    throw invalid(`the message cannot be unzipped: ${(cause as Error).message}`, cause);
  }
}

function invalid(reason: string, cause?: unknown): SignatureRefusedError {
  return new SignatureRefusedError(`Invalid GPG signature: ${reason}`, { cause });
}

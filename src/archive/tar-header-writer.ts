// Headers of the tars that hold images: ustar as Go writes it, the same bytes for the same member whenever it is written.
import { BLOCK_BYTES } from './tar-header.js';
import { tarType } from './tar-entry.js';

/** A member to be written; it is root's, and from 1970. */
export interface NewMember {
  /** ASCII; more than 100 bytes, here and in `linkName`, cost a pax header. */
  readonly name: string;
  readonly type: '0' | '2' | '5';
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly linkName?: string | undefined;
}

const NAME_FIELD = 100;
/** What eleven octal digits hold. */
const LARGEST_OCTAL = 8 ** 11 - 1;

/** The header, with a pax header in front for names that do not fit; a multiple of 512 bytes. */
export function tarHeader(member: NewMember): Buffer {
  const { name, linkName = '', type } = member;
  const long = Object.entries({ path: name, linkpath: linkName }).filter(
    ([, text]) => Buffer.byteLength(text) > NAME_FIELD,
  );
  if (long.length === 0) return block(member, type);
  const records = Buffer.from(long.map(([key, text]) => paxRecord(key, text)).join(''), 'latin1');
  const extension = { name: 'PaxHeaders.0/member', mode: 0, size: records.length };
  const short = { name: name.slice(0, NAME_FIELD), linkName: linkName.slice(0, NAME_FIELD) };
  return Buffer.concat([
    block(extension, tarType.paxHeader),
    records,
    Buffer.alloc(paddingAfter(records.length)),
    block({ ...member, ...short }, type),
  ]);
}

/** Zeros that follow `size` bytes of content. */
export function paddingAfter(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

function block({ name, mode, size, linkName = '' }: Omit<NewMember, 'type'>, type: string): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  bytes.write(name, 0);
  writeOctal(bytes, 100, 8, mode);
  writeOctal(bytes, 108, 8, 0);
  writeOctal(bytes, 116, 8, 0);
  writeSize(bytes, size);
  writeOctal(bytes, 136, 12, 0);
  bytes.write(type, 156);
  bytes.write(linkName, 157);
  // Numbers in binary are GNU's.
  bytes.write(size > LARGEST_OCTAL ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  writeOctal(bytes, 329, 8, 0);
  writeOctal(bytes, 337, 8, 0);
  writeSum(bytes);
  return bytes;
}

/** In binary past 8 GiB: the room for a header is taken before the size is known, so it must not grow. */
function writeSize(bytes: Buffer, size: number): void {
  if (size <= LARGEST_OCTAL) {
    writeOctal(bytes, 124, 12, size);
    return;
  }
  bytes[124] = 0x80;
  bytes.writeBigUInt64BE(BigInt(size), 128);
}

/** A number with leading zeros and a NUL behind it: `length` bytes in all. */
export function writeOctal(bytes: Buffer, at: number, length: number, value: number): void {
  let rest = value;
  bytes[at + length - 1] = 0;
  for (let digit = at + length - 2; digit >= at; digit--) {
    bytes[digit] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

/** The sum of the block at `start`, which is complete but for it. */
export function writeSum(bytes: Buffer, start = 0): void {
  bytes.fill(' ', start + 148, start + 156);
  let sum = 0;
  for (let i = start; i < start + BLOCK_BYTES; i++) sum += bytes[i] ?? 0;
  writeOctal(bytes, start + 148, 7, sum);
}

/** One record of a pax header: texts are latin1, one character for each byte. */
export function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  let length = body.length;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return `${length}${body}`;
}

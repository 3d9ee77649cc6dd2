// Headers of the tars that hold images: ustar as Go writes it, the same bytes for the same member whenever it is written.
import { NAME_BYTES, paxRecord, putOctal, seal } from './header-fields.js';
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

/** What eleven octal digits hold. */
const LARGEST_OCTAL = 8 ** 11 - 1;

/** The header, with a pax header in front for names that do not fit; a multiple of 512 bytes. */
export function tarHeader(member: NewMember): Buffer {
  const { name, linkName = '', type } = member;
  const long = Object.entries({ path: name, linkpath: linkName }).filter(
    ([, text]) => Buffer.byteLength(text) > NAME_BYTES,
  );
  if (long.length === 0) return block(member, type);
  const records = Buffer.from(long.map(([key, text]) => paxRecord(key, text)).join(''), 'latin1');
  const extension = { name: 'PaxHeaders.0/member', mode: 0, size: records.length };
  const short = { name: name.slice(0, NAME_BYTES), linkName: linkName.slice(0, NAME_BYTES) };
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
  putOctal(bytes, 100, 8, mode);
  putOctal(bytes, 108, 8, 0);
  putOctal(bytes, 116, 8, 0);
  writeSize(bytes, size);
  putOctal(bytes, 136, 12, 0);
  bytes.write(type, 156);
  bytes.write(linkName, 157);
  putOctal(bytes, 329, 8, 0);
  putOctal(bytes, 337, 8, 0);
  // Numbers in binary are GNU's.
  seal(bytes, 0, size > LARGEST_OCTAL ? 'ustar  \0' : 'ustar\x0000');
  return bytes;
}

/** In binary past 8 GiB: the room for a header is taken before the size is known, so it must not grow. */
function writeSize(bytes: Buffer, size: number): void {
  if (size <= LARGEST_OCTAL) {
    putOctal(bytes, 124, 12, size);
    return;
  }
  bytes[124] = 0x80;
  bytes.writeBigUInt64BE(BigInt(size), 128);
}

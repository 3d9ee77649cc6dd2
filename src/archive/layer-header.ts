// Headers of the members of layers, byte for byte as Go's archive/tar writes them: ustar where that can say it, else pax.
import type { FileStatus } from '../sys/files.js';
import { BLOCK_BYTES } from './tar-header.js';
import { paxRecord, paddingAfter, writeOctal, writeSum } from './tar-header-writer.js';
import { tarType, type Timestamp } from './tar-entry.js';

/** A member to be written. Texts are latin1, one character for each byte. */
export interface LayerMember {
  /** A directory's ends in a slash. */
  readonly name: string;
  /** A type flag as in tar-entry.ts. */
  readonly type: string;
  /** Its mode has the bits of the file's type, of a hard link those of what it links to. */
  readonly status: Pick<FileStatus, 'mode' | 'uid' | 'gid' | 'deviceMajor' | 'deviceMinor'>;
  /** Bytes of content that follow. */
  readonly size: number;
  readonly modified: Timestamp;
  readonly linkName: string;
  /** Without equals signs in the keys, which pax has no place for. */
  readonly attributes: readonly (readonly [key: string, value: Buffer])[];
}

type PaxField = readonly [key: string, value: string];

const NAME_FIELD = 100;
const PREFIX_FIELD = 155;
const LARGEST_SHORT = 8 ** 7 - 1;
const LARGEST_LONG = 8 ** 11 - 1;
// oxlint-disable-next-line no-control-regex -- NUL cannot be in a name
const notAscii = /[^\u0001-\u007f]/;
const allNotAscii = new RegExp(notAscii, 'g');

/** Most headers fit: a new buffer for each would cost more than what is written to it. */
const scratch = Buffer.alloc(8 * BLOCK_BYTES);

/**
 * All there is in front of the content: the header, with a pax header before it for what it has no room for. The bytes are valid
 * until the next call.
 */
export function layerHeader(member: LayerMember): Buffer {
  const fields = paxFields(member);
  const isLong = !fitsName(member.name);
  const split = isLong && fields.length === 0 ? splitName(member.name) : undefined;
  if (isLong && split === undefined) fields.push(['path', member.name]);
  if (fields.length === 0) {
    const block = emptied(BLOCK_BYTES);
    writeMain(block, 0, member, split?.rest ?? member.name);
    if (split !== undefined) block.write(split.prefix, 345, 'latin1');
    return sealed(block, 0);
  }
  const text = fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => paxRecord(key, value))
    .join('');
  const bytes = emptied(2 * BLOCK_BYTES + text.length + paddingAfter(text.length));
  writeExtension(bytes, member.name, text.length);
  sealed(bytes, 0);
  bytes.write(text, BLOCK_BYTES, 'latin1');
  const main = bytes.length - BLOCK_BYTES;
  writeMain(bytes, main, member, member.name);
  return sealed(bytes, main);
}

function emptied(length: number): Buffer {
  return length > scratch.length ? Buffer.alloc(length) : scratch.subarray(0, length).fill(0);
}

/** All but the name's. */
function paxFields({ linkName, status, size, modified, attributes }: LayerMember): PaxField[] {
  const { uid, gid } = status;
  const fields: PaxField[] = [];
  if (!fitsName(linkName)) fields.push(['linkpath', linkName]);
  if (uid > LARGEST_SHORT) fields.push(['uid', String(uid)]);
  if (gid > LARGEST_SHORT) fields.push(['gid', String(gid)]);
  if (size > LARGEST_LONG) fields.push(['size', String(size)]);
  if (modified.nanoseconds !== 0 || !fitsOctal(modified.seconds, LARGEST_LONG)) {
    fields.push(['mtime', timeText(modified)]);
  }
  for (const [key, value] of attributes) {
    fields.push([`SCHILY.xattr.${key}`, value.toString('latin1')]);
  }
  return fields;
}

function fitsName(name: string): boolean {
  return name.length <= NAME_FIELD && !notAscii.test(name);
}

/** The two fields that ustar has for a name; a slash stands between them. */
function splitName(name: string): { readonly prefix: string; readonly rest: string } | undefined {
  if (notAscii.test(name)) return undefined;
  const length = name.length > PREFIX_FIELD ? PREFIX_FIELD + 1 : name.length - Number(name.endsWith('/'));
  const slash = name.lastIndexOf('/', length - 1);
  const rest = name.slice(slash + 1);
  if (slash <= 0 || rest === '' || rest.length > NAME_FIELD) return undefined;
  return { prefix: name.slice(0, slash), rest };
}

function fitsOctal(value: number, largest: number): boolean {
  return value >= 0 && value <= largest;
}

/** Decimal seconds; before 1970 they and the nanoseconds of {@link Timestamp} count in different directions. */
function timeText({ seconds, nanoseconds }: Timestamp): string {
  if (nanoseconds === 0) return String(seconds);
  const before = seconds < 0;
  const whole = before ? -(seconds + 1) : seconds;
  const rest = before ? 1e9 - nanoseconds : nanoseconds;
  const digits = String(rest).padStart(9, '0').replace(/0+$/, '');
  return `${before ? '-' : ''}${whole}.${digits}`;
}

function writeMain(bytes: Buffer, at: number, member: LayerMember, name: string): void {
  const { mode, uid, gid, deviceMajor, deviceMinor } = member.status;
  writeName(bytes, at, name);
  number(bytes, at + 100, 8, mode, LARGEST_SHORT);
  number(bytes, at + 108, 8, uid, LARGEST_SHORT);
  number(bytes, at + 116, 8, gid, LARGEST_SHORT);
  number(bytes, at + 124, 12, member.size, LARGEST_LONG);
  number(bytes, at + 136, 12, member.modified.seconds, LARGEST_LONG);
  bytes[at + 156] = member.type.charCodeAt(0);
  if (member.linkName !== '') writeName(bytes, at + 157, member.linkName);
  number(bytes, at + 329, 8, deviceMajor, LARGEST_SHORT);
  number(bytes, at + 337, 8, deviceMinor, LARGEST_SHORT);
}

function writeExtension(bytes: Buffer, name: string, size: number): void {
  const slash = name.lastIndexOf('/') + 1;
  const file = name.slice(slash);
  const path = `${name.slice(0, slash)}PaxHeaders.0${file === '' ? '' : `/${file}`}`;
  const short = path.replaceAll(allNotAscii, '').slice(0, NAME_FIELD).replace(/\/+$/, '');
  bytes.write(short, 0, 'latin1');
  writeOctal(bytes, 100, 8, 0);
  writeOctal(bytes, 108, 8, 0);
  writeOctal(bytes, 116, 8, 0);
  writeOctal(bytes, 124, 12, size);
  writeOctal(bytes, 136, 12, 0);
  bytes[156] = tarType.paxHeader.charCodeAt(0);
}

/** What is not ASCII is left out, as the pax header has it. */
function writeName(bytes: Buffer, at: number, name: string): void {
  const short = notAscii.test(name) ? name.replaceAll(allNotAscii, '') : name;
  bytes.write(short.length > NAME_FIELD ? short.slice(0, NAME_FIELD) : short, at, 'latin1');
  // Some readers take a name that ends in a slash for a directory's.
  if (short.length > NAME_FIELD && short[NAME_FIELD - 1] === '/') {
    bytes[at + short.slice(0, NAME_FIELD - 1).replace(/\/+$/, '').length] = 0;
  }
}

/** Zero where it does not fit: the pax header says it then. */
function number(bytes: Buffer, at: number, length: number, value: number, largest: number): void {
  writeOctal(bytes, at, length, fitsOctal(value, largest) ? value : 0);
}

function sealed(bytes: Buffer, at: number): Buffer {
  bytes.write('ustar\x0000', at + 257, 'latin1');
  writeSum(bytes, at);
  return bytes;
}

// Headers of the members of layers, byte for byte as Go's archive/tar writes them: ustar where that can say it, else pax.
import type { FileStatus } from '../sys/files.js';
import {
  fitsInOctal,
  isAscii,
  NAME_BYTES,
  paxRecord,
  PREFIX_BYTES,
  putOctal,
  putText,
  seal,
  splitPath,
  toAscii,
} from './header-fields.js';
import { BLOCK_BYTES } from './tar-header.js';
import { paddingAfter } from './tar-header-writer.js';
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

const MAGIC = 'ustar\x0000';

/** Most headers fit: a new buffer for each would cost more than what is written to it. */
const scratch = Buffer.alloc(8 * BLOCK_BYTES);

/**
 * All there is in front of the content: the header, with a pax header before it for what it has no room for. The bytes are valid
 * until the next call.
 */
export function layerHeader(member: LayerMember): Buffer {
  const fields = paxFields(member);
  const isLong = !fitsName(member.name);
  const split = isLong && fields.length === 0 ? splitPath(member.name) : undefined;
  if (isLong && split === undefined) fields.push(['path', member.name]);
  if (fields.length === 0) {
    const block = emptied(BLOCK_BYTES);
    writeMain(block, 0, member, split?.name ?? member.name);
    if (split !== undefined) putText(block, 345, PREFIX_BYTES, split.prefix);
    seal(block, 0, MAGIC);
    return block;
  }
  const text = fields
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => paxRecord(key, value))
    .join('');
  const bytes = emptied(2 * BLOCK_BYTES + text.length + paddingAfter(text.length));
  writeExtension(bytes, member.name, text.length);
  seal(bytes, 0, MAGIC);
  bytes.write(text, BLOCK_BYTES, 'latin1');
  const main = bytes.length - BLOCK_BYTES;
  writeMain(bytes, main, member, member.name);
  seal(bytes, main, MAGIC);
  return bytes;
}

function emptied(length: number): Buffer {
  return length > scratch.length ? Buffer.alloc(length) : scratch.subarray(0, length).fill(0);
}

/** All but the name's. */
function paxFields({ linkName, status, size, modified, attributes }: LayerMember): PaxField[] {
  const { uid, gid } = status;
  const fields: PaxField[] = [];
  if (!fitsName(linkName)) fields.push(['linkpath', linkName]);
  if (!fitsInOctal(8, uid)) fields.push(['uid', String(uid)]);
  if (!fitsInOctal(8, gid)) fields.push(['gid', String(gid)]);
  if (!fitsInOctal(12, size)) fields.push(['size', String(size)]);
  if (modified.nanoseconds !== 0 || !fitsInOctal(12, modified.seconds)) {
    fields.push(['mtime', timeText(modified)]);
  }
  for (const [key, value] of attributes) {
    fields.push([`SCHILY.xattr.${key}`, value.toString('latin1')]);
  }
  return fields;
}

function fitsName(name: string): boolean {
  return name.length <= NAME_BYTES && isAscii(name);
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
  putText(bytes, at, NAME_BYTES, toAscii(name));
  putOctal(bytes, at + 100, 8, mode);
  putOctal(bytes, at + 108, 8, uid);
  putOctal(bytes, at + 116, 8, gid);
  putOctal(bytes, at + 124, 12, member.size);
  putOctal(bytes, at + 136, 12, member.modified.seconds);
  putText(bytes, at + 156, 1, member.type);
  if (member.linkName !== '') putText(bytes, at + 157, NAME_BYTES, toAscii(member.linkName));
  putOctal(bytes, at + 329, 8, deviceMajor);
  putOctal(bytes, at + 337, 8, deviceMinor);
}

function writeExtension(bytes: Buffer, name: string, size: number): void {
  const slash = name.lastIndexOf('/') + 1;
  const file = name.slice(slash);
  const path = `${name.slice(0, slash)}PaxHeaders.0${file === '' ? '' : `/${file}`}`;
  putText(bytes, 0, NAME_BYTES, toAscii(path).slice(0, NAME_BYTES).replace(/\/+$/, ''));
  for (const at of [100, 108, 116]) putOctal(bytes, at, 8, 0);
  putOctal(bytes, 124, 12, size);
  putOctal(bytes, 136, 12, 0);
  putText(bytes, 156, 1, tarType.paxHeader);
}

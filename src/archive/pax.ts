// Pax extended headers (POSIX.1-2001): records `length key=value\n` that override or extend the next entry.
import { TarFormatError, UnsupportedEntryError } from './errors.js';
import { paxInteger, paxTime } from './tar-numbers.js';
import type { TarEntry } from './tar-entry.js';

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const XATTR_PREFIX = 'SCHILY.xattr.';

/** One record; an empty value means "use the header's own". */
export interface PaxRecord {
  /** latin1, one character per byte. */
  readonly key: string;
  readonly value: Buffer;
}

/** The records of one extended header. The values point into `data`. Throws {@link TarFormatError}. */
export function parsePaxRecords(data: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  let at = 0;
  while (at < data.length) {
    const space = data.indexOf(SPACE, at);
    const digits = space < 0 ? '' : data.toString('latin1', at, Math.min(space, at + 12));
    if (!/^\d{1,10}$/.test(digits)) throw new TarFormatError('a pax record has no length');
    const end = at + Number(digits);
    // The shortest record is "5 k=\n": behind the length at least one byte of key, "=" and the newline.
    if (end > data.length || end < space + 4 || data[end - 1] !== NEWLINE) {
      throw new TarFormatError('a pax record has a wrong length');
    }
    const equals = data.indexOf(EQUALS, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1)
      throw new TarFormatError('a pax record has no key');
    const key = data.toString('latin1', space + 1, equals);
    const value = data.subarray(equals + 1, end - 1);
    checkNul(key, value);
    records.push({ key, value });
    at = end;
  }
  return records;
}

function checkNul(key: string, value: Buffer): void {
  const named = key === 'path' || key === 'linkpath' || key === 'uname' || key === 'gname';
  if (key.includes('\0') || (named && value.includes(0)))
    throw new TarFormatError('a pax record contains NUL');
}

/** Puts the records of an `x` header into `entry`. The last of several records with one key counts. */
export function applyPaxRecords(entry: TarEntry, records: readonly PaxRecord[]): void {
  const attributes = new Map<string, Buffer>();
  for (const { key, value } of lastOfEachKey(records)) {
    if (key.startsWith('GNU.sparse.')) throw new UnsupportedEntryError('sparse files are not supported');
    if (value.length === 0) continue;
    switch (key) {
      case 'path':
        entry.name = value.toString('latin1');
        break;
      case 'linkpath':
        entry.linkName = value.toString('latin1');
        break;
      case 'size':
        entry.size = paxInteger(value.toString('latin1'));
        break;
      case 'uid':
        entry.uid = paxInteger(value.toString('latin1'));
        break;
      case 'gid':
        entry.gid = paxInteger(value.toString('latin1'));
        break;
      case 'mtime':
        entry.modified = paxTime(value.toString('latin1'));
        break;
      case 'atime':
        entry.accessed = paxTime(value.toString('latin1'));
        break;
      default:
        // A copy: the records lie in a buffer that the next header overwrites.
        if (key.startsWith(XATTR_PREFIX)) attributes.set(key.slice(XATTR_PREFIX.length), Buffer.from(value));
    }
  }
  if (attributes.size > 0) entry.attributes = [...attributes];
}

function lastOfEachKey(records: readonly PaxRecord[]): Iterable<PaxRecord> {
  return new Map(records.map((record) => [record.key, record])).values();
}

// Headers of tars as Go's archive/tar writes them, to the byte: the peers' names for contents are digests of such tars.
import { posix } from 'node:path';
import { paddingAfter } from '../../archive/tar-header-writer.js';
import { tarType } from '../../archive/tar-entry.js';
import {
  fitsInOctal,
  isAscii,
  NAME_BYTES,
  paxRecord,
  PREFIX_BYTES,
  putOctal,
  putText,
  splitPath,
  toAscii,
} from '../../archive/header-fields.js';
import {
  fitsInBinary,
  floorSeconds,
  format,
  type GoHeader,
  numeric,
  OWNER_NAME_BYTES,
  rawHeader,
  SECOND,
  sealed,
  template,
} from './go-header-block.js';

export interface Encoded {
  /** Of whole blocks. */
  readonly bytes: Buffer;
  /** What a reader makes of them. */
  readonly header: GoHeader;
}

const HALF_SECOND = 500_000_000n;
const XATTR_PREFIX = 'SCHILY.xattr.';
const SPARSE_PREFIX = 'GNU.sparse.';
const none: ReadonlyMap<string, string> = new Map();
const basicKeys = new Set([
  'path',
  'linkpath',
  'size',
  'uid',
  'gid',
  'uname',
  'gname',
  'mtime',
  'atime',
  'ctime',
]);

/** The header as Go's tar.Writer writes it; one that it cannot write gets the form that comes closest. */
export function encodeHeader(header: GoHeader): Encoded {
  const nominal = header.format === format.unknown;
  const rounded: GoHeader = nominal
    ? {
        ...header,
        modified: header.modified === undefined ? undefined : roundToSecond(header.modified),
        accessed: undefined,
        changed: undefined,
      }
    : header;
  const { allowed, records } = allowedFormats(rounded);
  if ((allowed & format.ustar) !== 0) {
    return { bytes: ustarHeader(rounded), header: { ...rounded, records: none, format: format.ustar } };
  }
  if ((allowed & format.gnu) !== 0 && (allowed & format.pax) === 0) {
    return { bytes: gnuHeader(rounded), header: { ...rounded, records: none, format: format.gnu } };
  }
  const read = records.size === 0 ? format.ustar : format.pax;
  return { bytes: paxHeader(rounded, records), header: { ...rounded, records, format: read } };
}

/** Go's Time.Round: half a second goes up. */
export function roundToSecond(time: bigint): bigint {
  return floorSeconds(time + HALF_SECOND) * SECOND;
}

function allowedFormats(header: GoHeader): { allowed: number; records: ReadonlyMap<string, string> } {
  let allowed: number = format.ustar | format.pax | format.gnu;
  let preferPax = false;
  const records = new Map<string, string>();
  const keep = (key: string, value: string): void => {
    if (header.records.get(key) === value) records.set(key, value);
  };
  const text = (value: string, size: number, key: string): void => {
    const tooLong = value.length > size;
    const longInGnu = key === 'path' || key === 'linkpath';
    if (value.includes('\0') || (tooLong && !longInGnu)) allowed &= ~format.gnu;
    if (!isAscii(value) || tooLong) {
      if (key !== 'path' || splitPath(value) === undefined) allowed &= ~format.ustar;
      records.set(key, value);
    }
    keep(key, value);
  };
  const number = (value: number, size: number, key: string): void => {
    if (!fitsInBinary(size, value)) allowed &= ~format.gnu;
    if (!fitsInOctal(size, value)) {
      allowed &= ~format.ustar;
      if (key === '') allowed &= ~format.pax;
      else records.set(key, String(value));
    }
    if (key !== '') keep(key, String(value));
  };
  const time = (value: bigint | undefined, key: string): void => {
    if (value === undefined) return;
    const isModification = key === 'mtime';
    const fits = fitsInOctal(12, Number(floorSeconds(value)));
    if (!isModification || !fits) allowed &= ~format.ustar;
    if (!isModification || !fits || value % SECOND !== 0n) {
      preferPax = true;
      records.set(key, paxTime(value));
    }
    keep(key, paxTime(value));
  };
  text(header.name, NAME_BYTES, 'path');
  text(header.linkName, NAME_BYTES, 'linkpath');
  text(header.userName, OWNER_NAME_BYTES, 'uname');
  text(header.groupName, OWNER_NAME_BYTES, 'gname');
  number(header.mode, 8, '');
  number(header.uid, 8, 'uid');
  number(header.gid, 8, 'gid');
  number(header.size, 12, 'size');
  number(header.deviceMajor, 8, '');
  number(header.deviceMinor, 8, '');
  time(header.modified, 'mtime');
  time(header.accessed, 'atime');
  time(header.changed, 'ctime');
  const isGlobal = header.type === tarType.globalHeader;
  if (isGlobal || header.attributes.size > 0 || header.records.size > 0) allowed &= format.pax;
  for (const [key, value] of header.attributes) records.set(XATTR_PREFIX + key, value);
  for (const [key, value] of header.records) {
    if (records.has(key)) continue;
    if (isGlobal || (!basicKeys.has(key) && !key.startsWith(SPARSE_PREFIX))) records.set(key, value);
  }
  if (header.format !== format.unknown) {
    const wanted =
      (header.format & format.pax) !== 0 && !preferPax ? header.format | format.ustar : header.format;
    allowed &= wanted;
  }
  return { allowed, records };
}

function ustarHeader(header: GoHeader): Buffer {
  const split = splitPath(header.name);
  const block = template(
    split === undefined ? header : { ...header, name: split.name },
    putOctal,
    (text) => text,
  );
  if (split !== undefined) putText(block, 345, PREFIX_BYTES, split.prefix);
  return sealed(block, 'ustar\x0000');
}

function paxHeader(header: GoHeader, records: ReadonlyMap<string, string>): Buffer {
  const isGlobal = header.type === tarType.globalHeader;
  const parts: Buffer[] = [];
  if (records.size > 0 || isGlobal) {
    const data = Buffer.from(
      [...records.keys()]
        .toSorted((a, b) => (a < b ? -1 : 1))
        .map((key) => paxRecord(key, records.get(key) as string))
        .join(''),
      'latin1',
    );
    const slash = header.name.lastIndexOf('/') + 1;
    const name = isGlobal
      ? header.name || 'GlobalHead.0.0'
      : posix.join(header.name.slice(0, slash), 'PaxHeaders.0', header.name.slice(slash));
    const type = isGlobal ? tarType.globalHeader : tarType.paxHeader;
    parts.push(rawHeader(name, data.length, type, 'ustar\x0000'), padded(data));
    if (isGlobal) return Buffer.concat(parts);
  }
  parts.push(sealed(template(header, putOctal, toAscii), 'ustar\x0000'));
  return Buffer.concat(parts);
}

function gnuHeader(header: GoHeader): Buffer {
  const parts: Buffer[] = [];
  const long = (text: string, type: string): void => {
    if (text.length <= NAME_BYTES) return;
    const data = Buffer.from(`${text}\0`, 'latin1');
    parts.push(rawHeader('././@LongLink', data.length, type, 'ustar  \0'), padded(data));
  };
  long(header.name, tarType.longName);
  long(header.linkName, tarType.longLink);
  const block = template(header, numeric, (text) => text);
  if (header.accessed !== undefined) numeric(block, 345, 12, Number(floorSeconds(header.accessed)));
  if (header.changed !== undefined) numeric(block, 357, 12, Number(floorSeconds(header.changed)));
  parts.push(sealed(block, 'ustar  \0'));
  return Buffer.concat(parts);
}

function paxTime(time: bigint): string {
  const seconds = time / SECOND;
  const rest = time % SECOND;
  if (rest === 0n) return String(seconds);
  const sign = time < 0n ? '-' : '';
  const size = time < 0n ? -time : time;
  return `${sign}${size / SECOND}.${String(size % SECOND).padStart(9, '0')}`.replace(/0+$/, '');
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc(paddingAfter(data.length))]);
}

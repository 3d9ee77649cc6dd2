// Headers of an archive as Go's archive/tar reads them: with all that it writes again.
import { parsePaxRecords } from '../../archive/pax.js';
import { tarType } from '../../archive/tar-entry.js';
import { BLOCK_BYTES } from '../../archive/tar-header.js';
import { paddingAfter } from '../../archive/tar-header-writer.js';
import { headerNumber, paxInteger, paxTime } from '../../archive/tar-numbers.js';
import type { Timestamp } from '../../sys/files.js';
import { format, type GoHeader, SECOND } from './go-header-block.js';

const XATTR_PREFIX = 'SCHILY.xattr.';
const none: ReadonlyMap<string, string> = new Map();

/** What is put together from the extension headers in front of an entry. */
interface Extensions {
  formats: number;
  records: ReadonlyMap<string, string>;
  longName: string;
  longLink: string;
}

/**
 * The header in `raw`, which is all that a tar has for one entry: extension headers with their data, and the header. It has been read before and
 * is no surprise.
 */
export function readHeader(raw: Buffer): GoHeader {
  const extensions: Extensions = {
    formats: format.ustar | format.pax | format.gnu,
    records: none,
    longName: '',
    longLink: '',
  };
  for (let at = 0; ;) {
    const block = raw.subarray(at, at + BLOCK_BYTES);
    const header = readBlock(block);
    const data = raw.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + header.size);
    extensions.formats &= header.format;
    switch (header.type) {
      case tarType.paxHeader:
        extensions.formats &= format.pax;
        extensions.records = recordsOf(data);
        break;
      case tarType.longName:
        extensions.formats &= format.gnu;
        extensions.longName = untilNul(data);
        break;
      case tarType.longLink:
        extensions.formats &= format.gnu;
        extensions.longLink = untilNul(data);
        break;
      case tarType.globalHeader:
        return globalHeader(header, recordsOf(data), extensions.formats & format.pax);
      default:
        return merged(header, extensions);
    }
    at += BLOCK_BYTES + header.size + paddingAfter(header.size);
  }
}

function globalHeader(header: GoHeader, records: ReadonlyMap<string, string>, formats: number): GoHeader {
  const { name, type } = header;
  const { attributes } = withRecords(header, records);
  return { ...empty, name, type, attributes, records, format: formats };
}

function merged(header: GoHeader, { formats, records, longName, longLink }: Extensions): GoHeader {
  const whole = withRecords(header, records);
  const name = longName === '' ? whole.name : longName;
  const linkName = longLink === '' ? whole.linkName : longLink;
  const legacy = whole.type === '\0';
  const type = legacy ? (name.endsWith('/') ? tarType.directory : tarType.file) : whole.type;
  const ambiguous = (formats & format.ustar) !== 0 && (formats & format.pax) !== 0;
  return { ...whole, name, linkName, type, format: ambiguous ? formats & format.ustar : formats };
}

function withRecords(header: GoHeader, records: ReadonlyMap<string, string>): GoHeader {
  const text = (key: string, otherwise: string): string => records.get(key) || otherwise;
  const number = (key: string, otherwise: number): number => {
    const value = records.get(key);
    return value ? paxInteger(value) : otherwise;
  };
  const time = (key: string, otherwise: bigint | undefined): bigint | undefined => {
    const value = records.get(key);
    return value ? nanoseconds(paxTime(value)) : otherwise;
  };
  const attributes = new Map<string, string>();
  for (const [key, value] of records) {
    if (key.startsWith(XATTR_PREFIX) && value !== '') attributes.set(key.slice(XATTR_PREFIX.length), value);
  }
  return {
    ...header,
    name: text('path', header.name),
    linkName: text('linkpath', header.linkName),
    userName: text('uname', header.userName),
    groupName: text('gname', header.groupName),
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    size: number('size', header.size),
    modified: time('mtime', header.modified),
    accessed: time('atime', header.accessed),
    changed: time('ctime', header.changed),
    attributes,
    records,
  };
}

const empty: GoHeader = {
  type: '',
  name: '',
  linkName: '',
  size: 0,
  mode: 0,
  uid: 0,
  gid: 0,
  userName: '',
  groupName: '',
  modified: undefined,
  accessed: undefined,
  changed: undefined,
  deviceMajor: 0,
  deviceMinor: 0,
  attributes: none,
  records: none,
  format: format.unknown,
};

function readBlock(block: Buffer): GoHeader {
  const field = (at: number, size: number): number => headerNumber(block, at, size);
  const seconds = (at: number): bigint => BigInt(field(at, 12)) * SECOND;
  const header: GoHeader = {
    ...empty,
    type: block.toString('latin1', 156, 157),
    name: untilNul(block.subarray(0, 100)),
    linkName: untilNul(block.subarray(157, 257)),
    size: field(124, 12),
    mode: field(100, 8),
    uid: field(108, 8),
    gid: field(116, 8),
    modified: seconds(136),
  };
  const magic = block.toString('latin1', 257, 265);
  const isGnu = magic === 'ustar  \0';
  if (!isGnu && !magic.startsWith('ustar\0')) return header;
  const modern: GoHeader = {
    ...header,
    userName: untilNul(block.subarray(265, 297)),
    groupName: untilNul(block.subarray(297, 329)),
    deviceMajor: field(329, 8),
    deviceMinor: field(337, 8),
  };
  if (isGnu) {
    const accessed = block[345] === 0 ? undefined : seconds(345);
    const changed = block[357] === 0 ? undefined : seconds(357);
    return { ...modern, accessed, changed, format: format.gnu };
  }
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  const prefix = untilNul(block.subarray(345, 345 + (isStar ? 131 : 155)));
  const named = { ...modern, name: prefix === '' ? modern.name : `${prefix}/${modern.name}` };
  if (isStar) return { ...named, accessed: seconds(476), changed: seconds(488) };
  return { ...named, format: isStrict(block) ? format.ustar | format.pax : format.unknown };
}

/** What Go takes for properly formed: no other bytes than ASCII, and NUL behind numbers. */
function isStrict(block: Buffer): boolean {
  const ends = [107, 115, 123, 135, 147, 336, 344];
  return ends.every((at) => block[at] === 0) && block.every((byte) => byte < 0x80);
}

function recordsOf(data: Buffer): ReadonlyMap<string, string> {
  return new Map(parsePaxRecords(data).map(({ key, value }) => [key, value.toString('latin1')]));
}

function untilNul(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('latin1', 0, end < 0 ? data.length : end);
}

function nanoseconds({ seconds, nanoseconds: rest }: Timestamp): bigint {
  return BigInt(seconds) * SECOND + BigInt(rest);
}

// One 512-byte tar header: V7, ustar, star and GNU.
import { TarFormatError } from './errors.js';
import { headerNumber } from './tar-numbers.js';
import type { TarEntry, Timestamp } from './tar-entry.js';

export const BLOCK_BYTES = 512;

const noAttributes: TarEntry['attributes'] = [];

/** Whether a block is all zeros. */
export function isZeroBlock(block: Buffer, start: number): boolean {
  for (let i = start; i < start + BLOCK_BYTES; i++) if (block[i] !== 0) return false;
  return true;
}

/** Whether what starts like this can be a tar, which is to say that it has a header, or ends at once. */
export function beginsLikeTar(start: Buffer): boolean {
  if (start.length < BLOCK_BYTES) return start.length === 0;
  if (isZeroBlock(start, 0)) return true;
  try {
    checkSum(start, 0);
    return true;
  } catch {
    return false;
  }
}

/** The entry that the block at `start` begins: type and size are what their fields say. Throws {@link TarFormatError}. */
export function parseHeader(block: Buffer, start: number): TarEntry {
  checkSum(block, start);
  const format = headerFormat(block, start);
  const flag = String.fromCharCode(block[start + 156] ?? 0);
  let name = text(block, start, 100);
  let accessed: Timestamp | undefined;
  if (format === 'ustar' || format === 'star') {
    const prefix = text(block, start + 345, format === 'ustar' ? 155 : 131);
    if (prefix !== '') name = `${prefix}/${name}`;
  }
  if (format === 'gnu' && block[start + 345] !== 0) {
    accessed = { seconds: headerNumber(block, start + 345, 12), nanoseconds: 0 };
  }
  const modern = format !== 'v7';
  return {
    name,
    type: flag,
    mode: headerNumber(block, start + 100, 8) & 0o7777,
    uid: headerNumber(block, start + 108, 8),
    gid: headerNumber(block, start + 116, 8),
    size: headerNumber(block, start + 124, 12),
    linkName: text(block, start + 157, 100),
    modified: { seconds: headerNumber(block, start + 136, 12), nanoseconds: 0 },
    accessed,
    deviceMajor: modern ? headerNumber(block, start + 329, 8) : 0,
    deviceMinor: modern ? headerNumber(block, start + 337, 8) : 0,
    attributes: noAttributes,
  };
}

function headerFormat(block: Buffer, start: number): 'v7' | 'ustar' | 'star' | 'gnu' {
  const magic = block.toString('latin1', start + 257, start + 265);
  if (magic === 'ustar  \0') return 'gnu';
  if (!magic.startsWith('ustar\0')) return 'v7';
  return block.toString('latin1', start + 508, start + 512) === 'tar\0' ? 'star' : 'ustar';
}

function text(block: Buffer, start: number, length: number): string {
  const limit = start + length;
  let end = start;
  while (end < limit && block[end] !== 0) end++;
  return end === start ? '' : block.toString('latin1', start, end);
}

// POSIX sums unsigned bytes; historic tars summed signed ones. The sum's own field counts as spaces.
function checkSum(block: Buffer, start: number): void {
  const expected = headerNumber(block, start + 148, 8);
  let sum = 0;
  let high = 0;
  for (let i = start; i < start + BLOCK_BYTES; i++) {
    const byte = block[i] ?? 0;
    sum += byte;
    high += byte >>> 7;
  }
  for (let i = start + 148; i < start + 156; i++) {
    const byte = block[i] ?? 0;
    sum += 0x20 - byte;
    high -= byte >>> 7;
  }
  if (expected !== sum && expected !== sum - 256 * high) {
    throw new TarFormatError('a header has a wrong checksum');
  }
}

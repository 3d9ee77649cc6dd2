// The fields of Go's tar headers: texts, octal and binary numbers, the sum.
import { fitsInOctal, NAME_BYTES, putOctal, putText, seal, toAscii } from '../../archive/header-fields.js';
import { BLOCK_BYTES } from '../../archive/tar-header.js';

export const OWNER_NAME_BYTES = 32;
/** In nanoseconds. */
export const SECOND = 1_000_000_000n;

/** Bits: what a header can be written as. */
export const format = { unknown: 0, ustar: 1, pax: 2, gnu: 4 } as const;

/** Strings are latin1; times are nanoseconds since 1970, undefined for Go's zero time. */
export interface GoHeader {
  readonly type: string;
  readonly name: string;
  readonly linkName: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  readonly modified: bigint | undefined;
  readonly accessed: bigint | undefined;
  readonly changed: bigint | undefined;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** By their keys without prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Pax records it was read with. */
  readonly records: ReadonlyMap<string, string>;
  readonly format: number;
}

/** The beginning of the second. */
export function floorSeconds(time: bigint): bigint {
  const seconds = time / SECOND;
  return seconds * SECOND > time ? seconds - 1n : seconds;
}

/** Writes a number into a field of `size` bytes. */
export type NumberWriter = (block: Buffer, at: number, size: number, value: number) => void;

export function template(header: GoHeader, write: NumberWriter, asText: (text: string) => string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  putText(block, 0, NAME_BYTES, asText(header.name));
  write(block, 100, 8, header.mode);
  write(block, 108, 8, header.uid);
  write(block, 116, 8, header.gid);
  write(block, 124, 12, header.size);
  write(block, 136, 12, header.modified === undefined ? 0 : Number(floorSeconds(header.modified)));
  block.write(header.type, 156, 'latin1');
  putText(block, 157, NAME_BYTES, asText(header.linkName));
  putText(block, 265, OWNER_NAME_BYTES, asText(header.userName));
  putText(block, 297, OWNER_NAME_BYTES, asText(header.groupName));
  write(block, 329, 8, header.deviceMajor);
  write(block, 337, 8, header.deviceMinor);
  return block;
}

/** The header of what follows in front of another header. */
export function rawHeader(name: string, size: number, type: string, magic: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  putText(block, 0, NAME_BYTES, toAscii(name).slice(0, NAME_BYTES).replace(/\/+$/, ''));
  for (const at of [100, 108, 116]) putOctal(block, at, 8, 0);
  putOctal(block, 124, 12, size);
  putOctal(block, 136, 12, 0);
  block.write(type, 156, 'latin1');
  return sealed(block, magic);
}

export function sealed(block: Buffer, magic: string): Buffer {
  seal(block, 0, magic);
  return block;
}

export function numeric(block: Buffer, at: number, size: number, value: number): void {
  if (fitsInOctal(size, value) || !fitsInBinary(size, value)) {
    putOctal(block, at, size, value);
    return;
  }
  let rest = BigInt(value);
  for (let index = size - 1; index >= 0; index--) {
    block[at + index] = Number(BigInt.asUintN(8, rest));
    rest >>= 8n;
  }
  block[at] = (block[at] ?? 0) | 0x80;
}

export function fitsInBinary(size: number, value: number): boolean {
  return size >= 9 || (value >= -(2 ** ((size - 1) * 8)) && value < 2 ** ((size - 1) * 8));
}

// The fields of Go's tar headers: texts, octal and binary numbers, the sum.
import { BLOCK_BYTES } from '../../archive/tar-header.js';

export const NAME_BYTES = 100;
export const PREFIX_BYTES = 155;
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
  for (const at of [100, 108, 116]) octal(block, at, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  block.write(type, 156, 'latin1');
  return sealed(block, magic);
}

export function sealed(block: Buffer, magic: string): Buffer {
  block.write(magic, 257, 'latin1');
  block.fill(' ', 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  octal(block, 148, 7, sum);
  return block;
}

export function putText(block: Buffer, at: number, size: number, text: string): void {
  block.write(text.slice(0, size), at, 'latin1');
  // A file must not look like a directory because its name was cut.
  if (text.length > size && block[at + size - 1] === 0x2f) {
    block[at + text.slice(0, size).replace(/\/+$/, '').length] = 0;
  }
}

export function octal(block: Buffer, at: number, size: number, value: number): void {
  const digits = (fitsInOctal(size, value) ? value : 0).toString(8);
  block.write(`${digits.padStart(size - 1, '0')}\0`, at, 'latin1');
}

export function numeric(block: Buffer, at: number, size: number, value: number): void {
  if (fitsInOctal(size, value) || !fitsInBinary(size, value)) {
    octal(block, at, size, value);
    return;
  }
  let rest = BigInt(value);
  for (let index = size - 1; index >= 0; index--) {
    block[at + index] = Number(BigInt.asUintN(8, rest));
    rest >>= 8n;
  }
  block[at] = (block[at] ?? 0) | 0x80;
}

export function fitsInOctal(size: number, value: number): boolean {
  return value >= 0 && value < 8 ** (size - 1);
}

export function fitsInBinary(size: number, value: number): boolean {
  return size >= 9 || (value >= -(2 ** ((size - 1) * 8)) && value < 2 ** ((size - 1) * 8));
}

export function splitPath(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (name.length <= NAME_BYTES || !isAscii(name)) return undefined;
  let length = name.length;
  if (length > PREFIX_BYTES + 1) length = PREFIX_BYTES + 1;
  else if (name.endsWith('/')) length--;
  const slash = name.slice(0, length).lastIndexOf('/');
  const rest = name.length - slash - 1;
  if (slash <= 0 || rest > NAME_BYTES || rest === 0 || slash > PREFIX_BYTES) return undefined;
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isPlain(text.charCodeAt(at))) return false;
  return true;
}

export function toAscii(text: string): string {
  return isAscii(text) ? text : Array.from(text, (one) => (isPlain(one.charCodeAt(0)) ? one : '')).join('');
}

function isPlain(code: number): boolean {
  return code > 0 && code < 0x80;
}

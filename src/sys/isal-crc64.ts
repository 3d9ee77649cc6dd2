// CRC-64 of ISO 3309, by the processor's carry-less multiplication.
import { declareIsal } from './isal.js';
import type { NativeFunction } from './libc.js';

let found: NativeFunction | undefined;
let looked = false;

/**
 * The reflected CRC-64 with 0xD800000000000000, all ones before and after, as a function of the sum so far (0n before the
 * first), the bytes and how many of them; undefined where ISA-L is not installed.
 */
export function isalCrc64():
  | ((sum: bigint | number, bytes: Buffer, length: number) => bigint | number)
  | undefined {
  if (!looked)
    found = declareIsal((declare) =>
      declare('uint64_t crc64_iso_refl(uint64_t sum, const void* bytes, uint64_t length)'),
    );
  looked = true;
  return found;
}

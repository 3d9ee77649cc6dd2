// What one tar entry says, after its extension headers were applied.
import type { Timestamp } from '../sys/files.js';

export type { Timestamp };

/** The type flags of POSIX and GNU this project knows, as characters. */
export const tarType = {
  file: '0',
  hardLink: '1',
  symbolicLink: '2',
  characterDevice: '3',
  blockDevice: '4',
  directory: '5',
  fifo: '6',
  contiguous: '7',
  globalHeader: 'g',
  paxHeader: 'x',
  longLink: 'K',
  longName: 'L',
  sparse: 'S',
} as const;

/** One entry. Names are byte strings in latin1: one character per byte. */
export interface TarEntry {
  /** As in the tar, with any leading `./` and trailing `/`. */
  name: string;
  /** The type flag; NUL has become '0', or '5' if the name ends in `/`. */
  type: string;
  /** Permission and set-id bits, at most 07777. */
  mode: number;
  uid: number;
  gid: number;
  /** Content bytes that follow: 0 for all types that have none. */
  size: number;
  linkName: string;
  modified: Timestamp;
  /** Only if the tar has it. */
  accessed: Timestamp | undefined;
  deviceMajor: number;
  deviceMinor: number;
  /** The keys behind `SCHILY.xattr.` and their raw values, in the order of the tar. */
  attributes: readonly (readonly [key: string, value: Buffer])[];
}

const headerOnly = new Set('123456gx');

/** Whether entries of this type have no content, whatever their size field says. */
export function isHeaderOnly(type: string): boolean {
  return headerOnly.has(type);
}

// Lines with fields for the journal, in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).
import { existsSync } from 'node:fs';
import { DatagramSocket } from './datagram.js';

const journalAddress = '/run/systemd/journal/socket';
/** Of one value; the journal itself refuses fields much longer. Bytes. */
const longestValue = 32 * 1024;

export type JournalField = readonly [name: string, value: string];

/** Is there a journal on this host? */
export function hasJournal(): boolean {
  return existsSync(journalAddress);
}

/** The journal of this host. It never makes anybody wait. */
export class JournalSocket {
  #socket: DatagramSocket | undefined;

  /** Whether the journal has taken the line: it may be gone, or so far behind that there is no room. */
  send(fields: readonly JournalField[]): boolean {
    try {
      this.#socket ??= new DatagramSocket(journalAddress);
      this.#socket.send(Buffer.concat(fields.map(encoded)), false);
      return true;
    } catch {
      return false;
    }
  }
}

/** `NAME=value`, or where the value has several lines its name, its length in 8 bytes, and the value. */
export function encoded([name, value]: JournalField): Buffer {
  const bytes = Buffer.from(value).subarray(0, longestValue);
  if (!bytes.includes(0x0a)) return Buffer.concat([Buffer.from(`${name}=`), bytes, newline]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, newline]);
}

const newline = Buffer.from('\n');

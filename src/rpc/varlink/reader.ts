// The receiving half of a connection: messages ended by NUL, or raw bytes after an upgrade.
import type { Readable } from 'node:stream';
import type { ReaderLimits } from '../socket-reader.js';
import { SocketReader } from '../socket-reader.js';

const nul = 0;

export class Reader extends SocketReader {
  constructor(socket: Readable, limits: ReaderLimits, onBlind?: () => void) {
    super(socket, limits, nul, onBlind);
  }
}

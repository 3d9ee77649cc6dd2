// The receiving half of a connection: messages ended by NUL, or raw bytes after an upgrade.
import type { Socket } from 'node:net';
import type { ReaderLimits } from '../socket-reader.js';
import { SocketReader } from '../socket-reader.js';

const nul = 0;

export class Reader extends SocketReader {
  constructor(socket: Socket, limits: ReaderLimits, onBlind?: () => void) {
    super(socket, limits, nul, onBlind);
  }
}

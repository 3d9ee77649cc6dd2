// Telling the service manager that we are ready or stopping: a datagram to NOTIFY_SOCKET.
import { DatagramSocket } from './datagram.js';

/** Sends `state`, such as `READY=1`, to the socket at `address` (`/path` or `@abstract`). Throws SystemError. */
export function notify(address: string, state: string): void {
  const socket = new DatagramSocket(address);
  try {
    socket.send(Buffer.from(state));
  } finally {
    socket.close();
  }
}

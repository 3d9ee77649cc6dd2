// The service manager's end of NOTIFY_SOCKET: a datagram socket that collects what it is told.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { stop, Transcript } from './process.js';

// Node has no datagram unix sockets.
const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;

export interface NotifyListener {
  /** All messages so far. */
  readonly said: Transcript;
  close(): Promise<void>;
}

export async function listenForNotifications(path: string): Promise<NotifyListener> {
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = new Transcript(child.stdout);
  await once(child.stdout, 'data');
  return { said, close: () => stop(child) };
}

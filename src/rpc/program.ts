// Programs that are started to be at the other end of a connection, and stopped with it.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ProgramAddress } from './client-address.js';
import type { Link } from './connect.js';

/** How long a program may take to end when its connection has; then it is told to, and killed after as long again. */
const endTime = 2000;
/** How long what a program said last may take to arrive when it has ended: a child of it may keep the pipe open. */
const lastWordsTime = 200;
/** What is kept of what a program says; bytes. */
const keptOutput = 4096;

/**
 * How the socket, which is descriptor 3, gets to the program. The shell is replaced by it and so the process has its
 * own id: that is what LISTEN_PID must be (varlink.md §9), and nobody knows it before the process is there.
 */
const preparations = {
  descriptor: 'export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=varlink; exec "$@"',
  stdio: 'exec "$@" <&3 >&3 3<&-',
};

/** Starts the program of an address with one end of a socket pair; the other one is this side's. */
export function startProgram(address: string, { command, passing }: ProgramAddress): Link {
  const child = spawn('/bin/sh', ['-c', preparations[passing], 'sh', ...command], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const socket = child.stdio[3] as Socket;
  socket.allowHalfOpen = true;
  return { socket, ended: end(address, child, socket) };
}

/** Waits for the end of the program, and sees to it when the connection has ended. Resolves to why it was no good end. */
async function end(address: string, child: ChildProcess, socket: Socket): Promise<string> {
  let said = Buffer.alloc(0);
  child.stderr?.on('data', (bytes: Buffer) => {
    said = Buffer.concat([said, bytes]).subarray(-keptOutput);
  });
  const silent = new Promise<void>((resolve) => {
    child.stderr?.once('close', resolve);
  });
  const kills: NodeJS.Timeout[] = [];
  const stop = (): void => {
    kills.push(setTimeout(() => child.kill('SIGTERM'), endTime));
    kills.push(setTimeout(() => child.kill('SIGKILL'), 2 * endTime));
  };
  socket.once('close', stop);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    await Promise.race([silent, pause(lastWordsTime, undefined, { ref: false })]);
    if (code === 0 || child.killed) return '';
    const text = said
      .toString()
      .trim()
      .replaceAll(/\s*\n\s*/g, '; ');
    return `${address}: ${signal ?? `exit status ${code}`}${text === '' ? '' : `: ${text}`}`;
  } catch (error) {
    socket.destroy();
    return `${address}: ${(error as Error).message}`;
  } finally {
    socket.off('close', stop);
    for (const kill of kills) clearTimeout(kill);
    child.stderr?.destroy();
  }
}
